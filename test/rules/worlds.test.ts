// What does not fit into a table of cases: all alerts at once, two installations, long outages, weeks, and the words of the alerts.
import t, { type Test } from 'tap';
import { requireHelm } from '../helm/helm.ts';
import { requirePromtool } from '../servers/prometheus.ts';
import { bare, promtoolCase } from './case.ts';
import { dayOf, EC2, figure, healthy, PAYER, requests, self, settledOn, success } from './facts.ts';
import { chartRules, needed, type PromtoolTest, promtoolTest, type RuleGroup, rulesOf } from './rules.ts';
import { type Fact, LAYOUTS, type Layout, SITUATIONS, type Situation, STEP_MINUTES, scrape } from './world.ts';

t.setTimeout(600_000);

const [ONE, THREE] = LAYOUTS as [Layout, Layout];
const STEADY = SITUATIONS[0] as Situation;
const HOUR = 60 / STEP_MINUTES;

async function rules(t: Test, alerts: object = {}): Promise<readonly RuleGroup[] | undefined> {
  const helm = await requireHelm(t);
  if (helm === undefined || requirePromtool(t) === undefined) return undefined;
  return chartRules(helm, { alerts });
}

async function holds(t: Test, groups: readonly RuleGroup[], tests: readonly PromtoolTest[], what: string) {
  const { code, stdout, stderr } = await promtoolTest(groups, tests, `${STEP_MINUTES}m`);
  t.equal(code, 0, what);
  if (code !== 0) t.comment(stdout, stderr);
}

t.test('a healthy exporter raises no alert at all, but where it is not scraped', async (t) => {
  const groups = await rules(t);
  if (groups === undefined) return;
  const alerts = rulesOf(groups).flatMap(({ alert }) => alert ?? []);
  t.ok(alerts.length > 10);
  const last = 30 * HOUR;
  const tests = LAYOUTS.flatMap((layout) =>
    SITUATIONS.map((situation) => {
      const series = scrape(healthy(), layout, situation, last);
      // Under `all` the chart leaves that alert out.
      const asked = alerts.filter((alert) => layout.expose === 'leader' || alert !== 'AwsCostExposedTwice');
      return {
        ...promtoolCase(`${layout.name}; ${situation.name}`, series, last, '', []),
        alert_rule_test: asked.map((alertname) => ({
          eval_time: `${last * STEP_MINUTES}m`,
          alertname,
          exp_alerts:
            alertname === 'AwsCostExporterAbsent' && situation.name.includes('down')
              ? [{ exp_labels: { severity: 'critical' } }]
              : [],
        })),
      };
    }),
  );
  await holds(t, bare(groups), tests, `${tests.length} worlds of 30 hours`);
});

t.test('there is no alert about two exposers where all are to expose', async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const groups = await chartRules(helm, {}, { config: { EXPOSE: 'all' } });
  const names = rulesOf(groups).map(({ alert }) => alert);
  t.notOk(names.includes('AwsCostExposedTwice'));
  t.ok(names.includes('AwsCostCollectedTwice'));
});

t.test('of two installations the one that is gone is named', async (t) => {
  const groups = await rules(t);
  if (groups === undefined) return;
  const other: Layout = {
    ...ONE,
    target: (pod) => ({ ...ONE.target(pod), namespace: 'staging', job: 'costs-staging' }),
  };
  const gone: Situation = { ...STEADY, up: (step, last) => (step > last - 6 ? [] : [0]) };
  const last = 3 * HOUR;
  const series = [...scrape(healthy(), ONE, STEADY, last), ...scrape(healthy(), other, gone, last)];
  const at = (hours: number, exp_alerts: object[]) => ({
    eval_time: `${hours * 60}m`,
    alertname: 'AwsCostExporterAbsent',
    exp_alerts,
  });
  const labels = { exp_labels: { severity: 'critical', namespace: 'staging', job: 'costs-staging' } };
  const test = { ...promtoolCase('two', series, last, '', []), alert_rule_test: [at(2, []), at(3, [labels])] };
  await holds(t, bare(needed(groups, ['AwsCostExporterAbsent'])), [test], 'named once, and only once it is gone');
});

t.test('an alert about money outlives an outage of six hours, and no longer one', async (t) => {
  const budgets = { [PAYER]: 800 };
  const groups = await rules(t, { AwsCostForecastAboveBudget: { budgets } });
  if (groups === undefined) return;
  const facts = [
    ...healthy(),
    ...dayOf(EC2, PAYER, 500, 100),
    figure('aws_cost_untagged_ratio', { tag_key: 'Team', account_id: PAYER }, 0.9),
    success('cost', 'payer', 0),
  ];
  const outage: Situation = { ...STEADY, up: (step) => (step <= 8 * HOUR ? [0, 1, 2] : []) };
  const series = scrape(facts, THREE, outage, 16 * HOUR);
  const fires = {
    AwsCostServiceAnomaly: { service: EC2, account_id: PAYER },
    AwsCostForecastAboveBudget: { account_id: PAYER },
    AwsCostUntaggedShareHigh: { tag_key: 'Team', account_id: PAYER },
    AwsCostCollectorFailing: { collector: 'cost', target: 'payer', namespace: 'finops', job: 'costs' },
  };
  const alert_rule_test = Object.entries(fires).flatMap(([alertname, labels]) => {
    const severity = rulesOf(groups).find(({ alert }) => alert === alertname)?.labels?.severity;
    const alert = { exp_labels: { ...labels, severity } };
    return [
      { eval_time: '8h', alertname, exp_alerts: [alert] },
      { eval_time: '13h55m', alertname, exp_alerts: [alert] },
      { eval_time: '14h10m', alertname, exp_alerts: [] },
    ];
  });
  const test = { ...promtoolCase('outage', series, 16 * HOUR, '', []), alert_rule_test };
  await holds(t, bare(needed(groups, Object.keys(fires))), [test], 'four alerts');
});

