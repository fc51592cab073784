import { type PromtoolTest, type RuleGroup, rulesOf } from './rules.ts';
import {
  type Fact,
  type InputSeries,
  LAYOUTS,
  type Layout,
  SITUATIONS,
  type Situation,
  STEP_MINUTES,
  scrape,
} from './world.ts';

/** Facts, and what one alert makes of them. */
export interface Case {
  readonly name: string;
  readonly alert: string;
  /** Beside those of a healthy exporter, in their place where they are equal. */
  readonly facts: readonly Fact[];
  /** Hours that are gone by. Default 3. */
  readonly hours?: number;
  /** Labels of each alert that fires, without those that every one of its name has. None: it does not fire. */
  readonly firing: readonly Readonly<Record<string, string>>[];
  /** Where it is tried; default: everywhere. */
  readonly where?: (layout: Layout, situation: Situation) => boolean;
  /** What happens to the replicas, in place of the usual situations. */
  readonly situations?: readonly Situation[];
  /** Values of `prometheusRule.alerts` that differ from the defaults. */
  readonly values?: object;
}

/** The tests of a case: in every layout and situation in which it holds. */
export function testsOf(
  { name, alert, facts, hours = 3, firing, where = () => true, situations = SITUATIONS }: Case,
  base: readonly Fact[],
  groups: readonly RuleGroup[],
): PromtoolTest[] {
  const last = (hours * 60) / STEP_MINUTES;
  const rule = rulesOf(groups).find((one) => one.alert === alert);
  if (rule === undefined) throw new Error(`there is no alert ${alert}`);
  return LAYOUTS.flatMap((layout) =>
    situations
      .filter((situation) => where(layout, situation))
      .map((situation) => {
        const place = aboutExporter(alert) ? placeOf(layout) : {};
        return promtoolCase(
          `${alert}: ${name} (${layout.name}; ${situation.name})`,
          scrape([...base, ...facts], layout, situation, last),
          last,
          alert,
          firing.map((labels) => ({ ...rule.labels, ...place, ...labels })),
        );
      }),
  );
}

/** A test of promtool's that looks at one alert once. */
export function promtoolCase(
  name: string,
  series: readonly InputSeries[],
  last: number,
  alert: string,
  firing: readonly Readonly<Record<string, string>>[],
): PromtoolTest {
  return {
    name,
    interval: `${STEP_MINUTES}m`,
    input_series: series,
    alert_rule_test: [
      {
        eval_time: `${last * STEP_MINUTES}m`,
        alertname: alert,
        exp_alerts: firing.map((exp_labels) => ({ exp_labels })),
      },
    ],
  };
}

/** Alerts about money and risks are the accounts', whoever shows the figures; the others name the installation. */
function aboutExporter(alert: string): boolean {
  return !/^AwsCost(ServiceAnomaly|ForecastAboveBudget|UntaggedShareHigh|NewHighRisks)$/.test(alert);
}

function placeOf(layout: Layout): Record<string, string> {
  const { namespace, job } = layout.target(0);
  return { ...(namespace === undefined ? {} : { namespace }), ...(job === undefined ? {} : { job }) };
}

/** Rules without annotations: promtool would want their texts of every alert. */
export function bare(groups: readonly RuleGroup[]): RuleGroup[] {
  return groups.map((group) => ({
    ...group,
    rules: group.rules.map(({ annotations: _, ...rule }) => rule),
  }));
}
