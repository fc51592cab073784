// What does not fit into a table of cases: all alerts at once, two installations, long outages, weeks, and the words of the alerts.
import t, { type Test } from 'tap';
import { requireHelm } from '../helm/helm.ts';
import { requirePromtool } from '../servers/prometheus.ts';
import { bare, promtoolCase } from './case.ts';
import { dayOf, EC2, figure, healthy, PAYER, requests, self, success } from './facts.ts';
import { chartRules, needed, type PromtoolTest, promtoolTest, type RuleGroup, rulesOf } from './rules.ts';
import { HOUR, ONE, STEADY, STORIES } from './stories.ts';
import { type Fact, LAYOUTS, SITUATIONS, STEP_MINUTES, scrape } from './world.ts';

t.setTimeout(600_000);

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
  const tests = LAYOUTS.flatMap((layout, index) =>
    SITUATIONS.map((situation) => {
      // Longer than any `for`; over a midnight, and what looks a day back, once.
      const last = (index === 1 && situation === STEADY ? 30 : 8) * HOUR;
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
  await holds(t, bare(groups), tests, `${tests.length} worlds`);
});

t.test('there is no alert about two exposers where all are to expose', async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const groups = await chartRules(helm, {}, { config: { EXPOSE: 'all' } });
  const names = rulesOf(groups).map(({ alert }) => alert);
  t.notOk(names.includes('AwsCostExposedTwice'));
  t.ok(names.includes('AwsCostCollectedTwice'));
});

for (const story of STORIES) {
  t.test(story.name, async (t) => {
    const groups = await rules(t, story.values);
    if (groups === undefined) return;
    await holds(t, bare(needed(groups, story.alerts)), [story.test(groups)], story.alerts.join(', '));
  });
}

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
    [
      requests('GetCostAndUsage', 'access_denied', ({ leads, step }) => (leads ? step : 0)),
      success('cost', 'payer', 0),
    ],
    'AwsCostAccessDenied',
    { ...job, target: 'payer', operation: 'GetCostAndUsage' },
    'AWS has denied GetCostAndUsage to the target payer of costs 36 times in the last 7h, and a collector that asks for it fails.',
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
