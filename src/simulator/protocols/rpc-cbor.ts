import { cbor } from '@smithy/core/cbor';
import { AwsError } from '../errors.ts';
import { isObject, type JsonObject } from '../input.ts';
import type { Protocol, WireAnswer } from '../service.ts';

const PATH = /^\/service\/([^/]+)\/operation\/([^/]+)$/;

/** Without what CBOR would carry as "undefined". */
function defined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(defined);
  if (!isObject(value)) return value;
  const fields = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(fields.map(([name, item]) => [name, defined(item)]));
}

function answer(status: number, body: JsonObject, requestId: string): WireAnswer {
  return {
    status,
    headers: {
      'content-type': 'application/cbor',
      'smithy-protocol': 'rpc-v2-cbor',
      'x-amzn-requestid': requestId,
    },
    body: cbor.serialize(defined(body)),
  };
}

/**
 * AWS's binary protocol, which newer SDKs prefer for some services.
 * Source: https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html.
 */
export const rpcCborProtocol: Protocol = {
  operationOf(request, service) {
    if (request.headers['smithy-protocol'] !== 'rpc-v2-cbor') return undefined;
    const [, name, operation] = PATH.exec(request.path) ?? [];
    return name === service.namespace ? operation : undefined;
  },

  read(request) {
    let body: unknown;
    try {
      body = request.body.length === 0 ? {} : cbor.deserialize(request.body);
    } catch {
      throw new AwsError('SerializationException', 'The request body is not CBOR');
    }
    if (!isObject(body)) throw new AwsError('SerializationException', 'The request body is not a map');
    return body;
  },

  write: (output, _operation, _service, requestId) => answer(200, output, requestId),

  writeError: (error, _service, requestId) =>
    answer(error.status, { __type: error.type, message: error.message }, requestId),
};
