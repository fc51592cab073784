import type { Dashboard, Panel, VariableModel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';

/** What the viewer has chosen: the values of a variable; all of them where it is not named. */
export type Choice = Readonly<Record<string, readonly string[]>>;

/** The panels of a dashboard without its headings. */
export function panelsOf({ panels = [] }: Dashboard): Panel[] {
  return panels.filter(({ type }) => type !== 'row') as Panel[];
}

/** The queries of a panel. */
export function queriesOf({ targets = [] }: Panel): Dataquery[] {
  return targets as Dataquery[];
}

export function variablesOf({ templating }: Dashboard): VariableModel[] {
  return templating?.list ?? [];
}

/** What Grafana puts before characters that mean something in a regular expression. */
const inRegex = (value: string) =>
  value.replaceAll('\\', '\\\\\\\\').replaceAll(/[$^*{}[\]+?.()|]/g, '\\\\$&');

function chosenOf(
  { multi, includeAll, allValue }: VariableModel,
  chosen: readonly string[] | undefined,
): string {
  if (chosen === undefined && includeAll) return allValue ?? '';
  const values = chosen ?? [];
  if (!multi && !includeAll) return (values[0] ?? '').replaceAll('\\', '\\\\').replaceAll("'", "\\\\'");
  if (values.length === 1) return inRegex(values[0] ?? '');
  return `(${values.map(inRegex).join('|')})`;
}

/**
 * A query as Grafana's Prometheus data source sends it (as its version 13 escapes): variables in place, those it does not know as they are.
 * The scrape interval of the query is 2m, its `$__rate_interval` four times that.
 */
export function interpolated(text: string, variables: readonly VariableModel[], choice: Choice): string {
  const known = new Map(variables.map((variable) => [variable.name, variable]));
  return text.replaceAll(/\$(\w+)/g, (whole, name: string) => {
    if (name === '__rate_interval') return '8m';
    const variable = known.get(name);
    return variable === undefined ? whole : chosenOf(variable, choice[name]);
  });
}

/** An option of a variable, as the viewer sees it and as queries get it. */
export interface Option {
  readonly text: string;
  readonly value: string;
}

/** The options of a query variable, as Grafana makes them of Prometheus' answer. */
export async function optionsOf(
  url: string,
  variable: VariableModel,
  variables: readonly VariableModel[],
): Promise<Option[]> {
  const { query } = variable.query as { query: string };
  const asked = interpolated(query, variables, {});
  const [, expr] = /^query_result\((.*)\)$/.exec(asked) ?? [];
  const [, series = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(asked) ?? [];
  const texts =
    expr === undefined
      ? await get<string[]>(
          `${url}/api/v1/label/${label}/values?${new URLSearchParams({ 'match[]': series })}`,
        )
      : (
          await get<{ result: Series[] }>(`${url}/api/v1/query?${new URLSearchParams({ query: expr })}`)
        ).result.map(asText);
  const regex = variable.regex ? new RegExp(variable.regex.slice(1, -1)) : undefined;
  const options = texts.flatMap((text): Option[] => {
    if (regex === undefined) return [{ text, value: text }];
    const found = regex.exec(text);
    if (found === null) return [];
    const { text: shown, value } = found.groups ?? {};
    const first = found[1] ?? '';
    return [{ text: shown ?? value ?? first, value: value ?? shown ?? first }];
  });
  return options.toSorted((one, other) => one.text.localeCompare(other.text));
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

/** How the data source writes a series for a variable's regular expression: nothing in the values is escaped. */
function asText({ metric, value: [time, value] }: Series): string {
  const labels = Object.entries(metric).map(([label, text]) => `${label}="${text}"`);
  return `{${labels.join(',')}} ${value} ${time * 1000}`;
}

async function get<Data>(url: string): Promise<Data> {
  const answer = (await (await fetch(url)).json()) as { status: string; error?: string; data: Data };
  if (answer.status !== 'success') throw new Error(`${url}: ${answer.error}`);
  return answer.data;
}
