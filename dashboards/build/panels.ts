import { PanelBuilder as BarChart } from '@grafana/grafana-foundation-sdk/barchart';
import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  BarGaugeDisplayMode,
  BarGaugeNamePlacement,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { DATASOURCE } from './variables.ts';

export type AnyPanel = BarChart | BarGauge | Stat | StateTimeline | Table | TimeSeries;

/** A query of a panel. */
export interface Query {
  readonly expr: string;
  /** Grafana's legend format; for tables the name of the value's column. */
  readonly legend?: string;
}

/** What every panel says of itself. */
export interface PanelOptions {
  readonly title: string;
  /** What is shown, of which period, and what it does not say. */
  readonly description: string;
  /** One of Grafana's units, or {@link MONEY}. */
  readonly unit: string;
  /** Columns of 24, and rows. */
  readonly size: readonly [width: number, height: number];
  readonly queries: readonly Query[];
  /** Colours from a value on; default one colour. */
  readonly steps?: readonly Threshold[];
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  /** What stands in an empty panel. */
  readonly noValue?: string;
}

/** The billing currency. Grafana's units know no variables: {@link currency} puts its code in place of the sign at each viewing. */
export const MONEY = 'currency:financial:¤ ';

const CURRENCIES = 'max by (currency) (aws_cost_currency_info)';
/** Grafana's unit of the billing currency; nothing where there are several, for then the sign must do. */
const CURRENCY_UNIT = `label_replace(${CURRENCIES} and on () (count(${CURRENCIES}) == 1), "unit", "currency:financial:$1 ", "currency", "(.*)")`;

const refId = (index: number) => String.fromCharCode(65 + index);

function target({ expr, legend = '' }: Query, index: number) {
  return new DataqueryBuilder().refId(refId(index)).expr(expr).legendFormat(legend).datasource(DATASOURCE);
}

function currency<P extends AnyPanel>(panel: P): P {
  const query = target({ expr: CURRENCY_UNIT }, 0).refId('currency').instant().format(PromQueryFormat.Table);
  panel.withTarget(query).withTransformation({
    id: 'configFromData',
    options: {
      configRefId: 'currency',
      mappings: [{ fieldName: 'unit', handlerKey: 'unit', reducerId: 'lastNotNull' }],
    },
  });
  return panel;
}

/** A panel's head: what all kinds have. */
function head<P extends AnyPanel>(panel: P, options: PanelOptions): P {
  const { title, description, unit, size, steps, decimals, min, max, noValue } = options;
  panel.title(title).description(description).datasource(DATASOURCE).unit(unit).span(size[0]).height(size[1]);
  const mode = new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute);
  panel.thresholds(mode.steps(steps === undefined ? [{ value: null, color: 'blue' }] : [...steps]));
  if (decimals !== undefined) panel.decimals(decimals);
  if (min !== undefined) panel.min(min);
  if (max !== undefined) panel.max(max);
  if (noValue !== undefined) panel.noValue(noValue);
  return panel;
}

function instants<P extends AnyPanel>(panel: P, { queries, unit }: PanelOptions): P {
  queries.forEach((query, index) => {
    panel.withTarget(target(query, index).instant());
  });
  return unit === MONEY ? currency(panel) : panel;
}

const lastValue = () => new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false);

/** Large figures: one for each series. */
export function stat(options: PanelOptions): Stat {
  const panel = head(new Stat(), options)
    .reduceOptions(lastValue())
    .graphMode(BigValueGraphMode.None)
    .colorMode(options.steps === undefined ? BigValueColorMode.None : BigValueColorMode.Value)
    .textMode(BigValueTextMode.Auto);
  return instants(panel, options);
}

/** Names in place of values: what the series are called. */
export function names(options: PanelOptions): Stat {
  return stat(options).textMode(BigValueTextMode.Name);
}

/** Lying bars, in the order of the query's answer. */
export function bars(options: PanelOptions): BarGauge {
  const panel = head(new BarGauge(), options)
    .reduceOptions(lastValue())
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Basic)
    .namePlacement(BarGaugeNamePlacement.Left)
    .maxVizHeight(32)
    .showUnfilled(false);
  return instants(panel, options);
}

const legend = () =>
  new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .calcs([]);

const allSeries = () =>
  new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);

