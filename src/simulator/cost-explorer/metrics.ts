import type { Group } from '../bill/bill-index.ts';
import { validationError } from '../errors.ts';
import { type JsonObject, readStrings } from '../input.ts';

/** Which of a bill's amounts a metric is; `none`: quantities, of which a bill in FOCUS's columns has none. */
type Source = 'billed' | 'effective' | 'none';

/** GetCostAndUsage's metrics. A FOCUS bill has one rate per charge: blended, unblended and net are the same. */
const METRICS: ReadonlyMap<string, Source> = new Map(
  Object.entries({
    AmortizedCost: 'effective',
    BlendedCost: 'billed',
    NetAmortizedCost: 'effective',
    NetUnblendedCost: 'billed',
    NormalizedUsageAmount: 'none',
    UnblendedCost: 'billed',
    UsageQuantity: 'none',
  } as const),
);

/** GetCostForecast's metrics, which are spelt otherwise. */
export const FORECAST_METRICS: Readonly<Record<string, 'billed' | 'effective'>> = {
  AMORTIZED_COST: 'effective',
  BLENDED_COST: 'billed',
  NET_AMORTIZED_COST: 'effective',
  NET_UNBLENDED_COST: 'billed',
  UNBLENDED_COST: 'billed',
};

/** Reads GetCostAndUsage's `Metrics`: at least one, all known. */
export function readMetrics(value: unknown): string[] {
  const metrics = readStrings(value, 'metrics');
  if (metrics.length === 0) throw validationError('Metrics is required: name at least one');
  for (const name of metrics) {
    if (!METRICS.has(name)) {
      throw validationError(
        `Metrics: '${name}' is not valid. Valid values: ${[...METRICS.keys()].join(', ')}`,
      );
    }
  }
  return metrics;
}

/** The values of a group, undefined where the period has none, as GetCostAndUsage writes them. */
export function metricValues(
  metrics: readonly string[],
  group: Group | undefined,
  currency: string,
): JsonObject {
  const values: JsonObject = {};
  for (const name of metrics) {
    const source = METRICS.get(name);
    values[name] =
      source === 'none'
        ? { Amount: '0', Unit: 'N/A' }
        : {
            Amount: (source === 'billed' ? group?.billedText : group?.effectiveText) ?? '0',
            Unit: currency,
          };
  }
  return values;
}