t.test('what comes every week is no anomaly the second time, whatever the day of the evaluation', async (t) => {
  const groups = await rules(t);
  if (groups === undefined) return;
  // Midnight publishes the next settled day: of day 10 on the second, and so on. Days 10 and 17 are expensive, so is 19.
  const day = ({ step }: { step: number }) => 9 + Math.floor(step / (24 * HOUR));
  const facts = [
    ...healthy(),
    ...dayOf(EC2, PAYER, (place) => ([10, 17, 19].includes(day(place)) ? 400 : 100), 100),
    ...settledOn(day),
  ];
  const last = 12 * 24 * HOUR;
  const at = (dayOfMonth: number, exp_alerts: object[]) => ({
    eval_time: `${(dayOfMonth - 9) * 24 + 12}h`,
    alertname: 'AwsCostServiceAnomaly',
    exp_alerts,
  });
  const fires = [{ exp_labels: { severity: 'warning', service: EC2, account_id: PAYER } }];
  const test = {
    ...promtoolCase('weeks', scrape(facts, ONE, STEADY, last), last, '', []),
    alert_rule_test: [at(9, []), at(10, fires), at(11, []), at(17, []), at(18, []), at(19, fires), at(20, [])],
  };
  await holds(t, bare(needed(groups, ['AwsCostServiceAnomaly'])), [test], 'twelve days');
});

t.test('the words: figures with their units, and where to read on', async (t) => {
  const groups = await rules(t, { AwsCostForecastAboveBudget: { budgets: { [PAYER]: 800 } } });
  if (groups === undefined) return;
  const last = 3 * HOUR;
  const words = async (facts: readonly Fact[], alertname: string, labels: object, description: string) => {
    const rule = rulesOf(groups).find(({ alert }) => alert === alertname);
    const alert = {
      exp_labels: { ...rule?.labels, ...labels },
      exp_annotations: { ...rule?.annotations, description },
    };
    const test = {
      ...promtoolCase(alertname, scrape([...healthy(), ...facts], ONE, STEADY, last), last, '', []),
      alert_rule_test: [{ eval_time: '3h', alertname, exp_alerts: [alert] }],
    };
    const wanted = [...needed(groups, [alertname]), ...currencyRule(groups)];
    await holds(t, wanted, [test], alertname);
  };
  const job = { namespace: 'finops', job: 'costs' };
  await words(
    dayOf(EC2, PAYER, 500, 100),
    'AwsCostServiceAnomaly',
    { service: EC2, account_id: PAYER },
    `${EC2} in account ${PAYER} cost 500.00 USD on 1970-01-15: more than 2 times its median of the 7 days before, and at least 50 more.`,
  );
  await words(
    [figure('aws_cost_currency_info', { account_id: PAYER, currency: 'EUR' }, 1)],
    'AwsCostForecastAboveBudget',
    { account_id: PAYER },
    `Account ${PAYER} is expected to have cost 900.00 of the billing currency by the end of the month: more than its budget.`,
  );
  await words(
    [requests('GetCostAndUsage', 'access_denied', ({ leads, step }) => (leads ? step : 0)), success('cost', 'payer', 0)],
    'AwsCostAccessDenied',
    { ...job, target: 'payer', operation: 'GetCostAndUsage' },
    'AWS has denied GetCostAndUsage to the target payer of costs 36 times in the last 7h, and a collector of that target fails.',
  );
  await words(
    [self('exposing', {}, 0)],
    'AwsCostNoneExposing',
    job,
    '0 of the replicas of costs show the cost families: each leaves them to another one. A takeover takes 30 seconds at most.',
  );
  await words(
    [self('aws_spend_usd_total', { target: 'payer' }, ({ step }) => step * 0.025)],
    'AwsCostExporterSpendNearBudget',
    job,
    'costs has spent 0.93 USD on AWS requests since midnight UTC, more than 0.8 of AWS_SPEND_BUDGET_USD. Above the budget nothing is bought until midnight UTC.',
  );
});

function currencyRule(groups: readonly RuleGroup[]): RuleGroup[] {
  const rule = rulesOf(groups).find(({ record }) => record === 'currency:aws_cost_currency_info:only');
  return rule === undefined ? [] : [{ name: 'currency', rules: [rule] }];
}
