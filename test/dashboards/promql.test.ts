// What the dashboards' queries make of rollouts, leader changes, restarts and renamed labels, told by promtool's own evaluation.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { stringify } from 'yaml';
import { accountsOf, figure, grown, named, ofProcesses } from '../../dashboards/build/promql.ts';
import { overview } from '../../dashboards/overview.ts';
import { run } from '../servers/process.ts';
import { requirePromtool } from '../servers/prometheus.ts';
import { panelsOf, queriesOf } from './grafana.ts';

t.setTimeout(120_000);

/** A series in promtool's notation: its values from the start on, one each two minutes. */
type Inputs = Readonly<Record<string, string>>;

interface Case {
  readonly expr: string;
  /** When, e.g. `1h`. */
  readonly at: string;
  /** Values by their labels, e.g. `{service="a"}`. */
  readonly samples: Readonly<Record<string, number>>;
}

async function evaluate(t: Test, inputs: Inputs, cases: readonly Case[]): Promise<void> {
  const promtool = requirePromtool(t);
  if (promtool === undefined) return;
  const file = join(t.testdir(), 'test.yml');
  const test = {
    interval: '2m',
    input_series: Object.entries(inputs).map(([series, values]) => ({ series, values })),
    promql_expr_test: cases.map(({ expr, at, samples }) => ({
      expr,
      eval_time: at,
      exp_samples: Object.entries(samples).map(([labels, value]) => ({ labels, value })),
    })),
  };
  writeFileSync(file, stringify({ evaluation_interval: '2m', tests: [test] }));
  const { code, stdout, stderr } = await run(promtool, ['test', 'rules', file]);
  t.equal(code, 0, `${stdout}${stderr}`);
}

const total = figure('aws_cost_total');
const pod = (name: string) => `pod="${name}", instance="${name}:8080", job="exporter"`;

t.test('the pod that shows the figures changes', async (t) => {
  const series = (name: string) => `aws_cost_total{service="EC2", account_id="1", ${pod(name)}}`;
  // The old pod shows to 20 minutes, the new one from 18 on: both at one scrape, then the old one is gone.
  await evaluate(t, { [series('old')]: '5x10 stale', [series('new')]: '_x9 6x20' }, [
    { expr: total, at: '10m', samples: { '{service="EC2", account_id="1"}': 5 } },
    { expr: total, at: '20m', samples: { '{service="EC2", account_id="1"}': 6 } },
    { expr: `sum(${total})`, at: '20m', samples: { '{}': 6 } },
    { expr: total, at: '40m', samples: { '{service="EC2", account_id="1"}': 6 } },
  ]);
});

t.test('labels are renamed, or not, or both while a ServiceMonitor changes', async (t) => {
  const honoured = `aws_cost_total{service="EC2", account_id="1", ${pod('a')}}`;
  const renamed = `aws_cost_total{service="exporter", exported_service="EC2", account_id="1", ${pod('b')}}`;
  const other = `aws_cost_total{service="exporter", exported_service="S3 \\\\ (x)", account_id="1", ${pod('b')}}`;
  const chosen = figure('aws_cost_total', 'service=~"EC2"');
  await evaluate(t, { [honoured]: '5x10', [renamed]: '5x10', [other]: '7x10' }, [
    {
      expr: total,
      at: '10m',
      samples: { '{service="EC2", account_id="1"}': 5, '{service="S3 \\\\ (x)", account_id="1"}': 7 },
    },
    { expr: chosen, at: '10m', samples: { '{service="EC2", account_id="1"}': 5 } },
    { expr: figure('aws_cost_total', 'service=~"exporter"'), at: '10m', samples: {} },
  ]);
});

