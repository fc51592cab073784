// The rules themselves: well-formed, about families that there are, each alert with its runbook, one source for all files.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { keptRules, plainRules } from '../../scripts/rules.ts';
import { render, requireHelm } from '../helm/helm.ts';
import { run } from '../servers/process.ts';
import { requirePromtool } from '../servers/prometheus.ts';
import { chartRules, rulesOf } from './rules.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const RUNBOOKS = readdirSync(join(ROOT, 'docs/runbooks')).filter((name) => name !== 'README.md');
t.setTimeout(300_000);

t.test('the file for a Prometheus without Kubernetes is what the chart makes of its defaults', async (t) => {
  if ((await requireHelm(t)) === undefined) return;
  t.equal(keptRules(), await plainRules(), 'else: npm run rules');
});

t.test('promtool has nothing to say against the rules, nor against those of other values', async (t) => {
  const promtool = requirePromtool(t);
  const helm = await requireHelm(t);
  if (helm === undefined || promtool === undefined) return;
  const files = readdirSync(join(ROOT, 'compose/prometheus/rules')).map((name) =>
    join(ROOT, 'compose/prometheus/rules', name),
  );
  const folder = t.testdir();
  const values = [
    { alerts: { AwsCostForecastAboveBudget: { budgets: { '111122223333': 5000, default: 1e6 } } } },
    { alerts: { AwsCostServiceAnomaly: { excludedServices: 'a\\.b"c|d' } }, interval: '1m', holdFor: '90m' },
    {
      alerts: {
        AwsCostDataStale: { maxAgeSeconds: Object.fromEntries(COLLECTORS.map((one) => [one, null])) },
      },
    },
    {
      additionalGroups: [{ name: 'own', rules: [{ record: 'a:b:c', expr: '1' }] }],
      alertLabels: { team: 'finops' },
    },
  ];
  for (const [index, value] of values.entries()) {
    const file = join(folder, `${index}.yaml`);
    writeFileSync(file, JSON.stringify({ groups: await chartRules(helm, value) }));
    files.push(file);
  }
  for (const file of files) {
    const { code, stdout, stderr } = await run(promtool, ['check', 'rules', '--lint-fatal', file]);
    t.equal(code, 0, file, { output: stdout + stderr });
  }
});

const COLLECTORS = ['cost', 'forecast', 'tags', 'optimization', 'well-architected'];

