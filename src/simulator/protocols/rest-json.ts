import { AwsError, validationError } from '../errors.ts';
import { isObject, type JsonObject } from '../input.ts';
import type { Protocol } from '../service.ts';
import type { WireAnswer, WireRequest } from '../wire.ts';

/** How a parameter in a query string is to be read. */
export type QueryType = 'string' | 'integer' | 'boolean';

/** Where an operation is found and what of its input the URL holds. */
export interface Route {
  readonly operation: string;
  readonly method: string;
  /** Path with `{Member}` for whole segments. */
  readonly path: string;
  readonly query?: Readonly<Record<string, QueryType>>;
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function matchPath(template: string, path: string): Record<string, string> | undefined {
  const [wanted, sent] = [template.split('/'), path.split('/')];
  if (wanted.length !== sent.length) return undefined;
  const labels: Record<string, string> = {};
  for (const [i, segment] of wanted.entries()) {
    const text = sent[i] ?? '';
    if (segment.startsWith('{')) {
      const label = decoded(text);
      if (label === undefined) return undefined;
      labels[segment.slice(1, -1)] = label;
    } else if (segment !== text) return undefined;
  }
  return labels;
}

function readValue(name: string, text: string, type: QueryType): unknown {
  if (type === 'integer' && /^-?\d+$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  if (type === 'string') return text;
  throw new AwsError('ValidationException', `Query parameter ${name}: '${text}' is no ${type}`);
}

function readQuery({ query }: WireRequest, types: Readonly<Record<string, QueryType>>): JsonObject {
  const values: JsonObject = {};
  for (const [name, text] of new URLSearchParams(query)) {
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    if (type === undefined) throw validationError(`Unknown query parameter '${name}'`);
    if (Object.hasOwn(values, name)) throw validationError(`Query parameter '${name}' is there twice`);
    values[name] = readValue(name, text, type);
  }
  return values;
}

function readBody({ body }: WireRequest): JsonObject {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new AwsError('SerializationException', 'The request body is not JSON');
  }
  if (!isObject(value)) throw new AwsError('SerializationException', 'The request body is not an object');
  return value;
}

/**
 * AWS's REST protocol with JSON bodies: the operation is told by method and path.
 * Source: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html.
 */
export function restJsonProtocol(routes: readonly Route[]): Protocol {
  function find(request: WireRequest) {
    for (const route of routes) {
      const labels = route.method === request.method ? matchPath(route.path, request.path) : undefined;
      if (labels !== undefined) return { route, labels };
    }
    return undefined;
  }

  function answer(status: number, body: JsonObject, requestId: string, errorType?: string): WireAnswer {
    const headers = { 'content-type': 'application/json', 'x-amzn-requestid': requestId };
    return {
      status,
      headers: errorType === undefined ? headers : { ...headers, 'x-amzn-errortype': errorType },
      body: JSON.stringify(body),
    };
  }

  return {
    operationOf: (request) => find(request)?.route.operation,

    read(request) {
      const found = find(request);
      return { ...readBody(request), ...readQuery(request, found?.route.query ?? {}), ...found?.labels };
    },

    write: (output, _operation, _service, requestId) => answer(200, output, requestId),

    writeError: (error, _service, requestId) =>
      answer(error.status, { Message: error.message }, requestId, error.type),
  };
}
