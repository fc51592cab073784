import { AwsError } from '../errors.ts';
import { isObject, type JsonObject } from '../input.ts';
import type { Protocol } from '../service.ts';
import type { WireAnswer } from '../wire.ts';

/**
 * AWS's JSON protocols: `POST /` with the operation in `x-amz-target`.
 * Source: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html.
 */
export function jsonProtocol(version: '1.0' | '1.1'): Protocol {
  const contentType = `application/x-amz-json-${version}`;

  function answer(status: number, body: JsonObject, requestId: string, errorType?: string): WireAnswer {
    const headers = { 'content-type': contentType, 'x-amzn-requestid': requestId };
    return {
      status,
      headers: errorType === undefined ? headers : { ...headers, 'x-amzn-errortype': errorType },
      body: JSON.stringify(body),
    };
  }

  return {
    operationOf(request, service) {
      const [prefix, name] = (request.headers['x-amz-target'] ?? '').split('.');
      return prefix === service.namespace ? name : undefined;
    },

    read(request) {
      const sent = request.headers['content-type']?.split(';')[0];
      if (sent !== contentType) {
        throw new AwsError('SerializationException', `Content type '${sent ?? ''}' is not ${contentType}`);
      }
      let body: unknown;
      try {
        body = JSON.parse(request.body.toString('utf8') || '{}');
      } catch {
        throw new AwsError('SerializationException', 'The request body is not JSON');
      }
      if (!isObject(body)) throw new AwsError('SerializationException', 'The request body is not an object');
      return body;
    },

    write: (output, _operation, _service, requestId) => answer(200, output, requestId),

    writeError: (error, _service, requestId) =>
      answer(error.status, { __type: error.type, message: error.message }, requestId, error.type),
  };
}
