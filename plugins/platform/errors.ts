import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Static, Type } from '@sinclair/typebox';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { FastifySchemaValidationError } from 'fastify/types/schema.js';
import fp from 'fastify-plugin';
import { HEADERS } from './headers.ts';

/** The one body of every error. */
export const ErrorBody = Type.Object(
  {
    statusCode: Type.Integer({ description: 'HTTP status code.', examples: [404] }),
    code: Type.String({
      description: 'What went wrong, in one stable word: for a 503 the cause as `/ready` names it.',
      examples: ['unknown_target'],
    }),
    error: Type.String({ description: 'Name of the HTTP status.', examples: ['Not Found'] }),
    message: Type.String({
      description: 'One or two sentences for a person: what happened and what to do.',
      examples: ['There is no target "staging". Targets: default.'],
    }),
  },
  { description: 'The body of every error.' },
);

export type ErrorBody = Static<typeof ErrorBody>;

/** An answer other than 200, with the one error body. */
export function sendError(
  reply: FastifyReply,
  statusCode: number,
  code: string,
  message: string,
): FastifyReply {
  const error = STATUS_CODES[statusCode] ?? 'Error';
  return reply
    .code(statusCode)
    .type('application/json; charset=utf-8')
    .send({ statusCode, code, error, message });
}

/** A request that is not answered, for a reason that is the client's to know: no failure of ours. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly statusCode: number;
  readonly code: string;
  /** When to ask again. */
  readonly retryAfterSeconds: number | undefined;

  constructor(statusCode: number, code: string, message: string, retryAfterSeconds?: number) {
    super(message);
    this.statusCode = statusCode;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Every error of an app in one shape, and 405 with `Allow` for another method on a known route. */
export default fp(
  async function errorsPlugin(fastify) {
    fastify.setErrorHandler(handleError);
    const known: RegExp[] = [];
    const notFound = ({ url, method }: FastifyRequest, reply: FastifyReply) => {
      const [path = ''] = url.split('?');
      if (method !== 'GET' && method !== 'HEAD' && known.some((pattern) => pattern.test(path)))
        return refuseMethod(reply);
      // HEAD announces what GET would be answered.
      const asked = method === 'HEAD' ? 'GET' : method;
      return sendError(reply, 404, 'not_found', `There is no ${asked} ${path} here.`);
    };
    fastify.setNotFoundHandler(notFound);
    fastify.server.on('checkExpectation', refuseExpectation);
    // With a callback: a promise for each request is felt in the time of an answer from memory.
    fastify.addHook('onRequest', (request, reply, done) => {
      noteLatest(request.raw, reply.raw);
      if (request.raw.httpVersion === '1.1' && request.headers.host === undefined) {
        reply.header('connection', 'close');
        sendError(reply, 400, 'bad_request', 'HTTP/1.1 wants a Host header.');
      } else if (hasLargeBody(request)) {
        reply.header('connection', 'close');
        sendError(reply, 413, 'bad_request', 'No request here has a body.');
      } else if (request.is404) {
        // Before the body is looked at, as in `refuseOtherMethods`.
        notFound(request, reply);
      } else {
        // Of a body that does not say how long it is nothing is read: the connection ends with the answer.
        if (request.headers['transfer-encoding'] !== undefined) reply.header('connection', 'close');
        done();
      }
    });
    fastify.addHook('onRoute', (route) => {
      if ([route.method].flat().includes('GET')) known.push(patternOf(route.url));
      if (route.method === 'HEAD') route.onSend = [...[route.onSend ?? []].flat(), withoutLength];
    });
    refuseOtherMethods(fastify);
  },
  { name: 'errors', fastify: '5.x' },
);

/** Answers an error in the one shape; the text of a failure of ours goes to the log alone. */
export function handleError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof Refusal) {
    if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds));
    return sendError(reply, error.statusCode, error.code, error.message);
  }
  const statusCode = error.statusCode !== undefined && error.statusCode >= 400 ? error.statusCode : 500;
  if (statusCode >= 500) {
    request.log.error({ err: error }, 'a request failed');
    return sendError(reply, statusCode, 'internal_error', 'The request failed; the log has the reason.');
  }
  const code = error.validation ? 'bad_parameter' : 'bad_request';
  return sendError(reply, statusCode, code, error.message);
}

/** Whether a body comes with GET or HEAD that is larger than any may be; other methods are refused whatever comes with them. */
function hasLargeBody({ method, headers, server }: FastifyRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  return Number(headers['content-length'] ?? 0) > (server.initialConfig.bodyLimit ?? 0);
}

