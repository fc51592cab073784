import t from 'tap';
import {
  awsError,
  badCredentials,
  invalidResponse,
  neverSent,
  statusOf,
  timedOut,
} from '../../src/aws/aws-errors.ts';
import { CAUSES, type CauseCode, CollectionError, publicCause } from '../../src/errors.ts';

interface Thrown {
  name?: string;
  message?: string;
  code?: string;
  status?: number;
}

/** An error as the SDK or a socket throws it. */
function thrown({ name = 'Error', message = 'secret words of AWS', code, status }: Thrown): Error {
  const more = { ...(code ? { code } : {}), ...(status ? { $metadata: { httpStatusCode: status } } : {}) };
  return Object.assign(new Error(message), { name }, more);
}

const TABLE: [CauseCode, ...Thrown[]][] = [
  [
    'throttled',
    ...[
      'Throttling',
      'ThrottlingException',
      'TooManyRequestsException',
      'RequestLimitExceeded',
      'SlowDown',
    ].map((name) => ({ name, status: 400 })),
    { name: 'LimitExceededException', status: 400 },
    { name: 'UnknownError', status: 429 },
  ],
  [
    'access_denied',
    { name: 'AccessDeniedException', message: 'User: arn:aws:iam::1:user/x is not authorized', status: 400 },
    { name: 'AccessDenied', status: 403 },
    { name: 'UnauthorizedOperation', status: 403 },
    ...['ExpiredToken', 'ExpiredTokenException', 'InvalidClientTokenId', 'UnrecognizedClientException'].map(
      (name) => ({ name, status: 403 }),
    ),
    {
      name: 'SignatureDoesNotMatch',
      message: 'The request signature we calculated does not match',
      status: 403,
    },
  ],
  [
    'not_enabled',
    { name: 'AccessDeniedException', message: 'User not enabled for cost explorer access', status: 400 },
    {
      name: 'AccessDeniedException',
      message: "Linked account doesn't have access to cost explorer.",
      status: 400,
    },
    { name: 'AccessDeniedException', message: 'Rightsizing is an opt-in only feature', status: 400 },
    { name: 'OptInRequired', status: 403 },
    { name: 'SubscriptionRequiredException', status: 400 },
  ],
  ['no_data', { name: 'DataUnavailableException', status: 400 }],
  ['no_credentials', { name: 'CredentialsProviderError', message: 'Could not load credentials' }],
  [
    'timeout',
    { name: 'TimeoutError', message: 'Connection timed out after 60000 ms' },
    { name: 'AbortError', message: 'Request aborted' },
    { code: 'ETIMEDOUT' },
  ],
  [
    'invalid_response',
    { name: 'SyntaxError', message: 'Unexpected token < in JSON', status: 200 },
    { name: 'SyntaxError', message: 'Unexpected end of JSON input' },
    { name: 'Error', message: 'cannot deserialize', status: 200 },
  ],
  [
    'error',
    { code: 'ECONNREFUSED' },
    { code: 'ENOTFOUND' },
    { code: 'ECONNRESET' },
    { name: 'TimeoutError', code: 'ECONNRESET', message: 'socket hang up' },
    { name: 'TimeoutError', code: 'EPIPE', message: 'write EPIPE' },
    { name: 'SyntaxError', message: 'Unexpected token < in JSON', status: 502 },
    { name: 'InternalServerException', status: 500 },
    { name: 'ServiceUnavailableException', status: 503 },
    { name: 'ValidationException', status: 400 },
    { name: 'RequestChangedException', status: 400 },
    { name: 'InvalidNextTokenException', status: 400 },
    { name: 'BillExpirationException', status: 400 },
    {
      name: 'InvalidSignatureException',
      message: 'Signature expired: 20260101 is now earlier than',
      status: 403,
    },
    { name: 'RequestTimeTooSkewed', status: 403 },
  ],
];

t.test('every error has its typed cause', async (t) => {
  for (const [code, ...errors] of TABLE) {
    for (const each of errors)
      t.equal(awsError(thrown(each), 'ce:GetCostAndUsage').code, code, JSON.stringify(each));
  }
  const tested = new Set(TABLE.map(([code]) => code));
  t.same(
    CAUSES.filter((code) => !tested.has(code)),
    // These are of the exporter's own making.
    ['not_activated', 'wrong_account', 'budget', 'not_leader'],
    'all causes of AWS are in the table',
  );
});

t.test('a cause tells what the user can do, and nothing of AWS', async (t) => {
  for (const [, ...errors] of TABLE) {
    for (const each of errors) {
      const error = awsError(
        thrown({ ...each, message: `${each.message ?? ''} arn:aws:iam::1:user/x AKIASECRET` }),
        'ce:GetCostAndUsage',
      );
      const shown = publicCause(error);
      t.same(Object.keys(shown), ['code', 'message', 'advice']);
      t.notMatch(JSON.stringify(shown), /arn:|AKIA|secret words|authorized to perform/, shown.message);
      for (const sentence of [shown.message, shown.advice]) t.match(sentence, /^[A-Z].*\.$/);
      t.ok(error.cause, 'the original is kept for the log');
    }
  }
});