const palette = () => new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic);

/** Curves over the time that the viewer has chosen. Figures move a few times a day: one point in two minutes is plenty. */
export function curves(options: PanelOptions): TimeSeries {
  const panel = head(new TimeSeries(), options)
    .colorScheme(palette())
    .spanNulls(true)
    .lineWidth(2)
    .fillOpacity(5)
    .showPoints(VisibilityMode.Never)
    .legend(legend())
    .tooltip(allSeries());
  options.queries.forEach((query, index) => {
    panel.withTarget(target(query, index).range().interval('2m'));
  });
  return options.unit === MONEY ? currency(panel) : panel;
}

/** A band for each series, its colour by the value, over the time that the viewer has chosen. */
export function timeline(options: PanelOptions): StateTimeline {
  const panel = head(new StateTimeline(), options)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .showValue(VisibilityMode.Never)
    .mergeValues(true)
    .fillOpacity(80)
    .legend(legend());
  options.queries.forEach((query, index) => {
    panel.withTarget(target(query, index).range().interval('2m'));
  });
  return panel;
}

/**
 * Bars stacked upon each other.
 * @param x the label along the axis. @param stack the label that splits a bar.
 */
export function stacked(options: PanelOptions & { x: string; stack: string }): BarChart {
  const panel = head(new BarChart(), options)
    .colorScheme(palette())
    .stacking(StackingMode.Normal)
    .showValue(VisibilityMode.Never)
    .xTickLabelSpacing(100)
    .fillOpacity(85)
    .lineWidth(0)
    .legend(legend())
    .tooltip(allSeries());
  tables(panel, options);
  return panel
    .withTransformation({ id: 'sortBy', options: { fields: {}, sort: [{ field: options.x }] } })
    .withTransformation({
      id: 'groupingToMatrix',
      options: { rowField: options.x, columnField: options.stack, valueField: VALUE, emptyValue: 'null' },
    })
    .xField(`${options.x}\\${options.stack}`);
}

const VALUE = 'value';

/** Queries as columns of one table, joined by their labels. */
function tables<P extends AnyPanel>(panel: P, { queries, unit }: PanelOptions): void {
  queries.forEach((query, index) => {
    panel.withTarget(target(query, index).instant().format(PromQueryFormat.Table));
  });
  if (unit === MONEY) currency(panel);
  panel.withTransformation({ id: 'merge', options: {} });
  // Grafana calls the column `Value` where one query has answered, else `Value #A`.
  for (const [index, { legend: name = VALUE }] of queries.entries()) {
    const regex = queries.length === 1 ? '^Value( #.*)?$' : `^Value #${refId(index)}$`;
    panel.withTransformation({ id: 'renameByRegex', options: { regex, renamePattern: name } });
  }
}

export interface TableOptions extends PanelOptions {
  /** Column titles in place of label names. */
  readonly columns: Readonly<Record<string, string>>;
  /** Units of the queries' columns that have another one. */
  readonly units?: Readonly<Record<string, string>>;
  /** Labels that all rows have alike. */
  readonly hidden?: readonly string[];
  /** The column to sort by, greatest first. */
  readonly sortBy: string;
}

/** A table: a row for each label set, a column for each label and query. */
export function table(options: TableOptions): Table {
  const panel = head(new Table(), options).filterable(true);
  tables(panel, options);
  const order = [...Object.keys(options.columns), ...options.queries.map(({ legend: name = VALUE }) => name)];
  panel.withTransformation({
    id: 'organize',
    options: {
      excludeByName: Object.fromEntries(['Time', ...(options.hidden ?? [])].map((name) => [name, true])),
      indexByName: Object.fromEntries(order.map((name, index) => [name, index])),
      renameByName: options.columns,
    },
  });
  // A word that looks like a number, an account's say, would be shown in the panel's unit.
  for (const column of Object.values(options.columns)) {
    panel.overrideByName(column, [{ id: 'unit', value: 'string' }]);
  }
  for (const [column, unit] of Object.entries(options.units ?? {})) {
    panel.overrideByName(column, [
      { id: 'unit', value: unit },
      { id: 'decimals', value: unit === 'percentunit' ? 1 : 0 },
    ]);
  }
  return panel.sortBy([{ build: () => ({ displayName: options.sortBy, desc: true }) }]);
}
