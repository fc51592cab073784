import { CollectionError } from '../errors.ts';

const THROTTLED =
  /^(Throttling|ThrottlingException|ThrottledException|TooManyRequestsException|RequestLimitExceeded|LimitExceededException|RequestThrottled|RequestThrottledException|SlowDown)$/;
const DENIED =
  /^(AccessDenied|AccessDeniedException|UnauthorizedOperation|AuthorizationError|NotAuthorized)$/;
const NO_CREDENTIALS = /^(CredentialsProviderError|TokenProviderError|ProviderError)$/;
/** Credentials that AWS knows to be wrong or over. */
const BAD_CREDENTIALS =
  /^(ExpiredToken|ExpiredTokenException|InvalidClientTokenId|UnrecognizedClientException|InvalidSignatureException|SignatureDoesNotMatch|MissingAuthenticationToken|MissingAuthenticationTokenException|IncompleteSignature|IncompleteSignatureException|InvalidAccessKeyId|RequestExpired)$/;
const CLOCK = /signature (expired|not yet current)|request has expired|RequestTimeTooSkewed/i;
const UNREACHABLE = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
]);

/** A connection that broke: the SDK calls it a timeout. */
const BROKEN = new Set(['ECONNRESET', 'EPIPE']);

const NETWORK =
  /^(E[A-Z]{4,}|ERR_(TLS|SSL|HTTP|SOCKET|STREAM)_\w+|CERT_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+|HPE_\w+)$/;

/** What else AWS refuses by name: what happened, and what the user can do. */
const REFUSALS: Readonly<Record<string, readonly [message: string, advice: string]>> = {
  BillExpirationException: [
    'AWS does not keep the bill of the days that were asked for any more.',
    'Lower COST_WINDOW_DAYS and COST_DAILY_DAYS: Cost Explorer keeps this month and the 13 before, by day.',
  ],
  InvalidNextTokenException: [
    'AWS refused the token that it had given for the next page.',
    'Wait for the next collection, which begins with the first page.',
  ],
  PaginationTokenExpiredException: [
    'The token that AWS had given for the next page has expired.',
    'Wait for the next collection, which begins with the first page.',
  ],
  RequestChangedException: [
    'AWS says that the request has changed between two pages.',
    'Wait for the next collection; if it lasts, look for a proxy that changes requests, or report it with the log line.',
  ],
  BillingViewHealthStatusException: [
    'AWS is still preparing the view of the bill that was asked for.',
    "Wait for the next collection; if it lasts, look at the account's billing views in the AWS console.",
  ],
  RegionDisabledException: [
    'AWS STS is not activated in the region that was asked.',
    'Activate it in the account settings of IAM, or set AWS_REGION to another region.',
  ],
  ResourceNotFoundException: [
    'AWS does not have what was asked for.',
    'Wait for the next collection: it may have been deleted meanwhile; if it lasts, report it with the log line.',
  ],
  ValidationException: [
    'AWS refused the request as not valid.',
    "Check AWS_REGION and this machine's clock; if they are right, report it with the log line.",
  ],
};

/** Facts of an error that the SDK or a socket threw, read without trusting its type. */
interface Facts {
  name: string;
  code: string;
  message: string;
  /** HTTP status of the answer; undefined where there was none. */
  status: number | undefined;
}

function factsOf(error: unknown): Facts {
  const metadata = read(error, '$metadata');
  const status = read(metadata, 'httpStatusCode');
  const text = (name: string) => {
    const value = read(error, name);
    return typeof value === 'string' ? value : '';
  };
  return {
    name: text('name'),
    code: text('code'),
    message: text('message'),
    status: typeof status === 'number' ? status : undefined,
  };
}

/** A member of whatever was thrown; even a getter that throws is survived. */
function read(thrown: unknown, name: string): unknown {
  try {
    return typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, name) : undefined;
  } catch {
    return undefined;
  }
}

/** HTTP status of the answer behind an SDK error; undefined where no answer came. */
export function statusOf(error: unknown): number | undefined {
  return factsOf(error).status;
}

/** The request has certainly not reached AWS: it costs nothing. */
export function neverSent(error: unknown): boolean {
  const { name, code, message } = factsOf(error);
  if (NO_CREDENTIALS.test(name) || UNREACHABLE.has(code)) return true;
  return name === 'TimeoutError' && /establish a connection|connection timed out/i.test(message);
}

/** The credentials themselves were refused, so that cached ones must be resolved anew. */
export function badCredentials(error: unknown): boolean {
  const thrown = error instanceof CollectionError ? error.cause : error;
  return BAD_CREDENTIALS.test(factsOf(thrown).name);
}

/**
 * The typed cause of whatever an AWS call threw.
 *
 * @param action - IAM action that the call needs, e.g. `ce:GetCostAndUsage`.
 */
