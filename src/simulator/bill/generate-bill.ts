import type { FocusRow } from '../../focus.ts';
import { addDays, type Day, dayOf, daysBetween, firstOfMonth } from '../days.ts';
import { ACCOUNTS, CATALOGUE, type ChargeTemplate, REGIONS } from './catalogue.ts';
import { hashText, hexText, noise } from './noise.ts';
import { tagsOf } from './tag-sets.ts';

/** Options of {@link generateBill}. */
export interface GenerateOptions {
  /** Equal seeds give equal bills; a day costs the same in all bills of a seed that hold it. */
  readonly seed: number;
  /** The bill's last day (UTC). It is charged by the hour, so that a simulator can show it "so far". */
  readonly today: Date;
  /** Days of the bill, today included. Default: from the first day of the month 13 months ago. */
  readonly days?: number;
  /**
   * Number of linked accounts, the payer included. With `accounts` or `services`, every pair of account and service is
   * charged on every day: `days * accounts * services` groups.
   */
  readonly accounts?: number;
  /** Number of services. */
  readonly services?: number;
  /** Resources, and so charges a day, of each pair of account and service. Default 1; without pairs: the catalogue's. */
  readonly resourcesPerService?: number;
}

/** The day on which a generated amount is what the catalogue says. */
const BASE_DAY = '2026-01-01';
const GROWTH_PER_DAY = 0.0006;
const CURRENCY = 'USD';

/** One resource that is charged again and again. */
interface Line {
  readonly template: ChargeTemplate;
  readonly hash: number;
  /** What all rows of the resource have in common. */
  readonly row: Omit<
    FocusRow,
    'ChargePeriodStart' | 'ChargePeriodEnd' | 'BillingPeriodStart' | 'BilledCost' | 'EffectiveCost'
  >;
}

function account(number: number): readonly [id: string, name: string] {
  return ACCOUNTS[number] ?? [String(500_000_000_000 + number), `Team account ${number}`];
}

function line(seed: number, template: ChargeTemplate, accountNumber: number, resource: number): Line {
  const [id, name] = account(accountNumber);
  const [payer, payerName] = account(0);
  const identity = `${id} ${template.service} ${template.description} ${resource}`;
  const hash = hashText(identity, seed);
  const region = REGIONS[Math.floor(noise(hash, 1) * REGIONS.length)] ?? 'us-east-1';
  const fill = (text: string) =>
    text
      .replace('{hex}', hexText(hash, 16))
      .replace('{region}', region)
      .replace('{account}', id)
      .replace('{n}', String(resource + 1));
  const resourceId = template.resource === undefined ? null : fill(template.resource);
  return {
    template,
    hash,
    row: {
      BillingCurrency: CURRENCY,
      BillingAccountId: payer,
      BillingAccountName: payerName,
      SubAccountId: id,
      SubAccountName: name,
      ChargeCategory: template.category,
      ChargeDescription: fill(template.description),
      ServiceName: template.service,
      RegionId: template.category === 'Usage' ? region : null,
      ResourceId: resourceId,
      Tags:
        resourceId === null
          ? {}
          : tagsOf(hash, `${name.toLowerCase().split(' ')[0]}-${resource + 1}`, accountNumber),
    },
  };
}

/** Every pair of account and service, with one template per service; numbered ones where the catalogue ends. */
function* pairs(seed: number, accounts: number, services: number, resources: number): Generator<Line> {
  const steady = CATALOGUE.filter(
    (template, i) =>
      template.day === undefined &&
      template.amount > TINY &&
      CATALOGUE.findIndex((other) => other.service === template.service) === i,
  );
  for (let s = 0; s < services; s++) {
    const known = steady[s % steady.length] as ChargeTemplate;
    const template = s < steady.length ? known : { ...known, service: `${known.service} (${s})` };
    for (let a = 0; a < accounts; a++) {
      for (let r = 0; r < resources; r++) yield line(seed, template, a, r);
    }
  }
}

