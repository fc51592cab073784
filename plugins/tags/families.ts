import type { Presented, View } from '../../src/collection/capability.ts';
import { sumOf } from '../../src/collection/money.ts';
import { labelValue, OTHER, UNTAGGED } from '../../src/collection/words.ts';
import type { Family, Sample } from '../../src/metrics/family.ts';
import type { KeyFigures, ValueFigures } from './figures.ts';
import type { TagsData } from './model.ts';

const gauge = (name: string, labels: readonly string[], help: string): Family => ({
  name,
  type: 'gauge',
  help,
  labels,
});

const PAYER = "A payer's includes its members'.";

const byTag = gauge(
  'aws_cost_by_tag',
  ['tag_key', 'tag_value', 'service', 'account_id'],
  `Cost over the trailing COST_WINDOW_DAYS complete days (UTC) by tag value and service, in the billing currency. ${PAYER}`,
);
const tagTotal = gauge(
  'aws_tag_cost_total',
  ['tag_key', 'tag_value', 'account_id'],
  `Cost over the trailing COST_WINDOW_DAYS complete days (UTC) by tag value, all services, in the billing currency. ${PAYER}`,
);
const resourceCount = gauge(
  'aws_tag_resource_count',
  ['tag_key', 'tag_value', 'account_id'],
  "Resources of the target's own account that carry the tag, in its regions.",
);
const resourceEstimated = gauge(
  'aws_tag_resource_count_estimated',
  ['tag_key', 'account_id'],
  '1 where aws_tag_resource_count is an estimate from cost, was cut, or the cost beside it spans more accounts; else 0.',
);
const untaggedRatio = gauge(
  'aws_cost_untagged_ratio',
  ['tag_key', 'account_id'],
  `Cost without a value for the tag key by all cost, 0 to 1, over the trailing COST_WINDOW_DAYS complete days (UTC). ${PAYER}`,
);

/** Every family of the tags capability, in page order. */
export const tagFamilies: readonly Family[] = [
  byTag,
  tagTotal,
  resourceCount,
  resourceEstimated,
  untaggedRatio,
];

/** A value with its label. */
interface Row extends Omit<ValueFigures, 'value'> {
  readonly label: string;
}

/** The samples of every family, folded to the view's cap. */
export function tagSamples(
  view: View<TagsData>,
  keys: readonly KeyFigures[],
): Pick<Presented, 'samples' | 'folded'> {
  const { accountId } = view.snapshot;
  const shown = keys.filter(({ reason }) => reason === null);
  const { rows, folded } = fold(shown, view.maxSeries);
  const each = function* <Item>(of: (key: KeyFigures, row: Row) => Iterable<Item>): Generator<Item> {
    for (const key of shown) for (const row of rows.get(key.key) ?? []) yield* of(key, row);
  };
  const counted = shown.filter(isCounted);
  const samples: Presented['samples'] = [
    [
      byTag,
      each(({ key }, { label, services }) =>
        services.map(({ service, cost }): Sample => [[key, label, labelValue(service), accountId], cost]),
      ),
    ],
    [tagTotal, each(({ key }, { label, cost }): Sample[] => [[[key, label, accountId], cost]])],
    [
      resourceCount,
      each(({ key }, { label, resources }): Sample[] =>
        resources === null ? [] : [[[key, label, accountId], resources]],
      ),
    ],
    [
      resourceEstimated,
      counted.map(({ key, resourcesEstimated }): Sample => [[key, accountId], resourcesEstimated ? 1 : 0]),
    ],
    [
      untaggedRatio,
      shown.flatMap(({ key, untaggedShare }): Sample[] =>
        untaggedShare === null ? [] : [[[key, accountId], untaggedShare]],
      ),
    ],
  ];
  return { samples, folded };
}

function isCounted({ values }: KeyFigures): boolean {
  return values.some(({ resources }) => resources !== null);
}

/** Series of one value: one for each service, its total, and its count where it has one. */
function seriesOf({ services, resources }: Pick<ValueFigures, 'services' | 'resources'>): number {
  return services.length + 1 + (resources === null ? 0 : 1);
}

/** Folds whole values into one of each key, smallest absolute cost first, until the series fit. */
function fold(keys: readonly KeyFigures[], maxSeries: number): { rows: Map<string, Row[]>; folded: number } {
  const values = keys.flatMap(({ key, values: list }) => list.map((value) => ({ key, value })));
  const ofKeys = keys.reduce(
    (sum, key) => sum + (key.untaggedShare === null ? 0 : 1) + (isCounted(key) ? 1 : 0),
    0,
  );
  let series = values.reduce((sum, { value }) => sum + seriesOf(value), ofKeys);
  let folded = 0;
  const others = new Map<string, ValueFigures[]>();
  const servicesOf = new Map<string, Set<string>>();
  const counted = new Set<string>();
  const smallestFirst =
    maxSeries > 0 && series > maxSeries
      ? values.toSorted((one, other) => Math.abs(one.value.cost) - Math.abs(other.value.cost))
      : [];
  for (const { key, value } of smallestFirst) {
    if (series <= maxSeries) break;
    const services = servicesOf.get(key) ?? new Set();
    const before = services.size + (others.has(key) ? 1 : 0) + (counted.has(key) ? 1 : 0);
    for (const { service } of value.services) services.add(service);
    servicesOf.set(key, services);
    if (value.resources !== null) counted.add(key);
    others.set(key, [...(others.get(key) ?? []), value]);
    const after = services.size + 1 + (counted.has(key) ? 1 : 0);
    series += after - before - seriesOf(value);
    folded += seriesOf(value);
  }
  const rows = keys.map(({ key, values: list }): [string, Row[]] => {
    const hidden = new Set(others.get(key));
    const kept = list
      .filter((value) => !hidden.has(value))
      .map((value) => ({ ...value, label: labelOf(value) }));
    return [key, hidden.size === 0 ? kept : [...kept, other([...hidden])]];
  });
  return { rows: new Map(rows), folded };
}

function other(values: readonly ValueFigures[]): Row {
  const services = Map.groupBy(
    values.flatMap((value) => value.services),
    ({ service }) => service,
  );
  const counts = values.flatMap(({ resources }) => resources ?? []);
  return {
    label: OTHER,
    cost: sumOf(values.map(({ cost }) => cost)),
    resources: counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0),
    services: [...services].map(([service, rows]) => ({
      service,
      cost: sumOf(rows.map(({ cost }) => cost)),
    })),
  };
}

function labelOf({ value }: ValueFigures): string {
  return value === null ? UNTAGGED : labelValue(value);
}
