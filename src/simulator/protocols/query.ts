import type { AwsError } from '../errors.ts';
import { isObject, type JsonObject } from '../input.ts';
import type { Protocol } from '../service.ts';
import type { WireAnswer } from '../wire.ts';

/** The codes that the query protocol has for errors that the JSON protocols name otherwise, and their status. */
const CODES: Readonly<Record<string, readonly [code: string, status: number]>> = {
  AccessDeniedException: ['AccessDenied', 403],
  ExpiredTokenException: ['ExpiredToken', 403],
  InternalServerException: ['InternalFailure', 500],
  InvalidSignatureException: ['SignatureDoesNotMatch', 403],
  MissingAuthenticationTokenException: ['MissingAuthenticationToken', 403],
  ServiceUnavailableException: ['ServiceUnavailable', 503],
  ThrottlingException: ['Throttling', 400],
  UnknownOperationException: ['InvalidAction', 400],
  UnrecognizedClientException: ['InvalidClientTokenId', 403],
  ValidationException: ['ValidationError', 400],
};

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}

/** Writes an object as elements, in its order; undefined values are left out. */
function elements(value: JsonObject): string {
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([name, item]) => `<${name}>${isObject(item) ? elements(item) : escapeXml(String(item))}</${name}>`)
    .join('');
}

function answer(
  status: number,
  root: string,
  namespace: string,
  content: JsonObject,
  id: string,
): WireAnswer {
  return {
    status,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': id },
    body: `<${root} xmlns="${namespace}">${elements(content)}</${root}>`,
  };
}

/**
 * AWS's query protocol: a form with `Action` and `Version`, answered in XML.
 * Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html.
 */
export const queryProtocol: Protocol = {
  operationOf(request, service) {
    const type = request.headers['content-type'] ?? '';
    if (!type.startsWith('application/x-www-form-urlencoded')) return undefined;
    const form = new URLSearchParams(request.body.toString('utf8'));
    if (!service.namespace.endsWith(`/${form.get('Version')}/`)) return undefined;
    return form.get('Action') ?? undefined;
  },

  read(request) {
    const {
      Action: _action,
      Version: _version,
      ...parameters
    } = Object.fromEntries(new URLSearchParams(request.body.toString('utf8')));
    return parameters;
  },

  write: (output, operation, service, requestId) =>
    answer(
      200,
      `${operation}Response`,
      service.namespace,
      { [`${operation}Result`]: output, ResponseMetadata: { RequestId: requestId } },
      requestId,
    ),

  writeError(error: AwsError, service, requestId) {
    const [code, status] = CODES[error.type] ?? [error.type, error.status];
    const type = status >= 500 ? 'Receiver' : 'Sender';
    return answer(
      status,
      'ErrorResponse',
      service.namespace,
      { Error: { Type: type, Code: code, Message: error.message }, RequestId: requestId },
      requestId,
    );
  },
};