t.test('what AWS refuses by name has its own words', async (t) => {
  const names = [
    'BillExpirationException',
    'InvalidNextTokenException',
    'PaginationTokenExpiredException',
    'RequestChangedException',
    'DataUnavailableException',
    'BillingViewHealthStatusException',
    'RegionDisabledException',
    'ResourceNotFoundException',
    'ValidationException',
  ];
  const messages = names.map((name) => {
    const error = awsError(thrown({ name, status: 400 }), 'ce:GetCostAndUsage');
    t.notMatch(error.message, /HTTP status/, name);
    t.match(error.advice, /^[A-Z][^.]*\.$/, `${name}: one sentence`);
    return error.message;
  });
  t.equal(new Set(messages).size, names.length, 'each its own');
  t.match(awsError(thrown({ name: 'BillExpirationException', status: 400 }), ''), {
    code: 'error',
    advice: /COST_WINDOW_DAYS/,
  });
  for (const name of ['constructor', '__proto__', 'toString']) {
    t.match(awsError(thrown({ name, status: 400 }), '').message, /HTTP status 400/, name);
  }
});

t.test('a connection that breaks within an answer is a fault of the network', async (t) => {
  for (const code of ['ECONNRESET', 'EPIPE', 'HPE_INVALID_CHUNK_SIZE', 'ERR_STREAM_PREMATURE_CLOSE']) {
    const error = awsError(thrown({ code, message: 'aborted', status: 200 }), 'ce:GetCostAndUsage');
    t.match(error, { code: 'error', message: /connection broke/, advice: /network/ }, code);
  }
  t.equal(awsError(thrown({ code: 'ETIMEDOUT', status: 200 }), '').code, 'timeout');
  t.match(awsError(thrown({ status: 503 }), ''), { message: /503/, advice: /Health/ });
});

t.test('a denial names the IAM action', async (t) => {
  for (const action of ['ce:GetCostAndUsage', 'ce:GetCostForecast']) {
    const error = awsError(thrown({ name: 'AccessDeniedException', status: 400 }), action);
    t.ok(error.message.includes(action) && error.advice.includes(action), action);
  }
  const role = awsError(thrown({ name: 'AccessDenied', status: 403 }), 'sts:AssumeRole');
  t.match(role.advice, /sts:AssumeRole.*roleArn.*trust policy.*externalId/);
  const message =
    'User: arn:aws:iam::1:user/x is not authorized to perform: sts:AssumeRole on resource: arn:x';
  const renewed = awsError(thrown({ name: 'AccessDenied', status: 403, message }), 'ce:GetCostAndUsage');
  t.match(renewed, { message: /denied sts:AssumeRole/, advice: /trust policy/ }, 'within another call');
});

t.test('typed causes go through as they are', async (t) => {
  for (const error of [invalidResponse('it lacks a day'), timedOut()]) t.equal(awsError(error, ''), error);
});

t.test('whatever was thrown gets a cause', async (t) => {
  const hostile = Object.defineProperty(new Error('x'), 'message', {
    get() {
      throw new Error('no message');
    },
  });
  const things: unknown[] = [undefined, null, 0, '', 'words', Symbol('s'), 1n, {}, [], () => {}];
  things.push(
    Object.create(null),
    { toString: null },
    hostile,
    Object.assign(new Error(), { $metadata: null }),
  );
  things.push(Object.assign(new Error(), { code: 7, name: undefined }), { $metadata: 'none', code: {} });
  for (const thing of things) {
    t.doesNotThrow(() => awsError(thing, 'ce:GetCostAndUsage'), describe(thing));
  }
});

function describe(thing: unknown): string {
  return `${typeof thing} ${Object.prototype.toString.call(thing)}`;
}

t.test('what certainly was not sent', async (t) => {
  const unsent: Thrown[] = [
    ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'].map((code) => ({ code })),
    { name: 'CredentialsProviderError' },
    {
      name: 'TimeoutError',
      message:
        'the request socket did not establish a connection with the server within the configured timeout of 5000 ms.',
    },
  ];
  const unknown: Thrown[] = [
    { code: 'ECONNRESET' },
    { code: 'EPIPE' },
    { code: 'ETIMEDOUT' },
    { name: 'TimeoutError', message: 'a request has exceeded the configured 60000 ms requestTimeout.' },
    { name: 'AbortError' },
    {},
  ];
  for (const each of unsent) t.equal(neverSent(thrown(each)), true, JSON.stringify(each));
  for (const each of unknown) t.equal(neverSent(thrown(each)), false, JSON.stringify(each));
  t.equal(neverSent(undefined), false);
});

t.test('status and refused credentials', async (t) => {
  t.equal(statusOf(thrown({ status: 503 })), 503);
  t.equal(statusOf(new Error('no answer')), undefined);
  t.equal(statusOf('no error'), undefined);
  t.ok(badCredentials(thrown({ name: 'ExpiredTokenException' })));
  t.notOk(
    badCredentials(thrown({ name: 'AccessDeniedException' })),
    'a policy is not mended by new credentials',
  );
  t.ok(awsError(thrown({ name: 'ExpiredTokenException' }), '') instanceof CollectionError);
});
