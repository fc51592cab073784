import type { BillIndex } from './bill/bill-index.ts';
import type { Caller, Credentials, SignatureScope } from './credentials.ts';
import type { AwsError } from './errors.ts';
import type { JsonObject } from './input.ts';
import type { PageTokens } from './page-tokens.ts';
import type { Settings } from './settings.ts';
import type { WireAnswer, WireRequest } from './wire.ts';

/** What an operation computes its answer from. */
export interface OperationContext {
  readonly caller: Caller;
  readonly now: Date;
  /** The bill in force. */
  readonly bill: BillIndex;
  /**
   * The bill of a version, as page tokens name it; without one, the bill in force. The one before is kept too, so that a
   * query's pages come from one bill; for an older one it throws InvalidNextTokenException.
   */
  billOf(version: number | undefined): BillIndex;
  /** Items on a page. */
  readonly pageSize: number;
  readonly tokens: PageTokens;
  readonly credentials: Credentials;
  /** What the account has switched on. */
  readonly settings: Settings;
}

/** One AWS operation. */
export interface Operation {
  /** AWS's name. */
  readonly name: string;
  /** Computes the answer from the request's parameters. Throws {@link AwsError} to refuse. */
  handle(input: JsonObject, context: OperationContext): JsonObject;
}

/** How a service's requests and answers look on the wire. */
export interface Protocol {
  /** The operation that a request is for; undefined where the request is not for this service. */
  operationOf(request: WireRequest, service: Service): string | undefined;
  /** The request's parameters. Throws {@link AwsError} where they cannot be read. */
  read(request: WireRequest): JsonObject;
  write(output: JsonObject, operation: string, service: Service, requestId: string): WireAnswer;
  writeError(error: AwsError, service: Service, requestId: string): WireAnswer;
}

/** One AWS service: a line in the dispatch table. */
export interface Service extends SignatureScope {
  /** Prefix of its IAM actions, where it is another than `name`. */
  readonly iamPrefix?: string;
  readonly protocol: Protocol;
  /** What precedes the operation in `x-amz-target` (JSON protocols), the XML namespace (query protocol). */
  readonly namespace: string;
  readonly operations: readonly Operation[];
  /** Its own names, and status, for errors that the simulator names otherwise. */
  readonly errors?: Readonly<Record<string, readonly [type: string, status: number]>>;
}
