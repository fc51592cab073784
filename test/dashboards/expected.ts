import type { Decimal } from 'decimal.js';
import type { MetricsPage } from '../acceptance/parse-metrics.ts';
import type { Body as Recommendations } from '../plugins/optimization/exporter.ts';
import type { Bill } from './bill.ts';
import type { Choice } from './grafana.ts';

/** The part of /cost/tags that the tests read. */
export interface Tags {
  readonly tags: readonly {
    readonly key: string;
    readonly resourcesEstimated: boolean;
    readonly values: readonly { readonly value: string | null; readonly resources: number | null }[];
  }[];
}

/** The part of /wellarchitected that the tests read. */
export interface WellArchitected {
  readonly pillars: readonly ({ readonly pillar: string; readonly score: number | null } & Readonly<
    Record<'high' | 'medium' | 'none' | 'notApplicable' | 'unanswered', number>
  >)[];
}

/** A process that Prometheus scrapes: its page, and the labels that tell it apart. */
export interface Scraped {
  readonly page: MetricsPage;
  readonly process: Readonly<Record<string, string>>;
}

/** All that an expectation is made from. */
export interface Known {
  readonly choice: Choice;
  /** The whole bill. */
  readonly whole: Bill;
  /** What of it belongs to the accounts and services that the viewer has chosen. */
  readonly bill: Bill;
  /** The target's own account. */
  readonly account: string;
  readonly tags: Tags;
  readonly recommendations: Recommendations;
  readonly wellArchitected: WellArchitected;
  readonly job: string;
  readonly processes: readonly Scraped[];
  /** When Prometheus has answered, in seconds since the epoch. */
  readonly time: number;
}

/** What a query must return. */
export interface Expected {
  /** Values by {@link rowOf} of their labels: all of them, or those from which the greatest are taken. */
  readonly rows: ReadonlyMap<string, number>;
  /** How many are returned, those with the greatest rank. */
  readonly top?: number;
  /** Default: the rows themselves. */
  readonly rank?: ReadonlyMap<string, number>;
  /** Rows of 0 may be there or not. */
  readonly zeros?: 'free';
  /** Largest difference of a value, default a millionth. */
  readonly within?: number;
}

export type Expectation = (known: Known) => Expected;

export type Labels = Readonly<Record<string, string | undefined>>;

/** Labels as one text; an empty label is none. */
export function rowOf(labels: Labels): string {
  const given = Object.entries(labels).filter(([name, value]) => value && name !== '__name__');
  return JSON.stringify(given.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

export const rows = (entries: Iterable<readonly [Labels, number | Decimal]>): Map<string, number> =>
  new Map([...entries].map(([labels, value]) => [rowOf(labels), Number(value)]));

export const one = (value: number | Decimal, labels: Labels = {}): Expected => ({
  rows: rows([[labels, value]]),
});

/** An account's labels with its name, the number where it has none. */
export const withName = ({ whole }: Known, account: string) => ({
  account_id: account,
  account_name: whole.names.get(account) ?? account,
});

/** Rows of the target's own account: none where the viewer has chosen others. */
export function ofTarget(
  known: Known,
  entries: Iterable<readonly [Labels, number | Decimal]>,
): Map<string, number> {
  const chosen = known.choice.account?.includes(known.account) ?? true;
  return rows(
    chosen
      ? [...entries].map(([labels, value]) => [{ ...withName(known, known.account), ...labels }, value])
      : [],
  );
}