t.test('accounts have a name each, and no answer breaks over two', async (t) => {
  const inputs = {
    'aws_cost_total{service="EC2", account_id="1", pod="a"}': '5x10',
    'aws_cost_total{service="EC2", account_id="2", pod="a"}': '7x10',
    'aws_account_info{account_id="1", account_name="shop", pod="a"}': '1x10',
    // Another replica has not heard of the new name yet.
    'aws_account_info{account_id="1", account_name="shop", pod="b"}': '1x10',
    'aws_account_info{account_id="3", account_name="not here", pod="a"}': '1x10',
  };
  const byAccount = `sum by (account_id) (${total})`;
  await evaluate(t, inputs, [
    {
      expr: named(byAccount, 'aws_cost_total'),
      at: '10m',
      samples: { '{account_id="1", account_name="shop"}': 5, '{account_id="2", account_name="2"}': 7 },
    },
    {
      expr: accountsOf('aws_cost_total'),
      at: '10m',
      samples: { '{account_id="1", account_name="shop", text="shop 1"}': 1, '{account_id="2", text="2"}': 1 },
    },
  ]);
  const renamed = { ...inputs, 'aws_account_info{account_id="1", account_name="store", pod="c"}': '1x10' };
  await evaluate(t, renamed, [
    {
      expr: `sum by (account_id) (${named(byAccount, 'aws_cost_total')})`,
      at: '10m',
      samples: { '{account_id="1"}': 5, '{account_id="2"}': 7 },
    },
  ]);
});

t.test('the unit is the currency of the bill, where there is one', async (t) => {
  const [query] = panelsOf(overview)
    .flatMap(queriesOf)
    .filter(({ refId }) => refId === 'currency');
  const expr = query?.expr ?? '';
  const info = (account: string, currency: string, name = 'a') =>
    `aws_cost_currency_info{account_id="${account}", currency="${currency}", ${pod(name)}}`;
  const at = '10m';
  const euro = { '{currency="EUR", unit="currency:financial:EUR "}': 1 };
  await evaluate(
    t,
    { [info('1', 'EUR')]: '1x10', [info('2', 'EUR')]: '1x10', [info('1', 'EUR', 'b')]: '1x10' },
    [{ expr, at, samples: euro }],
  );
  await evaluate(t, { [info('1', 'EUR')]: '1x10', [info('2', 'USD')]: '1x10' }, [{ expr, at, samples: {} }]);
});

t.test('counters: what is new in a range', async (t) => {
  const spend = 'aws_cost_exporter_aws_spend_usd_total';
  const sum = `sum(${ofProcesses(grown(spend, '1d'))})`;
  const series = (name: string, job = 'exporter') =>
    `${spend}{target="default", pod="${name}", instance="${name}:8080", job="${job}"}`;
  await t.test('a process that has run for long counts from a day ago', (t) =>
    evaluate(t, { [series('a')]: '0+1x1440' }, [{ expr: sum, at: '48h', samples: { '{}': 720 } }]),
  );
  await t.test('one that is young counts from 0, though no scrape saw 0', (t) =>
    evaluate(t, { [series('a')]: '_x1000 8x100' }, [{ expr: sum, at: '35h', samples: { '{}': 8 } }]),
  );
  await t.test('replicas are added up, one that is scraped twice is not', (t) =>
    evaluate(t, { [series('a')]: '8x60', [series('b')]: '2x60', [series('b', 'again')]: '2x60' }, [
      { expr: sum, at: '1h', samples: { '{}': 10 } },
    ]),
  );
  await t.test('what a pod spent that is gone since an hour is not forgotten', (t) =>
    evaluate(t, { [series('old')]: '8x60 stale', [series('new')]: '_x60 3x30' }, [
      { expr: sum, at: '3h', samples: { '{}': 11 } },
    ]),
  );
  await t.test('a restart does not make it negative', (t) =>
    // 720 steps of 1 a day, from 0 again after 40 hours.
    evaluate(t, { [series('a')]: '0+1x1199 0+1x300' }, [{ expr: sum, at: '48h', samples: { '{}': 719 } }]),
  );
});
