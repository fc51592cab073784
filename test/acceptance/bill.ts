import type { FocusRow } from '../../src/focus.ts';

/** The payer of every bill here, and the accounts that it pays for. */
export const PAYER = '111111111111';
export const MEMBER = '222222222222';
export const THIRD = '333333333333';

const NAMES: Readonly<Record<string, string | null>> = {
  [PAYER]: 'payer',
  [MEMBER]: 'member',
  [THIRD]: null,
};

/** What a test says of a charge. */
export interface Charge {
  readonly day: string;
  readonly service: string;
  readonly account: string;
  readonly cost: number;
}

/** The day `count` days after `day`. */
export function plusDays(day: string, count: number): string {
  return new Date(Date.parse(day) + count * 86_400_000).toISOString().slice(0, 10);
}

/** The days from `start` to before `end`. */
export function daysFrom(start: string, end: string): string[] {
  const days: string[] = [];
  for (let day = start; day < end; day = plusDays(day, 1)) days.push(day);
  return days;
}

/**
 * One charge a day for each pair, in amounts whose sums are exact in binary: any order of adding gives the same number.
 * `Tax` is charged on the 1st of a month alone, to the payer.
 */
export function charges(
  start: string,
  end: string,
  accounts: readonly string[] = [PAYER, MEMBER],
  services: readonly string[] = ['AWS Lambda', 'AmazonCloudWatch'],
): Charge[] {
  return daysFrom(start, end).flatMap((day, number) => [
    ...accounts.flatMap((account, a) =>
      services.map((service, s) => ({
        day,
        service,
        account,
        cost: 1 + ((number * 7 + s * 3 + a * 11) % 17) + s / 4 + a / 8,
      })),
    ),
    ...(day.endsWith('-01') ? [{ day, service: 'Tax', account: accounts[0] ?? PAYER, cost: 40.5 }] : []),
  ]);
}

/** The charges as a FOCUS bill. */
export function billOf(list: readonly Charge[], currency = 'USD'): FocusRow[] {
  return list.map(({ day, service, account, cost }) => ({
    ChargePeriodStart: `${day}T00:00:00Z`,
    ChargePeriodEnd: `${plusDays(day, 1)}T00:00:00Z`,
    BillingPeriodStart: `${day.slice(0, 7)}-01T00:00:00Z`,
    BilledCost: String(cost),
    EffectiveCost: String(cost * 2),
    BillingCurrency: currency,
    BillingAccountId: PAYER,
    BillingAccountName: 'payer',
    SubAccountId: account,
    SubAccountName: NAMES[account] ?? null,
    ChargeCategory: service === 'Tax' ? 'Tax' : 'Usage',
    ChargeDescription: null,
    ServiceName: service,
    RegionId: null,
    ResourceId: null,
    Tags: {},
  }));
}

/** What of the charges to take: days from `start` to before `end`. */
export interface Slice {
  readonly start?: string;
  readonly end?: string;
  readonly service?: string;
  readonly account?: string;
}

/** The sum of the charges of a slice. */
export function sum(list: readonly Charge[], { start, end, service, account }: Slice = {}): number {
  return list
    .filter(
      (charge) =>
        (start === undefined || charge.day >= start) &&
        (end === undefined || charge.day < end) &&
        (service === undefined || charge.service === service) &&
        (account === undefined || charge.account === account),
    )
    .reduce((total, { cost }) => total + cost, 0);
}

/** The slice's sums by `service/account`, for every pair of the list that has a charge from `seenFrom` on; 0 where it has none. */
export function sumsByPair(list: readonly Charge[], slice: Slice, seenFrom: string): Record<string, number> {
  const seen = list.filter(({ day }) => day >= seenFrom && (slice.end === undefined || day <= slice.end));
  const pairs = new Map(seen.map(({ service, account }) => [`${service}/${account}`, { service, account }]));
  return Object.fromEntries([...pairs].map(([name, pair]) => [name, sum(list, { ...slice, ...pair })]));
}
