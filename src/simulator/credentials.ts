import { randomBytes } from 'node:crypto';
import type { BillIndex } from './bill/bill-index.ts';
import { AwsError } from './errors.ts';
import { isSignedWith, readSignature } from './signature.ts';
import type { AccountOptions } from './types.ts';
import type { WireRequest } from './wire.ts';

/** Who has sent a request, and what it may see. */
export interface Caller {
  readonly accountId: string;
  readonly arn: string;
  readonly userId: string;
  /** Whether the caller came by AssumeRole. */
  readonly assumed: boolean;
  /** The linked accounts whose charges it sees. */
  readonly sees: ReadonlySet<string> | 'all';
  /** Region that the request was signed for. */
  readonly region: string;
}

/** What a signature must be for. */
export interface SignatureScope {
  /** Name in signatures, such as `ce`. */
  readonly name: string;
  /** The regions whose signatures it takes. Default: any. */
  readonly regions?: readonly string[];
  /** The partitions that do not have it, by their regions: there is no such host. */
  readonly absentFrom?: RegExp;
}

/** Temporary credentials, as AssumeRole gives them. */
export interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch, by the system's clock. */
  readonly expires: number;
  readonly accountId: string;
  readonly arn: string;
  readonly roleId: string;
  readonly userId: string;
}

const ROLE_ARN = /^arn:(aws[a-z-]*):iam::(\d{11,13}):role\/((?:[\w+=,.@-]+\/)*)([\w+=,.@-]{1,64})$/;

function randomText(length: number): string {
  return randomBytes(length).toString('base64').replace(/[+/=]/g, 'A').slice(0, length);
}

function invalidToken(): AwsError {
  return new AwsError(
    'UnrecognizedClientException',
    'The security token included in the request is invalid.',
  );
}

/** The accounts and temporary credentials that a simulator knows. */
export class Credentials {
  readonly #accounts: readonly AccountOptions[] | undefined;
  readonly #sessions = new Map<string, Session>();

  constructor(accounts: readonly AccountOptions[] | undefined) {
    this.#accounts = accounts;
  }

  /** What an account sees of a bill. */
  #sees(accountId: string, bill: BillIndex): ReadonlySet<string> | 'all' {
    const sees = this.#accounts?.find((account) => account.accountId === accountId)?.sees;
    if (sees !== undefined) return sees === 'all' ? 'all' : new Set(sees);
    return accountId === bill.payer ? 'all' : new Set([accountId]);
  }

  /**
   * Recognises the caller of a request, as AWS does before it looks at the request. Throws what AWS answers to an
   * unsigned request, unknown credentials, a wrong or expired token, and a signature for another service or region.
   */
  authenticate(request: WireRequest, service: SignatureScope, bill: BillIndex): Caller {
    const signature = readSignature(request);
    const { accessKeyId, region } = signature;
    if (signature.service !== service.name) {
      const message = `Credential should be scoped to correct service: '${service.name}'.`;
      throw new AwsError('InvalidSignatureException', message);
    }
    if (service.absentFrom?.test(region)) {
      throw new AwsError('UnknownEndpoint', `There is no ${service.name} in ${region}.`);
    }
    if (service.regions !== undefined && !service.regions.includes(region)) {
      const message = `Credential should be scoped to a valid region, not '${region}'. Valid: ${service.regions.join(', ')}.`;
      throw new AwsError('InvalidSignatureException', message);
    }

    const session = this.#sessions.get(accessKeyId);
    let secret = session?.secretAccessKey;
    let caller: Caller;
    if (session !== undefined) {
      if (request.headers['x-amz-security-token'] !== session.sessionToken) throw invalidToken();
      if (session.expires <= Date.now()) {
        const message = 'The security token included in the request is expired';
        throw new AwsError('ExpiredTokenException', message);
      }
      const { accountId, arn, userId } = session;
      caller = { accountId, arn, userId, assumed: true, sees: this.#sees(accountId, bill), region };
    } else {
      const account = this.#accounts?.find((candidate) => candidate.accessKeyId === accessKeyId);
      const known = this.#accounts === undefined ? !accessKeyId.startsWith('ASIA') : account !== undefined;
      if (!known) throw invalidToken();
      secret = account?.secretAccessKey;
      const accountId = account?.accountId ?? bill.payer;
      const partition = region.startsWith('cn-') ? 'aws-cn' : 'aws';
      caller = {
        accountId,
        arn: `arn:${partition}:iam::${accountId}:user/simulator`,
        userId: `AIDA${accountId.padStart(16, '0')}`,
        assumed: false,
        sees: this.#sees(accountId, bill),
        region,
      };
    }
    if (secret !== undefined && !isSignedWith(secret, request, signature)) {
      throw new AwsError(
        'InvalidSignatureException',
        'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
      );
    }
    return caller;
  }

  /**
   * Issues temporary credentials for a role. Throws AccessDeniedException where the account or the role is not known, or
   * the external id is not the role's.
   */
  assumeRole(
    request: { roleArn: string; sessionName: string; externalId: string | undefined; seconds: number },
    caller: Caller,
    bill: BillIndex,
  ): Session {
    const [, partition, accountId = '', , roleName] = ROLE_ARN.exec(request.roleArn) ?? [];
    const account = this.#accounts?.find((candidate) => candidate.accountId === accountId);
    const role = account?.roles?.find((candidate) => candidate.arn === request.roleArn);
    const known = account?.roles === undefined ? account !== undefined || bill.accounts.has(accountId) : role;
    if (!known || (role?.externalId !== undefined && role.externalId !== request.externalId)) {
      throw new AwsError(
        'AccessDeniedException',
        `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${request.roleArn}`,
      );
    }
    const roleId = `AROA${randomText(17).toUpperCase()}`;
    const session: Session = {
      accessKeyId: `ASIA${randomText(16).toUpperCase()}`,
      secretAccessKey: randomText(40),
      sessionToken: randomText(180),
      expires: Date.now() + request.seconds * 1000,
      accountId,
      arn: `arn:${partition}:sts::${accountId}:assumed-role/${roleName}/${request.sessionName}`,
      roleId,
      userId: `${roleId}:${request.sessionName}`,
    };
    this.#sessions.set(session.accessKeyId, session);
    return session;
  }

  /** Lets all sessions issued so far expire now. */
  expireAll(): void {
    for (const [id, session] of this.#sessions) this.#sessions.set(id, { ...session, expires: 0 });
  }
}
