import { Decimal } from 'decimal.js';
import type { FocusRow } from '../../../src/focus.ts';
import { PAYER, plusDays } from '../../acceptance/bill.ts';

// Of its own, and exact: what the product computes is held against what this file computes from the same charges.
const Money = Decimal.clone({ precision: 60 });

/** Values that a careless reader of tags breaks on. */
export const ODD: readonly string[] = [
  'a$b$c',
  '$',
  'a,b',
  'a:b',
  '"',
  'say "hi"',
  '\\',
  'back\\slash\\n',
  'two\nlines',
  '|',
  'x'.repeat(200),
  'q"\n'.repeat(50),
  '🚀',
  'untagged',
  '"untagged"',
  '""untagged""',
  'untagged"',
  '__other__',
  '"__other__"',
  'Untagged',
  ' untagged',
  '__proto__',
  'constructor',
];

/** What a test says of a charge of something that has tags. */
export interface TaggedCharge {
  readonly day: string;
  readonly service: string;
  /** A decimal number, as a bill has it. */
  readonly cost: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly account?: string;
  readonly resource?: string;
  readonly region?: string;
}

/** The charges as a FOCUS bill. */
export function billOfTags(charges: readonly TaggedCharge[], currency = 'USD'): FocusRow[] {
  return charges.map(({ day, service, cost, tags, account = PAYER, resource, region }) => ({
    ChargePeriodStart: `${day}T00:00:00Z`,
    ChargePeriodEnd: `${plusDays(day, 1)}T00:00:00Z`,
    BillingPeriodStart: `${day.slice(0, 7)}-01T00:00:00Z`,
    BilledCost: cost,
    EffectiveCost: cost,
    BillingCurrency: currency,
    BillingAccountId: PAYER,
    BillingAccountName: 'payer',
    SubAccountId: account,
    SubAccountName: null,
    ChargeCategory: 'Usage',
    ChargeDescription: null,
    ServiceName: service,
    RegionId: region ?? null,
    ResourceId: resource ?? null,
    Tags: tags,
  }));
}

/** What a tag value costs, exactly. */
export interface ValueSums {
  total: Decimal;
  readonly services: Map<string, Decimal>;
  /** Whether any month of the window has a service with a cost other than 0. */
  visible: boolean;
}

/** Text as it is to be told on: lone surrogates and NUL become U+FFFD. */
export function told(text: string): string {
  return [...text]
    .map((unit) => (/^[\ud800-\udfff]$/.test(unit) || unit === '\u0000' ? '\ufffd' : unit))
    .join('');
}

/**
 * What each value of a key costs over the 30 complete days before `today`; null is what carries no value. Values and
 * services are as they are to be told on.
 */
export function exactSums(
  charges: readonly TaggedCharge[],
  key: string,
  today: string,
): Map<string | null, ValueSums> {
  const sums = new Map<string | null, ValueSums>();
  const groups = new Map<string, { value: string | null; cost: Decimal }>();
  for (const { day, service, cost, tags } of charges) {
    if (day < plusDays(today, -30) || day >= today) continue;
    const raw = Object.hasOwn(tags, key) ? (tags[key] ?? '') : '';
    const value = raw === '' ? null : told(raw);
    const entry = sums.get(value) ?? { total: new Money(0), services: new Map(), visible: false };
    sums.set(value, entry);
    entry.total = entry.total.plus(cost);
    const name = told(service);
    entry.services.set(name, (entry.services.get(name) ?? new Money(0)).plus(cost));
    const id = JSON.stringify([value, day.slice(0, 7), service, raw]);
    groups.set(id, { value, cost: (groups.get(id)?.cost ?? new Money(0)).plus(cost) });
  }
  for (const { value, cost } of groups.values()) {
    const entry = sums.get(value);
    if (entry !== undefined && !cost.isZero()) entry.visible = true;
  }
  return sums;
}

/** The label of a tag value or service: a reserved word in any number of pairs of quotes gets one pair more. */
export function labelOf(value: string | null): string {
  if (value === null) return 'untagged';
  let inner = value;
  while (inner.length > 1 && inner.startsWith('"') && inner.endsWith('"')) inner = inner.slice(1, -1);
  return ['untagged', '__other__'].includes(inner) ? `"${value}"` : value;
}

/** Whether a figure is the exact sum to a millionth. */
export function equals(figure: number | undefined, sum: Decimal | number): boolean {
  return figure !== undefined && new Money(figure).minus(sum).abs().lessThan(1e-6);
}

/** The exact sum of some amounts. */
export function exactTotal(amounts: Iterable<Decimal | string | number>): Decimal {
  let sum = new Money(0);
  for (const amount of amounts) sum = sum.plus(amount);
  return sum;
}
