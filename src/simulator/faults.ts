import { AwsError } from './errors.ts';
import type { JsonObject } from './input.ts';

/** Which requests a fault hits. Without conditions: all that are signed by a known caller. */
export interface FaultConditions {
  /** AWS's name of the operation. */
  readonly operation?: string;
  /** Account id of the caller. */
  readonly account?: string;
  /** Page of a paged operation, from 1. */
  readonly page?: number;
  /** How many of the requests that meet the conditions pass unharmed first. Default 0. */
  readonly after?: number;
  /** How many requests it hits before it is spent. Default: no end. */
  readonly times?: number;
}

/** What a fault does. */
export type FaultAction =
  | {
      /**
       * `throttle`: ThrottlingException. `error500`, `error503`: AWS's server errors. `deny`: AccessDeniedException that
       * names the IAM action. `hang`: no answer, ever. `reset`: the connection is reset in place of an answer. `cut`: it ends in the
       * middle of the body. `stall`: half the body, then silence. `truncate`: status 200 and a well-formed HTTP answer with half
       * the body.
       */
      readonly kind:
        | 'throttle'
        | 'error500'
        | 'error503'
        | 'deny'
        | 'hang'
        | 'reset'
        | 'cut'
        | 'stall'
        | 'truncate';
    }
  | {
      /** A page of HTML, as a proxy or a load balancer sends it. */
      readonly kind: 'corrupt';
      /** Default 200. */
      readonly status?: number;
    }
  | {
      /** A redirect. */
      readonly kind: 'redirect';
      readonly location: string;
      /** Default 302. */
      readonly status?: number;
    }
  | {
      /** The right answer, and behind it blanks: still JSON, and as large as one likes. */
      readonly kind: 'huge';
      /** Bytes in all. */
      readonly bytes: number;
    }
  | {
      /** AWS's clock differs: a request signed by another time than its own, by more than five minutes, is refused as AWS does it. */
      readonly kind: 'skew';
      /** Milliseconds by which AWS's clock is ahead of the system's. */
      readonly ms: number;
    }
  | {
      /** The right answer, a few bytes at a time. */
      readonly kind: 'drip';
      /** Bytes at a time, default 16. */
      readonly bytes?: number;
      /** Milliseconds between, default 100. */
      readonly ms?: number;
    }
  | {
      /** Any other error of AWS's. */
      readonly kind: 'error';
      readonly type: string;
      readonly message: string;
      /** Default 400. */
      readonly status?: number;
    }
  | {
      /** The right answer, late. */
      readonly kind: 'delay';
      readonly ms: number;
    }
  | {
      /** A changed answer: the function gets a copy of the body before it is written. */
      readonly kind: 'mutate';
      readonly mutate: (body: JsonObject) => JsonObject;
      /** Whether each request is answered as one for the first page: for tokens that the function makes up. */
      readonly ignoreToken?: boolean;
    };

/** A rule that lets requests fail. */
export type FaultRule = FaultConditions & FaultAction;

/** Adds and removes faults. Of several rules that fit a request, the first added one counts. */
export interface FaultControl {
  add(rule: FaultRule): void;
  /** Removes all rules. */
  clear(): void;
}

/** A request, as the conditions of a rule see it. */
export interface FaultCandidate {
  readonly operation: string;
  readonly account: string;
  readonly page: number;
}

interface ActiveRule {
  readonly rule: FaultRule;
  passed: number;
  hits: number;
}

function meets({ operation, account, page }: FaultRule, candidate: FaultCandidate): boolean {
  return (
    (operation === undefined || operation === candidate.operation) &&
    (account === undefined || account === candidate.account) &&
    (page === undefined || page === candidate.page)
  );
}

/** The rules in force. */
export class FaultRules implements FaultControl {
  #rules: ActiveRule[] = [];

  add(rule: FaultRule): void {
    this.#rules.push({ rule, passed: 0, hits: 0 });
  }

  clear(): void {
    this.#rules = [];
  }

  /** The rule that hits a request; counts the hit. */
  take(candidate: FaultCandidate): FaultRule | undefined {
    for (const active of this.#rules) {
      const { rule } = active;
      if (active.hits >= (rule.times ?? Number.POSITIVE_INFINITY) || !meets(rule, candidate)) continue;
      if (active.passed < (rule.after ?? 0)) {
        active.passed++;
        continue;
      }
      active.hits++;
      return rule;
    }
    return undefined;
  }
}

/** The error that a rule answers with; undefined where it does something else. */
export function faultError(
  rule: FaultRule,
  request: { readonly service: string; readonly operation: string; readonly callerArn: string },
): AwsError | undefined {
  switch (rule.kind) {
    case 'throttle':
      return new AwsError('ThrottlingException', 'Rate exceeded');
    case 'error500':
      return new AwsError('InternalServerException', 'An internal error occurred', 500);
    case 'error503':
      return new AwsError('ServiceUnavailableException', 'Service unavailable', 503);
    case 'deny': {
      const action = `${request.service}:${request.operation}`;
      return new AwsError(
        'AccessDeniedException',
        `User: ${request.callerArn} is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`,
      );
    }
    case 'error':
      return new AwsError(rule.type, rule.message, rule.status);
    default:
      return undefined;
  }
}
