// The chart's rules as Prometheus gets them, and promtool's word on them.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { mustRender, one } from '../helm/helm.ts';
import { type Ran, run } from '../servers/process.ts';

/** An alerting or a recording rule. */
export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly interval?: string;
  readonly rules: readonly Rule[];
}

/** The rule groups that the chart makes of some values of `prometheusRule`, `values` beside it. */
export async function chartRules(
  helm: string,
  prometheusRule: object = {},
  values: object = {},
): Promise<readonly RuleGroup[]> {
  const manifests = await mustRender(helm, {
    values: { ...values, prometheusRule: { enabled: true, ...prometheusRule } },
    args: ['--show-only', 'templates/prometheusrule.yaml'],
  });
  return one(manifests, 'PrometheusRule').spec.groups;
}

/** The rules of all groups. */
export function rulesOf(groups: readonly RuleGroup[]): readonly Rule[] {
  return groups.flatMap(({ rules }) => rules);
}

/** The rules that some alerts need, and no others: those alerts, and the recording rules that they read, by way of others too. */
export function needed(groups: readonly RuleGroup[], alerts: readonly string[]): RuleGroup[] {
  const all = rulesOf(groups);
  const wanted = new Set<Rule>();
  const add = (rule: Rule) => {
    if (wanted.has(rule)) return;
    wanted.add(rule);
    for (const other of all) {
      if (other.record !== undefined && reads(rule.expr, other.record)) add(other);
    }
  };
  for (const rule of all) if (rule.alert !== undefined && alerts.includes(rule.alert)) add(rule);
  return groups
    .map((group) => ({ ...group, rules: group.rules.filter((rule) => wanted.has(rule)) }))
    .filter(({ rules }) => rules.length > 0);
}

function reads(expr: string, metric: string): boolean {
  return new RegExp(`(?<![\\w:])${metric}(?![\\w:])`).test(expr);
}

/** One test of promtool's: what is scraped, and which alerts fire when. */
export interface PromtoolTest {
  readonly name: string;
  readonly interval: string;
  readonly input_series: readonly { readonly series: string; readonly values: string }[];
  readonly alert_rule_test?: readonly object[];
  readonly promql_expr_test?: readonly object[];
}

/** Runs `promtool test rules`; with exit code 0 all that was expected was found. */
export async function promtoolTest(
  groups: readonly RuleGroup[],
  tests: readonly PromtoolTest[],
  interval: string,
): Promise<Ran> {
  const folder = await mkdtemp(join(tmpdir(), 'rules-test-'));
  try {
    await writeFile(join(folder, 'rules.yaml'), stringify({ groups }));
    // Loading what no rule reads takes most of the time.
    const words = new Set(rulesOf(groups).flatMap(({ expr }) => expr.match(/[a-z_]\w*/g) ?? []));
    const file = {
      rule_files: ['rules.yaml'],
      evaluation_interval: interval,
      group_eval_order: groups.map(({ name }) => name),
      tests: tests.map(({ input_series, ...test }) => ({
        ...test,
        input_series: input_series.filter(({ series }) => words.has(series.slice(0, series.indexOf('{')))),
      })),
    };
    // YAML takes JSON as it is.
    await writeFile(join(folder, 'tests.yaml'), JSON.stringify(file));
    return await run('promtool', ['test', 'rules', join(folder, 'tests.yaml')]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
