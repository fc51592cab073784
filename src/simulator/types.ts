import type { FocusRow } from '../focus.ts';
import type { FaultControl } from './faults.ts';
import type { Settings } from './settings.ts';

/** A role that can be assumed. */
export interface RoleOptions {
  /** `arn:<partition>:iam::<account>:role/<name>` */
  readonly arn: string;
  /** Where given, AssumeRole must send the same. */
  readonly externalId?: string;
}

/** An account that the simulator knows. */
export interface AccountOptions {
  readonly accountId: string;
  /** The access key of the account's user. Without one the account is reached by its roles only. */
  readonly accessKeyId?: string;
  /** Where given, signatures made with the access key are verified. */
  readonly secretAccessKey?: string;
  /** Linked accounts whose charges it sees. Default: all for the bill's payer, itself for any other. */
  readonly sees?: readonly string[] | 'all';
  /** Roles of this account. Where the list is missing, any role name can be assumed, without an external id. */
  readonly roles?: readonly RoleOptions[];
}

/** Options of {@link startSimulator}. */
export interface SimulatorOptions {
  /** The charges. All in one currency; not to be changed afterwards (see `setBill`). */
  readonly bill: readonly FocusRow[];
  /**
   * The clock that says which charges have happened and which months are open. Default: the system's. Credentials
   * expire by the system's clock all the same: the clients that hold them know no other.
   */
  readonly now?: () => Date;
  /** TCP port. Default 0: any free one. */
  readonly port?: number;
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** Groups on a page of GetCostAndUsage, default 5,000; no page of any operation holds more. */
  readonly pageSize?: number;
  /** What the account has switched on. */
  readonly settings?: Partial<Settings>;
  /**
   * The accounts with credentials of their own. Default: any access key is the bill's payer's. Where given, an access
   * key that is not among them is refused. The accounts of the bill can be reached by AssumeRole in any case.
   */
  readonly accounts?: readonly AccountOptions[];
}

/** One request that the simulator has received. */
export interface RequestRecord {
  /** When it came, ISO 8601, by the system's clock. */
  readonly time: string;
  readonly method: string;
  readonly path: string;
  /** AWS's name for the service in signatures, such as `ce`; undefined where the request was for none known. */
  readonly service: string | undefined;
  readonly operation: string | undefined;
  /** The account of the caller; undefined where the caller was not recognised. */
  readonly account: string | undefined;
  /** The page of a paged operation, from 1. */
  readonly page: number;
  /** The request's parameters, parsed; the text itself where it could not be parsed. */
  readonly body: unknown;
  readonly userAgent: string;
  /** The region that the request was signed for. */
  readonly region: string | undefined;
  /** HTTP status sent; undefined as long as nothing has been. */
  readonly status: number | undefined;
  /** The error's type, where an error was answered. */
  readonly error: string | undefined;
  /** The kind of the fault that was applied. */
  readonly fault: string | undefined;
}

/** A running simulator. */
export interface Simulator {
  /** Endpoint for AWS clients: `http://<host>:<port>`. */
  readonly url: string;
  readonly port: number;
  /** Every AWS request since the start, in order of arrival; grows. Requests to `/_simulator` are not among them. */
  readonly requests: readonly RequestRecord[];
  readonly faults: FaultControl;
  /**
   * Puts another bill in place. A query whose pages are being read goes on from the bill that it began with, unless the
   * bill changes twice meanwhile. Days whose rows are the same objects as before keep their sums. Throws RangeError where
   * the rows have two currencies.
   */
  setBill(rows: readonly FocusRow[]): void;
  /** Changes settings; those not named stay. */
  setSettings(changes: Partial<Settings>): void;
  /** Groups on a page from now on, and items at most on a page of any operation. Throws RangeError below 1. */
  setPageSize(groups: number): void;
  /** Sets the clock; undefined gives back the one that the simulator was started with. */
  setClock(now: (() => Date) | undefined): void;
  /** Ends the validity of all temporary credentials issued so far. */
  expireCredentials(): void;
  /** Ends all connections at once. Resolves when the port is free. */
  close(): Promise<void>;
}
