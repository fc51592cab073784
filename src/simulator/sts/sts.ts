import { AwsError, constraintError } from '../errors.ts';
import { type JsonObject, readObject, readOptionalString, readString } from '../input.ts';
import { queryProtocol } from '../protocols/query.ts';
import type { Operation, Service } from '../service.ts';

const LONGEST_CHAINED_SESSION = 3600;
const ASSUME_ROLE_FIELDS = ['RoleArn', 'RoleSessionName', 'ExternalId', 'DurationSeconds'];

const getCallerIdentity: Operation = {
  name: 'GetCallerIdentity',
  handle(input, { caller }) {
    readObject(input, 'getCallerIdentityRequest', []);
    return { Arn: caller.arn, UserId: caller.userId, Account: caller.accountId };
  },
};

function readPattern(input: JsonObject, field: string, pattern: RegExp, path: string): string {
  const text = readString(input[field], path);
  if (!pattern.test(text)) {
    throw constraintError(text, path, `Member must satisfy regular expression pattern: ${pattern.source}`);
  }
  return text;
}

function readSeconds(input: JsonObject, chained: boolean): number {
  const seconds = Number(readOptionalString(input.DurationSeconds, 'durationSeconds') ?? 3600);
  if (!Number.isInteger(seconds) || seconds < 900 || seconds > 43_200) {
    throw constraintError(seconds, 'durationSeconds', 'Member must have value between 900 and 43200');
  }
  if (chained && seconds > LONGEST_CHAINED_SESSION) {
    throw new AwsError(
      'ValidationException',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    );
  }
  return seconds;
}

const assumeRole: Operation = {
  name: 'AssumeRole',
  handle(input, { caller, credentials, bill }) {
    readObject(input, 'assumeRoleRequest', ASSUME_ROLE_FIELDS);
    const session = credentials.assumeRole(
      {
        roleArn: readPattern(input, 'RoleArn', /^[\s\S]{20,2048}$/, 'roleArn'),
        sessionName: readPattern(input, 'RoleSessionName', /^[\w+=,.@-]{2,64}$/, 'roleSessionName'),
        externalId:
          input.ExternalId === undefined
            ? undefined
            : readPattern(input, 'ExternalId', /^[\w+=,.@:/-]{2,1224}$/, 'externalId'),
        seconds: readSeconds(input, caller.assumed),
      },
      caller,
      bill,
    );
    return {
      AssumedRoleUser: { AssumedRoleId: session.userId, Arn: session.arn },
      Credentials: {
        AccessKeyId: session.accessKeyId,
        SecretAccessKey: session.secretAccessKey,
        SessionToken: session.sessionToken,
        Expiration: new Date(session.expires).toISOString().replace(/\.\d+Z$/, 'Z'),
      },
    };
  },
};

/** AWS Security Token Service: answers in any region. */
export const sts: Service = {
  name: 'sts',
  protocol: queryProtocol,
  namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
  operations: [getCallerIdentity, assumeRole],
};
