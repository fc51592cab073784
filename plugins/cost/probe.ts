import type { GetCostAndUsageCommandInput } from '@aws-sdk/client-cost-explorer';
import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { invalidResponse } from '../../src/aws/aws-errors.ts';
import { costPages } from '../../src/aws/cost-and-usage.ts';
import type { CollectContext } from '../../src/collection/capability.ts';
import { Amount } from '../../src/collection/money.ts';
import { addDays, type Day, dayOf, daysIn } from '../../src/collection/periods.ts';
import { type CostData, PROBE_METRICS } from './model.ts';
import type { Period } from './query.ts';

/** What the probe's answer says of one day. */
export interface ProbedDay {
  readonly estimated: boolean;
  /** As AWS spells them, in the order of `PROBE_METRICS`. */
  readonly amounts: readonly string[];
}

/** What the probe's answer says. */
export interface Probe {
  /** Of what is not zero; null where all is. */
  readonly currency: string | null;
  readonly days: ReadonlyMap<Day, ProbedDay>;
}

const Totals = TypeCompiler.Compile(
  Type.Record(Type.String(), Type.Object({ Amount, Unit: Type.Optional(Type.String()) })),
);

/**
 * Asks for the bill's daily totals in all metrics: one paid page that says which days have moved.
 *
 * @param setAside - pages that must fit into the budget: its own, and those that it is likely to lead to.
 * @throws {CollectionError} `invalid_response` where the answer has another shape, does not cover the days asked for
 *   (today alone may be missing) or mixes currencies; else what AWS's error means.
 */
export async function sendProbe(
  { aws, signal, startedAt }: CollectContext<CostData>,
  { start, end }: Period,
  setAside: number,
): Promise<Probe> {
  const request = {
    TimePeriod: { Start: start, End: end },
    Granularity: 'DAILY',
    Metrics: [...PROBE_METRICS],
  } satisfies GetCostAndUsageCommandInput;
  const asked = daysIn(start, end);
  const days = new Map<Day, ProbedDay>();
  const currencies = new Set<string>();
  for await (const { ResultsByTime } of costPages(aws, request, setAside, signal)) {
    for (const { TimePeriod, Estimated, Total } of ResultsByTime) {
      const { Start, End } = TimePeriod;
      if (!asked.includes(Start) || End !== addDays(Start, 1)) {
        throw invalidResponse('it has a period that was not asked for');
      }
      if (days.has(Start)) throw invalidResponse(`it has ${Start} twice`);
      days.set(Start, { estimated: Estimated ?? false, amounts: amountsOf(Total, currencies) });
    }
  }
  const missing = asked.find((day) => day !== dayOf(startedAt) && !days.has(day));
  if (missing !== undefined) throw invalidResponse(`it lacks ${missing}`);
  if (currencies.size > 1) throw invalidResponse(`it mixes ${[...currencies].join(' and ')}`);
  const [currency = null] = currencies;
  return { currency, days };
}

/** A day's amounts; `currencies` gets the units of the money among them. */
function amountsOf(total: unknown, currencies: Set<string>): string[] {
  if (!Totals.Check(total)) throw invalidResponse('a total is not what GetCostAndUsage documents');
  return PROBE_METRICS.map((name) => {
    const metric = total[name];
    if (metric === undefined) throw invalidResponse(`a total lacks ${name}`);
    if (name.endsWith('Cost') && Number(metric.Amount) !== 0) {
      if (!metric.Unit) throw invalidResponse(`${name} has no unit`);
      currencies.add(metric.Unit);
    }
    return metric.Amount;
  });
}

/** Whether two lists of decimals are of the same numbers, however they are spelled. */
export function sameAmounts(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one, at) => digitsOf(one) === digitsOf(others[at]));
}

/** A decimal's sign, significant digits and exponent: equal for equal numbers, of any length. */
function digitsOf(amount = ''): string {
  const [mantissa = '', exponent = '0'] = amount.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.replace(/^[+-]/, '').split('.');
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const scale = Number(exponent) - fraction.length + digits.length - significant.length;
  return `${mantissa.startsWith('-') ? '-' : ''}${significant}e${scale}`;
}
