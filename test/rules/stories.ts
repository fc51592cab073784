// What takes longer, or more than one installation, to tell than a case can: each with the answers of several hours.
import { promtoolCase } from './case.ts';
import { dayOf, EC2, figure, healthy, highRisks, PAYER, settledOn, success } from './facts.ts';
import { type PromtoolTest, type RuleGroup, rulesOf } from './rules.ts';
import {
  type InputSeries,
  LAYOUTS,
  type Layout,
  SITUATIONS,
  type Situation,
  STEP_MINUTES,
  scrape,
} from './world.ts';

export const [ONE, THREE] = LAYOUTS as [Layout, Layout];
export const STEADY = SITUATIONS[0] as Situation;
export const HOUR = 60 / STEP_MINUTES;

export interface Story {
  readonly name: string;
  readonly alerts: readonly string[];
  /** Values of `prometheusRule.alerts` that differ from the defaults. */
  readonly values?: object;
  test(groups: readonly RuleGroup[]): PromtoolTest;
}

type Labels = Readonly<Record<string, string>>;

/** A test that asks for alerts at some hours: `[hours, alert, what fires]`. */
function telling(
  groups: readonly RuleGroup[],
  name: string,
  series: readonly InputSeries[],
  answers: readonly (readonly [hours: number, alert: string, firing: readonly Labels[]])[],
): PromtoolTest {
  const severity = (alert: string) => rulesOf(groups).find((rule) => rule.alert === alert)?.labels?.severity;
  return {
    ...promtoolCase(name, series, 0, '', []),
    alert_rule_test: answers.map(([hours, alertname, firing]) => ({
      eval_time: `${hours * 60}m`,
      alertname,
      exp_alerts: firing.map((labels) => ({ exp_labels: { severity: severity(alertname), ...labels } })),
    })),
  };
}

const twoInstallations: Story = {
  name: 'of two installations the one that is gone is named, and only once it is gone',
  alerts: ['AwsCostExporterAbsent'],
  test(groups) {
    const other: Layout = {
      ...ONE,
      target: (pod) => ({ ...ONE.target(pod), namespace: 'staging', job: 'costs-staging' }),
    };
    const gone: Situation = { ...STEADY, up: (step, last) => (step > last - 6 ? [] : [0]) };
    const last = 3 * HOUR;
    const series = [...scrape(healthy(), ONE, STEADY, last), ...scrape(healthy(), other, gone, last)];
    return telling(groups, this.name, series, [
      [2, 'AwsCostExporterAbsent', []],
      [3, 'AwsCostExporterAbsent', [{ namespace: 'staging', job: 'costs-staging' }]],
    ]);
  },
};

const gone: Story = {
  name: 'the only exporter is gone',
  alerts: ['AwsCostExporterAbsent'],
  test(groups) {
    const outage: Situation = { ...STEADY, up: (step) => (step <= HOUR ? [0, 1, 2] : []) };
    const series = scrape(healthy(), THREE, outage, 10 * HOUR);
    return telling(groups, this.name, series, [
      [1, 'AwsCostExporterAbsent', []],
      [2, 'AwsCostExporterAbsent', [{}]],
      [10, 'AwsCostExporterAbsent', [{}]],
    ]);
  },
};

const FIRES: readonly (readonly [string, Labels])[] = [
  ['AwsCostServiceAnomaly', { service: EC2, account_id: PAYER }],
  ['AwsCostForecastAboveBudget', { account_id: PAYER }],
  ['AwsCostUntaggedShareHigh', { tag_key: 'Team', account_id: PAYER }],
  ['AwsCostCollectorFailing', { collector: 'cost', target: 'payer', namespace: 'finops', job: 'costs' }],
];

const longOutage: Story = {
  name: 'what fires outlives an outage of six hours, and no longer one',
  alerts: FIRES.map(([alert]) => alert),
  values: { AwsCostForecastAboveBudget: { budgets: { [PAYER]: 800 } } },
  test(groups) {
    const facts = [
      ...healthy(),
      ...dayOf(EC2, PAYER, 500, 100),
      figure('aws_cost_untagged_ratio', { tag_key: 'Team', account_id: PAYER }, 0.9),
      success('cost', 'payer', 0),
    ];
    const outage: Situation = { ...STEADY, up: (step) => (step <= 8 * HOUR ? [0, 1, 2] : []) };
    const answers = FIRES.flatMap(
      ([alert, labels]) =>
        [
          [8, alert, [labels]],
          [14 - 1 / 12, alert, [labels]],
          [14 + 1 / 6, alert, []],
        ] as const,
    );
    return telling(groups, this.name, scrape(facts, THREE, outage, 16 * HOUR), answers);
  },
};

