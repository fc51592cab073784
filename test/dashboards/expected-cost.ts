import { Decimal } from 'decimal.js';
import { type Bill, type Charge, plusDays, type Sums } from './bill.ts';
import { type Expectation, type Expected, type Known, ofTarget, one, rows, withName } from './expected.ts';

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