t.test('rules read families that the exporter has, and series that other rules record', async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const rules = rulesOf(await chartRules(helm));
  const families = new Set([...read('docs/metrics.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name));
  const records = new Set(rules.map(({ record }) => record));
  // Recorded by whoever gives a budget, or a limit for a tag key.
  const given = new Set(['account:aws_cost_budget:limit', 'tag_key:aws_cost_untagged_ratio:limit']);
  let found = 0;
  for (const { expr, alert, record } of rules) {
    const words = expr.replaceAll(/"[^"]*"/g, '').match(/[a-z_]\w*(:\w+)*/g) ?? [];
    for (const name of words.filter((word) => word.includes(':') || /^(aws|process)_/.test(word))) {
      found++;
      t.ok(families.has(name) || records.has(name) || given.has(name), `${alert ?? record}: ${name}`);
    }
  }
  t.ok(found > 60);
  t.ok([...records].filter((name) => name !== undefined).every((name) => /^\w+:\w+:\w+$/.test(name)));
});

t.test('each alert has words, a severity and a runbook, and no runbook is without an alert', async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const alerts = rulesOf(await chartRules(helm, { runbookUrl: 'https://example.com/runbooks/' })).filter(
    ({ alert }) => alert !== undefined,
  );
  t.same(RUNBOOKS.toSorted(), alerts.map(({ alert }) => `${alert}.md`).toSorted());
  const index = read('docs/runbooks/README.md');
  for (const { alert, annotations, labels, for: time } of alerts) {
    const { summary, description, runbook_url } = annotations ?? {};
    t.match(summary, /^[A-Z].+\.$/, `${alert}: summary`);
    t.match(description, alert === 'AwsCostExporterAbsent' ? /replicas/ : /\$value/, `${alert}: its figure`);
    t.equal(runbook_url, `https://example.com/runbooks/${alert}.md`);
    t.match(labels?.severity, /^(critical|warning|info)$/);
    t.match(time, /^\d+[mh]$/);
    const page = read(`docs/runbooks/${alert}.md`);
    t.match(page, new RegExp(`^# ${alert}\n\n## Meaning\n\n[^]+\n## How to look\n\n[^]+\n## What to do\n\n`));
    t.ok(index.includes(`(${alert}.md)`), `${alert} is in the index`);
  }
});

t.test('links between runbooks, and what they name, are there', async (t) => {
  const promql = [...read('docs/metrics.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name ?? '');
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const records = rulesOf(await chartRules(helm)).map(({ record }) => record);
  for (const name of [...RUNBOOKS, 'README.md']) {
    const page = read(`docs/runbooks/${name}`);
    for (const [, link = ''] of page.matchAll(/\]\(([^)#]+)\)/g)) {
      t.doesNotThrow(() => readFileSync(join(ROOT, 'docs/runbooks', link)), `${name}: ${link}`);
    }
    for (const [word] of page.matchAll(
      /\b[a-z_]+:aws_\w+:\w+|\baws_(?:cost|optimization|tag|wellarchitected|account)_\w+/g,
    )) {
      const known = records.includes(word) || promql.includes(word) || /:limit$/.test(word);
      t.ok(known || records.some((record) => record?.startsWith(word)), `${name}: ${word}`);
    }
  }
});

t.test('what is wrong is refused, and the sentence says what to write', async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const refusals: [object, RegExp][] = [
    [
      { AwsCostExporterAbsent: { for: 'soon' } },
      /AwsCostExporterAbsent\.for is "soon": it must be a duration/,
    ],
    [
      { AwsCostExporterAbsent: { ratio: 2 } },
      /ratio is no value of this alert: write one of enabled, severity, for/,
    ],
    [
      { AwsCostServiceAnomaly: { ratio: -1 } },
      /ratio is -1: it must be a number, 0 or more of at most 6 decimals; write e\.g\. ratio: 2/,
    ],
    [{ AwsCostServiceAnomaly: { excludedServices: '(' } }, /error parsing regexp/],
    [
      { AwsCostForecastAboveBudget: { budgets: { payer: 3 } } },
      /"payer" must be an account of 12 digits in quotes/,
    ],
    [
      { AwsCostForecastAboveBudget: { budgets: { '111122223333': '5,000' } } },
      /111122223333 is "5,000": it must be a number/,
    ],
    [{ AwsCostUntaggedShareHigh: { limits: { Team: 30 } } }, /Team is 30: it must be a number from 0 to 1/],
    [{ AwsCostDataStale: { maxAgeSeconds: { costs: 3 } } }, /"costs" must be a collector/],
    [{ AwsCostNope: { enabled: false } }, /AwsCostNope/],
    [
      { AwsCostNoFigures: { for: '30m1h' } },
      /for is "30m1h": it must be a duration .+ write e\.g\. for: 1h30m/,
    ],
    [{ AwsCostNoFigures: { for: '' } }, /AwsCostNoFigures\.for is empty: write/],
    [
      { AwsCostAccessDenied: { window: '0s' } },
      /AwsCostAccessDenied\.window is 0s: .+ write e\.g\. window: 3h/,
    ],
    [
      { AwsCostServiceAnomaly: { ratio: null } },
      /AwsCostServiceAnomaly\.ratio is missing: write e\.g\. ratio: 2/,
    ],
    [
      { AwsCostServiceAnomaly: { excludedServices: '(?!a)b' } },
      /look neither ahead nor behind; write e\.g\./,
    ],
    [{ AwsCostServiceAnomaly: null }, /AwsCostServiceAnomaly/],
  ];
  for (const [alerts, words] of refusals) {
    const { refusal } = await render(helm, { values: { prometheusRule: { alerts } } });
    t.match(refusal, words, JSON.stringify(alerts));
  }
  const others: [object, RegExp][] = [
    [{ holdFor: '0s' }, /holdFor is "0s": .+ write e\.g\. holdFor: 6h/],
    [{ alertLabels: { 'bad-label': 'x' } }, /"bad-label" is no label of Prometheus/],
    [{ alertAnnotations: { 'bad-name': 'x' } }, /"bad-name" is no name of an annotation/],
    [{ alertAnnotations: { dash: '{{ $labels.nope }' } }, /alertAnnotations\.dash is .+ not closed; write/],
    [{ alertLabels: { dash: '{{ $labels.nope' } }, /alertLabels\.dash is .+ not closed; write/],
    ...['limits', 'figures', 'conditions', 'alerts'].map((name): [object, RegExp] => [
      { additionalGroups: [{ name: `aws-cost-exporter.${name}`, rules: [] }] },
      /additionalGroups\[0\]\.name is .+, which is taken: write another name/,
    ]),
    [
      { additionalGroups: ['own', 'own'].map((name) => ({ name, rules: [] })) },
      /additionalGroups\[1\]\.name is own/,
    ],
  ];
  for (const [prometheusRule, words] of others) {
    const { refusal } = await render(helm, { values: { prometheusRule } });
    t.match(refusal, words, JSON.stringify(prometheusRule));
  }
});

t.test('limits that the values leave empty follow the intervals of `config`', async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const limits = async (config: object, alerts: object = {}) => {
    const rules = rulesOf(await chartRules(helm, { alerts }, { config }));
    const window = (name: string) =>
      / increase\(.+\[(\w+)\]\)/.exec(
        rules.find((one) => (one.alert ?? one.record) === name)?.expr ?? '',
      )?.[1];
    const ages = rules.filter(({ record }) => record === 'collector:aws_cost_exporter_age_seconds:limit');
    return {
      ...Object.fromEntries(
        ages.map(({ labels, expr }) => [labels?.collector, Number(/\d+/.exec(expr)?.[0])]),
      ),
      denied: window('operation:aws_cost_exporter_aws_requests_denied:increase'),
      budget: window('AwsCostExporterBudgetExhausted'),
    };
  };
  const usual = {
    cost: 10_800,
    forecast: 10_800,
    tags: 10_800,
    optimization: 21_600,
    'well-architected': 64_800,
    denied: '7h',
    budget: '3h',
  };
  t.same(await limits({}), usual);
  t.same(await limits({ COST_INTERVAL: '12h' }), { ...usual, cost: 129_600, denied: '13h', budget: '13h' });
  t.same(await limits({ TAGS_INTERVAL: '150m' }), { ...usual, tags: 27_000, budget: '210m' });
  t.same(
    await limits({
      FORECAST_INTERVAL: '1d',
      WELLARCHITECTED_INTERVAL: '1m',
      OPTIMIZATION_INTERVAL: '90001s',
    }),
    {
      ...usual,
      forecast: 259_200,
      'well-architected': 10_800,
      optimization: 270_003,
      denied: '93601s',
      budget: '93601s',
    },
  );
  const own = {
    AwsCostDataStale: { maxAgeSeconds: { cost: 50_000 } },
    AwsCostAccessDenied: { window: '2d' },
    AwsCostExporterBudgetExhausted: { window: '20h' },
  };
  const wide = { COST_INTERVAL: '12h' };
  t.same(await limits(wide, own), { ...usual, cost: 50_000, denied: '2d', budget: '20h' });
  t.same(
    await limits({}, { AwsCostDataStale: { maxAgeSeconds: { tags: null } } }),
    (({ tags: _, ...rest }) => rest)(usual),
  );
  const refusals: [object, RegExp][] = [
    [
      { AwsCostDataStale: { maxAgeSeconds: { cost: 43_200 } } },
      /maxAgeSeconds\.cost is 43200, .+ write more than 43200/,
    ],
    [{ AwsCostAccessDenied: { window: '12h' } }, /AwsCostAccessDenied\.window is 12h, .+ write a longer one/],
    [
      { AwsCostExporterBudgetExhausted: { window: '3h' } },
      /BudgetExhausted\.window is 3h, .+ write a longer one/,
    ],
  ];
  for (const [alerts, words] of refusals) {
    const { refusal } = await render(helm, { values: { config: wide, prometheusRule: { alerts } } });
    t.match(refusal, words, JSON.stringify(alerts));
  }
});

t.test(
  'alerts can be switched off, labelled and tuned; without the operator there is no PrometheusRule',
  async (t) => {
    const helm = await requireHelm(t);
    if (helm === undefined) return;
    const groups = await chartRules(helm, {
      alerts: { AwsCostNewHighRisks: { enabled: false }, AwsCostNoFigures: { for: '2d', severity: 'page' } },
      alertLabels: { team: 'finops' },
      alertAnnotations: { dashboard: 'https://example.com/{{ $labels.job }}' },
      interval: '1m',
    });
    const rules = rulesOf(groups);
    t.notOk(rules.some(({ alert }) => alert === 'AwsCostNewHighRisks'));
    const tuned = rules.find(({ alert }) => alert === 'AwsCostNoFigures');
    t.match(tuned, { for: '2d', labels: { severity: 'page', team: 'finops' } });
    t.equal(tuned?.annotations?.dashboard, 'https://example.com/{{ $labels.job }}');
    t.ok(groups.every(({ interval }) => interval === '1m'));
    const { manifests } = await render(helm, { operator: false });
    t.notOk(manifests.some(({ kind }) => kind === 'PrometheusRule'));
    const off = await render(helm, { values: { prometheusRule: { enabled: false } } });
    t.notOk(off.manifests.some(({ kind }) => kind === 'PrometheusRule'));
  },
);
