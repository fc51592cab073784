// Prometheus as compose.yaml starts it, its configuration unchanged but for the address of the exporter, beside a running demo.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { CLI, startCommand } from '../e2e/command.ts';
import { eventually, freePort, launch, requireProgram, run } from '../servers/process.ts';

const FOLDER = join(import.meta.dirname, '../../compose/prometheus');
/** It scrapes every two minutes, and evaluates every minute. */
const PATIENCE_MS = 290_000;
t.setTimeout(400_000);

interface Rule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
  readonly type: string;
  readonly state?: string;
}

t.test('the rules are loaded and healthy, and what they record is what REST says', async (t) => {
  const program = requireProgram(t, 'prometheus');
  const promtool = program && requireProgram(t, 'promtool');
  if (program === undefined || promtool === undefined) return;
  const [rest, metrics] = [await freePort(), await freePort()];
  const demo = startCommand(t, [CLI, 'demo'], { env: { PORT: String(rest), METRICS_PORT: String(metrics) } });
  const folder = join(t.testdir(), 'prometheus');
  cpSync(FOLDER, folder, { recursive: true });
  const file = join(folder, 'prometheus.yaml');
  const text = readFileSync(file, 'utf8');
  t.equal(text.split('exporter:8080').length, 2, 'one address is replaced');
  writeFileSync(file, text.replace('exporter:8080', `127.0.0.1:${metrics}`));
  const checked = await run(promtool, ['check', 'config', file]);
  t.equal(checked.code, 0, checked.stdout + checked.stderr);

  await eventually('the demo serves', () => demo.stdout().includes('Serving until') || undefined, 60_000);
  const address = `127.0.0.1:${await freePort()}`;
  const server = await launch(program, [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    '--storage.tsdb.retention.time=400d',
    `--web.listen-address=${address}`,
  ]);
  t.teardown(() => server.end());
  const api = async (path: string) => {
    const response = await fetch(`http://${address}/api/v1/${path}`);
    return ((await response.json()) as { data: unknown }).data;
  };
  const query = async (promql: string) => {
    const { result } = (await api(`query?${new URLSearchParams({ query: promql })}`)) as {
      result: { metric: Record<string, string>; value: [number, string] }[];
    };
    return result;
  };
  await eventually(
    'figures are recorded',
    async () => ((await query('account:aws_cost_total:sum')).length > 1 ? true : undefined),
    PATIENCE_MS,
  );
  const rules = async () => {
    const { groups } = (await api('rules')) as { groups: { rules: Rule[] }[] };
    return groups.flatMap((group) => group.rules);
  };
  await eventually(
    'every rule was evaluated',
    async () => ((await rules()).every(({ health }) => health !== 'unknown') ? true : undefined),
    PATIENCE_MS,
  );
  const loaded = await rules();
  t.ok(loaded.length > 50, `${loaded.length} rules`);
  t.same(
    loaded.filter(({ health }) => health !== 'ok'),
    [],
    'all are healthy',
  );

  const [sum] = await query('sum(account_service:aws_cost_total:max)');
  const current = (await (await fetch(`http://127.0.0.1:${rest}/cost/current`)).json()) as { total: number };
  t.ok(Math.abs(Number(sum?.value[1]) - current.total) < 1e-6, `${sum?.value[1]} is ${current.total}`);
  t.match(await query('currency:aws_cost_currency_info:only'), [{ metric: { currency: 'USD' } }]);
  const firing = loaded.filter(({ type, state }) => type === 'alerting' && state === 'firing');
  t.same(firing, [], 'nothing fires beside a demo');
  // A file of budgets as the README of compose/ says, read anew on SIGHUP.
  const accounts = await query('account:aws_cost_forecast_month_end:max');
  const account_id = accounts[0]?.metric.account_id ?? '';
  writeFileSync(
    join(folder, 'rules/budgets.yaml'),
    JSON.stringify({
      groups: [
        {
          name: 'budgets',
          rules: [{ record: 'account:aws_cost_budget:limit', expr: 'vector(1)', labels: { account_id } }],
        },
      ],
    }),
  );
  server.signal('SIGHUP');
  const [alert] = await eventually(
    'the forecast is above that budget',
    async () => {
      const found = await query('ALERTS{alertname="AwsCostForecastAboveBudget"}');
      return found.length > 0 ? found : undefined;
    },
    PATIENCE_MS,
  );
  t.match(alert?.metric, { account_id, alertstate: 'pending', severity: 'warning' });
});
