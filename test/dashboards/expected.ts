import { Decimal } from 'decimal.js';
import type { MetricsPage } from '../acceptance/parse-metrics.ts';
import type { Body as Recommendations } from '../plugins/optimization/exporter.ts';
import { type Bill, type Charge, plusDays, type Sums, tagLabel } from './bill.ts';
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

type Labels = Readonly<Record<string, string | undefined>>;

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

const byService = ({ service }: Charge) => service;
const byAccount = ({ account }: Charge) => account;
const byPair = ({ service, account }: Charge) => JSON.stringify([service, account]);
const ZERO = new Decimal(0);

/** Sums of a period; 0 for all that has a charge on any day that the exporter asks AWS for. */
function sums(bill: Bill, period: readonly [string, string], keyOf: (charge: Charge) => string): Sums {
  const first = [bill.month[0], bill.back(30)].toSorted()[0] ?? '';
  const seen = bill.sums([first, plusDays(bill.today, 1)], keyOf);
  const found = bill.sums(period, keyOf);
  return new Map([...seen.keys()].map((key) => [key, found.get(key) ?? ZERO]));
}

const services = (list: Iterable<readonly [string, Decimal | number]>) =>
  rows([...list].map(([service, sum]) => [{ service }, sum]));

const pairLabels = (known: Known, key: string) => {
  const [service, account] = JSON.parse(key) as [string, string];
  return { service, ...withName(known, account) };
};

function settledDay(value: 'settled' | 'median' | 'difference'): Expectation {
  return (known) => {
    const { bill } = known;
    const settled = sums(bill, bill.settledDay, byPair);
    const medians = bill.medians(byPair);
    const difference = new Map([...settled].map(([key, sum]) => [key, sum.minus(medians.get(key) ?? ZERO)]));
    const shown = {
      settled,
      difference,
      median: new Map([...settled.keys()].map((key) => [key, medians.get(key) ?? ZERO])),
    };
    return {
      rows: rows([...shown[value]].map(([key, sum]) => [pairLabels(known, key), sum])),
      rank: rows([...difference].map(([key, sum]) => [pairLabels(known, key), sum.abs()])),
      top: 25,
    };
  };
}

const perDay: Expectation = ({ bill }) => {
  const days = [bill.back(30), plusDays(bill.today, 1)] as const;
  const largest = [...bill.sums(days, byService)]
    .toSorted(([, one], [, other]) => other.cmp(one))
    .slice(0, 8)
    .map(([service]) => service);
  const shown = bill.sums(days, ({ day, service }) =>
    JSON.stringify([day, largest.includes(service) ? service : 'other services']),
  );
  return {
    rows: rows(
      [...shown].map(([key, sum]) => {
        const [date, service] = JSON.parse(key) as [string, string];
        return [{ date, service }, sum];
      }),
    ),
  };
};

/** Nothing where the bill has no charge of what was chosen. */
const NONE: Expected = { rows: new Map() };
const monthToDate: Expectation = ({ bill }) =>
  sums(bill, bill.month, byService).size === 0 ? NONE : one(bill.total(bill.month));
const monthEnd: Expectation = (known) => ({ rows: ofTarget(known, [[{}, known.whole.monthEnd]]) });
/** The simulator's normal deviate is an approximation. */
const APPROXIMATE = 0.01;
const next30 =
  (sign: -1 | 0 | 1): Expectation =>
  (known) => {
    const { expected, margin } = known.whole.forecast(plusDays(known.whole.today, 30));
    return { rows: ofTarget(known, [[{}, expected.plus(margin.times(sign))]]), within: APPROXIMATE };
  };

const weeks = ({ bill }: Known) => {
  const trailing = sums(bill, bill.trailingWeek, byService);
  const preceding = sums(bill, bill.precedingWeek, byService);
  return [...trailing].map(([service, now]) => ({ service, now, before: preceding.get(service) ?? ZERO }));
};

/** The queries of the overview's panels, in their order. */
export const overview: Readonly<Record<string, readonly Expectation[]>> = {
  'Month to date': [monthToDate],
  "Forecast, month's end": [monthEnd],
  'Forecast, next 30 days': [next30(-1), next30(0), next30(1)],
  'Week on week': [
    ({ bill }) => {
      const before = bill.total(bill.precedingWeek);
      return before.greaterThan(0) ? one(bill.total(bill.trailingWeek).div(before).minus(1)) : NONE;
    },
  ],
  Currency: [() => one(1, { currency: 'USD' })],
  'Cost per day': [perDay],
  'Month to date by service': [
    ({ bill }) => ({ rows: services(sums(bill, bill.month, byService)), top: 15 }),
  ],
  'Month to date by account': [
    (known) => ({
      rows: rows(
        [...sums(known.bill, known.bill.month, byAccount)].map(([account, sum]) => [
          withName(known, account),
          sum,
        ]),
      ),
      top: 15,
    }),
  ],
  'Movers: this week against last': [
    (known) => ({ rows: services(weeks(known).map(({ service, before }) => [service, before])) }),
    (known) => ({ rows: services(weeks(known).map(({ service, now }) => [service, now])) }),
    (known) => ({
      rows: services(weeks(known).map(({ service, now, before }) => [service, now.minus(before)])),
    }),
    (known) => ({
      rows: services(
        weeks(known)
          .filter(({ before }) => before.greaterThan(0))
          .map(({ service, now, before }) => [service, now.div(before).minus(1)]),
      ),
    }),
  ],
  'Settled day against its week': [settledDay('settled'), settledDay('median'), settledDay('difference')],
  'Month to date and forecast': [monthToDate, monthEnd],
};

