import fc from 'fast-check';
import { periodOf } from '../../../plugins/cost/collect.ts';
import type { CostSettings } from '../../../plugins/cost/model.ts';
import type { Answer } from '../fake-cost-explorer.ts';
import { type Day, dayNumber, dayText } from './naive.ts';

/** One group of one day as Cost Explorer sends it. */
export interface Row {
  readonly day: Day;
  readonly service: string;
  readonly account: string;
  /** Decimal string. */
  readonly amount: string;
}

/** A bill as a test sends it: the rows in the order of the wire. */
export interface Bill {
  /** The day on which it is bought. */
  readonly today: Day;
  readonly settings: CostSettings;
  readonly rows: readonly Row[];
  /** Most groups on a page. */
  readonly pageSize: number;
  /** Whether the answer lists today. */
  readonly listsToday: boolean;
  /** Names of linked accounts. */
  readonly names: Readonly<Record<string, string>>;
}

export const METRIC = 'UnblendedCost';

/** Settings with the defaults of the contract. */
export const DEFAULTS: CostSettings = { metric: METRIC, windowDays: 30, dailyDays: 30, settledDays: 2 };

const RESERVED = ['untagged', '__other__', '"untagged"', '""__other__""', '"__other__', '"untagged""'];
const SERVICES = [
  'EC2 - Other',
  'Tax',
  'Amazon|S3',
  'a,b',
  'c:d',
  '\ud800',
  'x\0y',
  'x\ufffdy',
  '',
  '"',
  'Ünï\n☃',
];

/** Any service name: real ones, reserved words, broken Unicode. */
export const serviceName = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...SERVICES, ...RESERVED) },
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 4 })
    .map((units) => String.fromCharCode(...units)),
);

/** Amounts as AWS writes them: plain, scientific, negative, zero. */
export const amountText = fc.oneof(
  fc.constantFrom('0', '-0', '0.0000000000', '1.23E-8', '-4.5e+3', '.5', '5.', '+1', '0.0000300172', '-12.5'),
  fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }).map((units) => (units / 1e6).toFixed(10)),
  fc
    .tuple(fc.integer({ min: -9999, max: 9999 }), fc.integer({ min: -9, max: 2 }))
    .map(([m, e]) => `${m}E${e}`),
);

/** A day, with the edges of months and leap years in plenty. */
export const anyDay = fc.oneof(
  fc.constantFrom(
    '2024-02-29',
    '2024-03-01',
    '2025-03-01',
    '2026-01-01',
    '2025-12-31',
    '2026-01-31',
    '2026-02-28',
  ),
  fc.integer({ min: dayNumber('2023-11-01'), max: dayNumber('2028-04-01') }).map(dayText),
);

export const anySettings: fc.Arbitrary<CostSettings> = fc.record({
  metric: fc.constant(METRIC),
  windowDays: fc.oneof(fc.constantFrom(1, 30), fc.integer({ min: 1, max: 45 })),
  dailyDays: fc.oneof(fc.constantFrom(0, 1, 30), fc.integer({ min: 0, max: 45 })),
  settledDays: fc.oneof(fc.constantFrom(1, 2, 30), fc.integer({ min: 1, max: 30 })),
});

/** Any bill: few services and accounts, so that pairs repeat over days. */
export const anyBill: fc.Arbitrary<Bill> = fc
  .record({
    today: anyDay,
    settings: anySettings,
    services: fc.array(serviceName, { minLength: 1, maxLength: 6 }),
    accounts: fc.uniqueArray(fc.constantFrom('111122223333', '222233334444', '333344445555', '4'), {
      minLength: 1,
    }),
    cells: fc.array(fc.record({ day: fc.nat(), service: fc.nat(), account: fc.nat(), amount: amountText }), {
      maxLength: 60,
    }),
    pageSize: fc.integer({ min: 1, max: 70 }),
    listsToday: fc.boolean(),
    names: fc.dictionary(
      fc.constantFrom('111122223333', '222233334444'),
      fc.string({ unit: 'binary', minLength: 1 }),
    ),
  })
  .map(({ today, settings, services, accounts, cells, ...rest }) => {
    const { start } = periodOf(settings, today);
    const count = dayNumber(today) - dayNumber(start) + (rest.listsToday ? 1 : 0);
    const all = cells.map(({ day, service, account, amount }) => ({
      day: dayText(dayNumber(start) + (day % count)),
      service: services[service % services.length]!,
      account: accounts[account % accounts.length]!,
      amount,
    }));
    // AWS groups: a pair comes once a day. Others may become equal only when they are made well-formed.
    const rows = [
      ...new Map(all.map((row) => [JSON.stringify([row.day, row.service, row.account]), row])).values(),
    ];
    return {
      today,
      settings,
      rows: rows.toSorted((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0)),
      ...rest,
    };
  });

/** The pages of a bill's answer: a page ends in the middle of a day, and the day goes on on the next. */
export function pagesOf(bill: Bill): Record<string, unknown>[] {
  const { start } = periodOf(bill.settings, bill.today);
  const last = dayNumber(bill.today) - (bill.listsToday ? 0 : 1);
  const pages: Map<Day, Row[]>[] = [new Map()];
  let room = bill.pageSize;
  for (let number = dayNumber(start); number <= last; number++) {
    const day = dayText(number);
    pages.at(-1)!.set(day, []);
    for (const row of bill.rows.filter((one) => one.day === day)) {
      if (room === 0) {
        pages.push(new Map([[day, []]]));
        room = bill.pageSize;
      }
      pages.at(-1)!.get(day)!.push(row);
      room--;
    }
  }
  return pages.map((days, index) => ({
    ResultsByTime: [...days].map(([day, rows]) => result(day, rows)),
    DimensionValueAttributes: Object.entries(bill.names).map(([Value, description]) => ({
      Value,
      Attributes: { description },
    })),
    GroupDefinitions: [],
    ...(index < pages.length - 1 ? { NextPageToken: `page ${index + 1}` } : {}),
  }));
}

/** One day of an answer. */
export function result(day: Day, rows: readonly Row[], unit = 'USD') {
  return {
    TimePeriod: { Start: day, End: dayText(dayNumber(day) + 1) },
    Total: {},
    Groups: rows.map(({ service, account, amount }) => ({
      Keys: [service, account],
      Metrics: { [METRIC]: { Amount: amount, Unit: unit } },
    })),
    Estimated: true,
  };
}

/** Answers with the pages of a bill, one a request. */
export function answersOf(bill: Bill): (request: Record<string, unknown>, number: number) => Answer {
  const pages = pagesOf(bill);
  return (_request, number) => ({ body: pages[number] ?? {} });
}