const afterTheOutage: Story = {
  name: 'what is over when the exporter is back ends at once',
  alerts: FIRES.map(([alert]) => alert),
  values: { AwsCostForecastAboveBudget: { budgets: { [PAYER]: 800 } } },
  test(groups) {
    const before =
      (first: number, later: number) =>
      ({ step }: { step: number }) =>
        step <= 8 * HOUR ? first : later;
    const facts = [
      ...healthy(),
      ...dayOf(EC2, PAYER, before(500, 100), 100),
      figure('aws_cost_forecast_month_end', { account_id: PAYER }, before(900, 700)),
      figure('aws_cost_untagged_ratio', { tag_key: 'Team', account_id: PAYER }, before(0.9, 0.1)),
      success('cost', 'payer', before(0, 1)),
    ];
    const outage: Situation = {
      ...STEADY,
      up: (step) => (step <= 8 * HOUR || step > 10 * HOUR ? [0, 1, 2] : []),
    };
    const answers = FIRES.flatMap(
      ([alert, labels]) =>
        [
          [9, alert, [labels]],
          [10 + 1 / 6, alert, []],
        ] as const,
    );
    return telling(groups, this.name, scrape(facts, THREE, outage, 12 * HOUR), answers);
  },
};

const everyWeek: Story = {
  name: 'what comes every week is no anomaly the second time, whatever the day of the evaluation',
  alerts: ['AwsCostServiceAnomaly'],
  test(groups) {
    // Midnight publishes the next settled day. Days 10 and 17 are expensive, so is 19.
    const day = ({ step }: { step: number }) => 9 + Math.floor(step / (24 * HOUR));
    const facts = [
      ...healthy(),
      ...dayOf(EC2, PAYER, (place) => ([10, 17, 19].includes(day(place)) ? 400 : 100), 100),
      ...settledOn(day),
    ];
    const fires = [{ service: EC2, account_id: PAYER }];
    const at = (dayOfMonth: number, firing: Labels[]) =>
      [(dayOfMonth - 9) * 24 + 12, 'AwsCostServiceAnomaly', firing] as const;
    return telling(groups, this.name, scrape(facts, ONE, STEADY, 12 * 24 * HOUR), [
      at(9, []),
      at(10, fires),
      at(11, []),
      at(17, []),
      at(18, []),
      at(19, fires),
      at(20, []),
    ]);
  },
};

const overTheWeekend: Story = {
  name: 'new high risks, and those of a new pillar, are seen after a day without an exporter too',
  alerts: ['AwsCostNewHighRisks'],
  test(groups) {
    const outage: Situation = { ...STEADY, up: (step) => (step <= 3 * HOUR || step > 40 * HOUR ? [0] : []) };
    const facts = [
      ...healthy(),
      highRisks('security', ({ step }) => (step > 40 * HOUR ? 3 : 2)),
      highRisks('sustainability', ({ step }) => (step > 40 * HOUR ? 1 : undefined)),
    ];
    const fires = ['security', 'sustainability'].map((pillar) => ({ pillar, account_id: PAYER }));
    return telling(groups, this.name, scrape(facts, ONE, outage, 42 * HOUR), [
      [42, 'AwsCostNewHighRisks', fires],
    ]);
  },
};

const mendedInTheOutage: Story = {
  name: 'new high risks that are mended, or gone, when the exporter is back are none any more',
  alerts: ['AwsCostNewHighRisks'],
  test(groups) {
    const outage: Situation = { ...STEADY, up: (step) => (step <= 26 * HOUR || step > 28 * HOUR ? [0] : []) };
    const risen = ({ step }: { step: number }) => step > 25 * HOUR && step <= 26 * HOUR;
    const facts = [
      ...healthy(),
      highRisks('security', (place) => (risen(place) ? 4 : 2)),
      highRisks('reliability', (place) => (risen(place) ? 4 : place.step > 28 * HOUR ? undefined : 2)),
    ];
    const fires = ['security', 'reliability'].map((pillar) => ({ pillar, account_id: PAYER }));
    return telling(groups, this.name, scrape(facts, ONE, outage, 30 * HOUR), [
      [27, 'AwsCostNewHighRisks', fires],
      [28 + 1 / 6, 'AwsCostNewHighRisks', []],
    ]);
  },
};

export const STORIES: readonly Story[] = [
  twoInstallations,
  gone,
  longOutage,
  afterTheOutage,
  everyWeek,
  overTheWeekend,
  mendedInTheOutage,
];