const keyOf = ({ choice }: Known) => choice.tag_key?.[0] ?? '';

const byValue = (known: Known, key = keyOf(known)) =>
  [...known.whole.sums(known.whole.window, (charge) => tagLabel(charge, key))].map(([value, sum]) => ({
    labels: { tag_key: key, tag_value: value },
    sum,
  }));

const byValueAndService = (known: Known) => {
  const key = keyOf(known);
  const narrowed = known.whole.only(undefined, known.choice.service);
  const found = narrowed.sums(narrowed.window, (charge) =>
    JSON.stringify([tagLabel(charge, key), charge.service]),
  );
  return [...found].map(([pair, sum]) => {
    const [value = '', service = ''] = JSON.parse(pair) as string[];
    return { labels: { tag_key: key, tag_value: value, service }, sum };
  });
};

/** Without the name of the account: tables show its number. */
const unnamed = (map: ReadonlyMap<string, number>) =>
  new Map(
    [...map].map(([key, value]) => [
      JSON.stringify((JSON.parse(key) as [string, string][]).filter(([label]) => label !== 'account_name')),
      value,
    ]),
  );

const untagged = (known: Known, key: string) => {
  const total = known.whole.total(known.whole.window);
  const without = byValue(known, key).find(({ labels }) => labels.tag_value === 'untagged')?.sum ?? ZERO;
  // A share: credits make it neither negative nor more than all.
  return [{ tag_key: key }, Decimal.min(1, Decimal.max(0, without.div(total)))] as const;
};

const ratios: Expectation = (known) => ({
  rows: ofTarget(
    known,
    known.tags.tags.map(({ key }) => untagged(known, key)),
  ),
});

const ofKey = (known: Known) => known.tags.tags.find(({ key }) => key === keyOf(known));
const resources = (known: Known) =>
  (ofKey(known)?.values ?? []).flatMap(({ value, resources: count }) =>
    count === null
      ? []
      : [
          {
            labels: {
              tag_key: keyOf(known),
              tag_value: tagLabel(
                { tags: { [keyOf(known)]: value ?? '' } } as unknown as Charge,
                keyOf(known),
              ),
            },
            count,
          },
        ],
  );

const valueRows = (known: Known) =>
  ofTarget(
    known,
    byValue(known).map(({ labels, sum }) => [labels, sum]),
  );

/** The queries of the tags' panels. */
export const tags: typeof overview = {
  'Untagged share, $tag_key': [(known) => ({ rows: ofTarget(known, [untagged(known, keyOf(known))]) })],
  'Untagged cost, $tag_key': [
    (known) => ({
      rows: ofTarget(
        known,
        byValue(known).flatMap(({ labels, sum }) => (labels.tag_value === 'untagged' ? [[labels, sum]] : [])),
      ),
      zeros: 'free',
    }),
  ],
  'Tagged resources, $tag_key': [
    (known) => ({
      rows: ofTarget(known, [[{}, resources(known).reduce((sum, { count }) => sum + count, 0)]]),
    }),
  ],
  'Counts that are estimates': [
    (known) => ({
      rows: ofTarget(known, [[{ tag_key: keyOf(known) }, ofKey(known)?.resourcesEstimated ? 1 : 0]]),
    }),
  ],
  'Untagged share of every tag key': [ratios],
  'Untagged cost by service, $tag_key': [
    (known) => ({
      rows: ofTarget(
        known,
        byValueAndService(known).flatMap(({ labels, sum }) =>
          labels.tag_value === 'untagged' ? [[labels, sum]] : [],
        ),
      ),
      top: 10,
      zeros: 'free',
    }),
  ],
  'Cost by value of $tag_key': [(known) => ({ rows: valueRows(known), top: 20, zeros: 'free' })],
  'Values of $tag_key': [
    (known) => ({ rows: unnamed(valueRows(known)), zeros: 'free' }),
    (known) => {
      const total = Number(known.whole.total(known.whole.window));
      return {
        rows: new Map([...unnamed(valueRows(known))].map(([key, sum]) => [key, sum / total])),
        zeros: 'free',
      };
    },
    (known) => ({
      rows: unnamed(
        ofTarget(
          known,
          resources(known).map(({ labels, count }) => [labels, count]),
        ),
      ),
    }),
  ],
  'Values of $tag_key by service': [
    (known) => ({
      rows: unnamed(
        ofTarget(
          known,
          byValueAndService(known).map(({ labels, sum }) => [labels, sum]),
        ),
      ),
      top: 100,
      zeros: 'free',
    }),
  ],
  'Untagged share over time': [ratios],
};
