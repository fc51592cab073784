import type { Panel, VariableModel } from '@grafana/grafana-foundation-sdk/dashboard';
import { type Choice, interpolated, queriesOf } from '../../test/dashboards/grafana.ts';
import type { Prometheus, QueryResult } from '../../test/servers/prometheus.ts';

/** What one query of a panel has returned. */
export interface Answer {
  readonly legend: string;
  readonly series: readonly QueryResult[];
}

/** A panel with the answers to its queries. */
export interface Answered {
  readonly panel: Panel;
  /** Its title, variables in place. */
  readonly title: string;
  /** Its unit: the currency's own, where its queries say which. */
  readonly unit: string;
  readonly answers: readonly Answer[];
}

/** Asks a panel's queries as Grafana would. @throws Error with Prometheus' words. */
export async function answered(
  panel: Panel,
  prometheus: Prometheus,
  variables: readonly VariableModel[],
  choice: Choice,
): Promise<Answered> {
  let unit = panel.fieldConfig?.defaults?.unit ?? '';
  const answers: Answer[] = [];
  for (const { expr, refId, legendFormat = '' } of queriesOf(panel)) {
    const series = await prometheus.query(interpolated(expr, variables, choice));
    if (refId === 'currency') unit = series[0]?.metric.unit ?? unit;
    else answers.push({ legend: legendFormat, series });
  }
  const title = (panel.title ?? '').replaceAll(/\$(\w+)/g, (whole, name) => choice[name]?.[0] ?? whole);
  return { panel, title, unit, answers };
}

/** A legend with the labels of a series in place. */
export function legendOf(legend: string, { metric }: QueryResult): string {
  return legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? '');
}

/** A value in one of the units that the dashboards use. */
export function shown(value: number, unit: string, decimals?: number | null): string {
  const digits = (least: number, most: number) =>
    value.toLocaleString('en-US', {
      minimumFractionDigits: decimals ?? least,
      maximumFractionDigits: decimals ?? most,
    });
  if (unit.startsWith('currency:financial:'))
    return `${unit.slice('currency:financial:'.length)}${digits(0, 1)}`;
  if (unit === 'currencyUSD') return `$${digits(2, 2)}`;
  if (unit === 'percentunit') return `${(value * 100).toFixed(decimals ?? 1)} %`;
  if (unit === 'percent') return `${value.toFixed(decimals ?? 0)} %`;
  if (unit === 's') return value < 120 ? `${value.toFixed(1)} s` : `${(value / 60).toFixed(0)} min`;
  return digits(0, 1);
}

/** Text as HTML. */
export const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