export function awsError(error: unknown, action: string): CollectionError {
  if (error instanceof CollectionError) return error;
  const { name, code, message, status } = factsOf(error);
  const options = { cause: error };
  if (NO_CREDENTIALS.test(name)) {
    return new CollectionError(
      'no_credentials',
      'No AWS credentials were found.',
      'Give the process credentials: a role (IRSA, EKS Pod Identity, an instance profile) or the environment variables of the AWS SDK.',
      options,
    );
  }
  if (DENIED.test(name)) return denied(message, action, options);
  if (/^(OptInRequired|OptInRequiredException|SubscriptionRequiredException)$/.test(name))
    return notEnabled(options);
  if (THROTTLED.test(name) || status === 429) {
    return new CollectionError(
      'throttled',
      'AWS throttled the request, and every retry of it.',
      'Wait for the next collection; if it lasts, raise the interval or find out who else asks AWS in this account.',
      options,
    );
  }
  if (name === 'DataUnavailableException') {
    return new CollectionError(
      'no_data',
      'AWS has no data for this yet.',
      'Nothing to do: a new account has figures after about a day, a forecast after some weeks.',
      options,
    );
  }
  if (CLOCK.test(`${name} ${message}`)) {
    return new CollectionError(
      'error',
      "AWS refused the signature's time.",
      "Set this machine's clock: it differs from AWS's by more than some minutes.",
      options,
    );
  }
  if (BAD_CREDENTIALS.test(name)) {
    return new CollectionError(
      'access_denied',
      'AWS refused the credentials: they are wrong, expired or of another partition.',
      'Renew the credentials; they are resolved anew at the next attempt.',
      options,
    );
  }
  if (
    name === 'AbortError' ||
    (name === 'TimeoutError' && !BROKEN.has(code)) ||
    code === 'ETIMEDOUT' ||
    code === 'ESOCKETTIMEDOUT'
  ) {
    return timedOut(options);
  }
  const refusal = Object.hasOwn(REFUSALS, name) ? REFUSALS[name] : undefined;
  if (refusal !== undefined) return new CollectionError('error', ...refusal, options);
  // The head of the answer had come, its status with it.
  if (status !== undefined && NETWORK.test(code)) {
    return new CollectionError(
      'error',
      'The connection broke in the middle of the answer.',
      'Wait for the next collection; if it lasts, check the network and the proxy.',
      options,
    );
  }
  if (name === 'AnswerTooLarge') return invalidResponse('it is far larger than any that AWS gives', options);
  // What stands between here and AWS sends pages of its own with its errors: the status says more than that they are no JSON.
  if (status === undefined ? name === 'SyntaxError' : status < 300) {
    return invalidResponse('the answer could not be read', options);
  }
  if (status === undefined && !NETWORK.test(code)) {
    return new CollectionError(
      'error',
      'The collection failed for a reason of its own.',
      'Wait for the next collection; if it lasts, report it with the log line.',
      options,
    );
  }
  if (status !== undefined && status >= 500) {
    return new CollectionError(
      'error',
      `AWS failed, with HTTP status ${status}, and at every retry.`,
      'Wait for the next collection; if it lasts, look at the AWS Health Dashboard.',
      options,
    );
  }
  return new CollectionError(
    'error',
    status === undefined
      ? 'The request did not get an answer from AWS.'
      : `AWS answered with HTTP status ${status}.`,
    status === undefined
      ? 'Check the network, HTTPS_PROXY and AWS_ENDPOINT_URL; the log has the reason.'
      : 'Wait for the next collection; the log has the reason that AWS gave.',
    options,
  );
}

/** An answer that is not what AWS documents. */
export function invalidResponse(what: string, options?: ErrorOptions): CollectionError {
  return new CollectionError(
    'invalid_response',
    `AWS's answer was refused: ${what}.`,
    'Wait for the next collection; if it lasts, report it with the log line.',
    options,
  );
}

/** A collection or a call that took too long. */
export function timedOut(options?: ErrorOptions): CollectionError {
  return new CollectionError(
    'timeout',
    'AWS did not answer in time.',
    'Wait for the next collection; check the network and the proxy if it lasts.',
    options,
  );
}

function denied(message: string, asked: string, options: ErrorOptions): CollectionError {
  // A role's credentials are renewed within whatever call comes first: it is not that call which was denied.
  const action = /not authorized to perform: sts:AssumeRole\b/i.test(message) ? 'sts:AssumeRole' : asked;
  if (/not enabled for cost explorer/i.test(message)) return notEnabled(options);
  // The hub says so of every call but ListEnrollmentStatuses.
  if (/not enrolled/i.test(message)) return notEnrolled(options);
  if (/linked account/i.test(message)) {
    return new CollectionError(
      'not_enabled',
      'The payer has switched off Cost Explorer for linked accounts.',
      "Switch on linked account access in the payer account's Cost Management preferences, or use the payer's credentials.",
      options,
    );
  }
  if (/opt-in only/i.test(message)) {
    return new CollectionError(
      'not_enabled',
      'The payer has not opted in to this feature of Cost Explorer.',
      "Switch it on in the payer account's Cost Management preferences.",
      options,
    );
  }
  return new CollectionError(
    'access_denied',
    `AWS denied ${action}.`,
    action === 'sts:AssumeRole'
      ? "Allow sts:AssumeRole on the target's roleArn to this process's identity, and let the role's trust policy name that identity and the externalId."
      : `Allow the IAM action ${action} to the credentials of this target.`,
    options,
  );
}

/** The account has no Cost Optimization Hub. */
export function notEnrolled(options?: ErrorOptions): CollectionError {
  return new CollectionError(
    'not_enabled',
    'The account is not enrolled in the Cost Optimization Hub.',
    'Enrol it: Billing and Cost Management, Cost Optimization Hub, Enable; it is free, and recommendations come within a day.',
    options,
  );
}

function notEnabled(options: ErrorOptions): CollectionError {
  return new CollectionError(
    'not_enabled',
    'Cost Explorer is not enabled in this account.',
    'Open Cost Explorer once in the AWS console (Billing and Cost Management) as the payer; data arrives within a day.',
    options,
  );
}