function* catalogueLines(seed: number, resources: number | undefined): Generator<Line> {
  for (const template of CATALOGUE) {
    for (const a of template.accounts ?? ACCOUNTS.keys()) {
      const count =
        resources !== undefined && template.resource !== undefined ? resources : (template.resources ?? 1);
      for (let r = 0; r < count; r++) yield line(seed, template, a, r);
    }
  }
}

/** Below this an amount is written in scientific notation, and never split. */
const TINY = 1e-4;

/**
 * The amount of one of `parts` equal charges as a decimal string with ten decimals, as AWS's bills have; a day split into
 * 24 hours, or into one whole, comes to the same.
 */
function decimalText(value: number, parts: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) < TINY) return value.toExponential(4).toUpperCase();
  const hour = Math.round((value / 24) * 1e10);
  return ((hour * (24 / parts)) / 1e10).toFixed(10);
}

/** What a line costs on a day: the catalogue's amount, with growth, the week's pattern and some noise. */
function cost({ template, hash }: Line, day: Day): number {
  const number = daysBetween(BASE_DAY, day);
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  const week = weekday === 0 || weekday === 6 ? 1 - (template.weekend ?? 0) : 1;
  const growth = (1 + GROWTH_PER_DAY) ** number;
  const spread = template.day === undefined ? 0.85 + 0.3 * noise(hash, number) : 1;
  return template.amount * growth * week * spread;
}

function* charges(lines: readonly Line[], day: Day, hourly: boolean): Generator<FocusRow> {
  const dayOfMonth = Number(day.slice(8));
  const month = `${firstOfMonth(day)}T00:00:00Z`;
  for (const entry of lines) {
    const { template, row } = entry;
    if (template.day !== undefined && template.day !== dayOfMonth) continue;
    const amount = cost(entry, day);
    const parts = hourly && template.day === undefined && Math.abs(template.amount) > TINY ? 24 : 1;
    const billed = decimalText(amount * (template.billed ?? 1), parts);
    const effective = decimalText(amount * (template.effective ?? 1), parts);
    for (let hour = 0; hour < parts; hour++) {
      yield {
        ChargePeriodStart: `${day}T${String(hour).padStart(2, '0')}:00:00Z`,
        ChargePeriodEnd:
          hour === parts - 1
            ? `${addDays(day, 1)}T00:00:00Z`
            : `${day}T${String(hour + 1).padStart(2, '0')}:00:00Z`,
        BillingPeriodStart: month,
        BilledCost: billed,
        EffectiveCost: effective,
        ...row,
      };
    }
  }
}

/** Days from the first day of the month 13 months before, as far as Cost Explorer looks back, to today. */
function defaultDays(today: Day): number {
  const first = new Date(`${firstOfMonth(today)}T00:00:00Z`);
  first.setUTCMonth(first.getUTCMonth() - 13);
  return daysBetween(dayOf(first), today) + 1;
}

/**
 * Generates a bill: growth, a weekly pattern, taxes, support, a Savings Plan, credits, refunds, tiny amounts, tags of
 * every kind. Deterministic. Daily charges, and hourly ones today. 100,000 groups take about a second.
 */
export function generateBill(options: GenerateOptions): FocusRow[] {
  const { seed, accounts, services, resourcesPerService } = options;
  const today = dayOf(options.today);
  const days = options.days ?? defaultDays(today);
  const inPairs = accounts !== undefined || services !== undefined;
  const lines = [
    ...(inPairs
      ? pairs(seed, accounts ?? ACCOUNTS.length, services ?? 18, resourcesPerService ?? 1)
      : catalogueLines(seed, resourcesPerService)),
  ];
  const rows: FocusRow[] = [];
  for (let back = days - 1; back >= 0; back--) {
    const day = addDays(today, -back);
    for (const row of charges(lines, day, back === 0)) rows.push(row);
  }
  return rows;
}