/** Answers a path that is none (`/%zz`). No hook has seen the request: what they do for every other one is done here. */
export function refusePath(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(HEADERS);
  if (!request.server.refuseTooMany?.(request, reply)) handleError(error, request, reply);
}

/** The paths of a route: `/cost/tags/:key`, `/docs/static/*`. */
function patternOf(url: string): RegExp {
  const source = url
    .replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll(/:\w+/g, '[^/]+');
  return new RegExp(`^${source}$`);
}

/** A 304 has no body, so that the 0 that Fastify makes of it for HEAD is not the length of what GET would be answered. */
async function withoutLength(
  _request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<unknown> {
  if (reply.statusCode === 304) reply.removeHeader('content-length');
  return payload;
}

function refuseMethod(reply: FastifyReply): FastifyReply {
  reply.header('allow', 'GET, HEAD');
  return sendError(reply, 405, 'method_not_allowed', 'Only GET and HEAD are answered here.');
}

/** Answers an `Expect` that nobody can meet; Node's own answer has no body. */
function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const body: ErrorBody = {
    statusCode: 417,
    code: 'bad_request',
    error: 'Expectation Failed',
    message: 'The expectation in the Expect header cannot be met.',
  };
  const text = JSON.stringify(body);
  response
    .writeHead(417, {
      ...HEADERS,
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    })
    .end(text);
}

/** Names the parameter that is unknown or wrong, and what would be right. */
export function parameterError(errors: readonly FastifySchemaValidationError[], part: string): Error {
  const [first] = errors;
  const unknown = first?.params.additionalProperty;
  if (typeof unknown === 'string') return new Error(`There is no parameter ${JSON.stringify(unknown)} here.`);
  const name = first?.instancePath.slice(1) || part;
  return new Error(`The parameter ${JSON.stringify(name)} ${first?.message ?? 'is wrong'}.`);
}

/** The request that a connection is at. */
const latest = new WeakMap<object, { request: IncomingMessage; response: ServerResponse }>();

/** One entry for each connection: to set one for each request would be felt in the time of an answer. */
function noteLatest(request: IncomingMessage, response: ServerResponse): void {
  const at = latest.get(request.socket);
  if (at === undefined) latest.set(request.socket, { request, response });
  else [at.request, at.response] = [request, response];
}

/** Answers what is not HTTP, in the one shape, and ends the connection. */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  const current = latest.get(socket);
  // Its head was good, and has its answer: a second one would be taken for that of another request.
  if (current?.request.complete === false && current.response.headersSent) {
    socket.destroySoon();
    return;
  }
  // What failed in the handshake cannot be answered through it.
  if (/^ERR_(SSL|TLS)_/.test(error.code ?? '')) {
    socket.destroy();
    return;
  }
  const [statusCode, status, code, message] =
    error.code === 'HPE_INVALID_METHOD' && isRequest(error)
      ? [501, 'Not Implemented', 'method_not_allowed', 'Only GET and HEAD are answered here.']
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? [431, 'Request Header Fields Too Large']
        : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
          ? [408, 'Request Timeout']
          : [400, 'Bad Request'];
  const body = JSON.stringify({
    statusCode,
    code: code ?? 'bad_request',
    error: status,
    message: message ?? 'The request is not valid HTTP.',
  });
  const headers = {
    ...HEADERS,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${statusCode} ${status}\r\n${lines.join('')}\r\n${body}`);
}

/** Whether it is a request, but for a method that Node's parser does not know. */
function isRequest(error: object): boolean {
  const packet =
    'rawPacket' in error && error.rawPacket instanceof Buffer ? error.rawPacket : Buffer.alloc(0);
  return /^[\w!#$%&'*+.^`|~-]+ \S+ HTTP\/1\.[01]\r?\n/.test(packet.toString('latin1', 0, 16_384));
}

const OTHER_METHODS: HTTPMethods[] = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'];

/** Every route of this program is read-only: each GET route gets a twin that refuses all other methods. */
function refuseOtherMethods(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', function refuse(route) {
    if (route.method !== 'GET' || fastify.hasRoute({ method: 'POST', url: route.url })) return;
    fastify.route({
      method: OTHER_METHODS,
      url: route.url,
      schema: { hide: true },
      exposeHeadRoute: false,
      // Before the body is looked at: an unknown content type is no reason to answer 415.
      onRequest: async (_request, reply) => refuseMethod(reply),
      handler: async () => undefined,
    });
  });
}
