import type { FocusRow } from '../../src/focus.ts';

/** The services and accounts of a numbered bill. */
export interface NumberedBillOptions {
  /** What every charge costs. */
  readonly number: number;
  /** Last day of the bill, UTC. */
  readonly today: Date;
  readonly days: number;
  readonly services: number;
  readonly accounts: number;
}

const DAY_MS = 86_400_000;

/** A bill whose every pair of service and account costs the same number on every day: figures tell which bill they are of. */
export function numberedBill({ number, today, days, services, accounts }: NumberedBillOptions): FocusRow[] {
  const rows: FocusRow[] = [];
  const midnight = Math.floor(today.getTime() / DAY_MS) * DAY_MS;
  const amount = String(number);
  for (let back = days - 1; back >= 0; back--) {
    const start = new Date(midnight - back * DAY_MS).toISOString();
    const end = new Date(midnight - (back - 1) * DAY_MS).toISOString();
    for (let service = 0; service < services; service++) {
      for (let account = 0; account < accounts; account++) {
        rows.push({
          ChargePeriodStart: start,
          ChargePeriodEnd: end,
          BillingPeriodStart: `${start.slice(0, 7)}-01T00:00:00.000Z`,
          BilledCost: amount,
          EffectiveCost: amount,
          BillingCurrency: 'USD',
          BillingAccountId: '100000000000',
          BillingAccountName: 'payer',
          SubAccountId: String(100_000_000_000 + account),
          SubAccountName: `account ${account}`,
          ChargeCategory: 'Usage',
          ChargeDescription: null,
          ServiceName: `Service ${service}`,
          RegionId: 'us-east-1',
          ResourceId: null,
          Tags: {},
        });
      }
    }
  }
  return rows;
}

/** How many days of cost each family sums up for a pair of such a bill, on a UTC day. */
export function daysSummed(today: string): Readonly<Record<string, number>> {
  return {
    aws_cost_total: 30,
    aws_cost_daily: 1,
    aws_cost_month_to_date: Number(today.slice(8)),
    aws_cost_last_complete_day: 1,
    aws_cost_settled_day: 1,
    aws_cost_trailing_week: 7,
    aws_cost_preceding_week: 7,
    aws_cost_week_median: 1,
  };
}
