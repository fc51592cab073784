// What will be bought, said beforehand, free of charge and without leaving a trace.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { generateBill } from '../../src/simulator/index.ts';
import { CLI, runCommand } from '../e2e/command.ts';
import { type Exporter, startExporter, TODAY } from '../helper.ts';
import { freePort } from '../servers/process.ts';
import { startRedis } from '../servers/redis.ts';

t.setTimeout(300_000);

interface Figures {
  requestsPerDay: number;
  usdPerDay: number;
  requestsPeakDay: number;
  usdPeakDay: number;
}
interface Row {
  target: string;
  collector: string;
  pages: number;
  pagesOnceADay: number;
  known: boolean;
  pagesFrom: string;
  withChangeDetection: Figures;
  withoutChangeDetection: Figures;
}
interface Plan {
  warnings: string[];
  assumptions: string[];
  collectors: Row[];
  total: Figures & { withChangeDetection: Figures; withoutChangeDetection: Figures };
  budgets: {
    target: string | null;
    budgetUsd: number;
    usdPerDay: number;
    usdPeakDay: number;
    fits: boolean;
  }[];
}

type Env = Readonly<Record<string, string>>;

async function planOf(t: Test, env: Env, ...args: string[]) {
  const { code, stdout, stderr } = await runCommand(t, [CLI, 'plan', '--json', ...args], { env });
  return { code, stderr, plan: JSON.parse(stdout) as Plan };
}

const tableOf = (t: Test, env: Env) => runCommand(t, [CLI, 'plan'], { env });

const row = ({ collectors }: Plan, name: string) => collectors.find(({ collector }) => collector === name);

/** All that there is to see of a folder. */
const contents = (folder: string) =>
  readdirSync(folder)
    .toSorted()
    .map((name) => {
      const { mtimeMs, ino } = statSync(join(folder, name));
      return { name, mtimeMs, ino, bytes: readFileSync(join(folder, name), 'latin1') };
    });

const KEYS = { CAPABILITIES: 'cost,forecast,tags', TAG_KEYS: 'application,environment' };
const BILL = generateBill({ seed: 3, today: new Date(`${TODAY}T20:00:00Z`), days: 60 });

/** One that has bought pages by the dozen. */
const startPaged = (t: Test, env: Env): Promise<Exporter> =>
  startExporter(t, { bill: BILL, env, simulator: { pageSize: 60 } });

t.test('beside the exporter that runs: its page counts are known, nothing is touched', async (t) => {
  const folder = join(t.testdir({}), 'state');
  const env = { ...KEYS, STATE_DIR: folder, AWS_SPEND_BUDGET_USD: '1000' };
  const { get, paid } = await startPaged(t, env);
  const bought = paid();
  const before = contents(folder);
  const { code, stderr, plan } = await planOf(t, env);
  t.equal(code, 0);
  t.equal(stderr, '');
  t.same(plan.warnings, []);
  t.match(plan.collectors, [
    { collector: 'cost', known: true, pagesFrom: 'snapshot', pagesOnceADay: 0 },
    { collector: 'forecast', known: true, pages: 1 },
    { collector: 'tags', known: true, pagesOnceADay: 1 },
  ]);
  const pages = plan.collectors.reduce((sum, one) => sum + one.pages + one.pagesOnceADay, 0);
  t.equal(pages, bought, 'what the first round has bought');
  t.ok((row(plan, 'cost')?.pages ?? 0) > 3);
  t.same(contents(folder), before, 'no file is another');

  // Where the hint of a warning leads to.
  const { plan: shown } = (await get('/spend')).json<{ plan: Record<string, unknown>[] }>();
  t.match(
    shown,
    plan.collectors.map(({ target, collector, pages, pagesOnceADay, withoutChangeDetection }) => ({
      target,
      collector,
      pages,
      pagesOnceADay,
      known: true,
      pagesFrom: 'snapshot',
      // Exporters of these tests do not look for changes.
      requestsPerDay: Math.round(withoutChangeDetection.requestsPerDay * 1e3) / 1e3,
    })),
  );

  // Another configuration has other snapshots; how many pages a query has is still best known from these.
  const changed = { ...env, COST_WINDOW_DAYS: '45', TAG_KEYS: 'application,environment,business_unit' };
  const after = await planOf(t, changed);
  t.match(row(after.plan, 'cost'), { known: false, pagesFrom: 'former', pages: row(plan, 'cost')?.pages });
  t.match(row(after.plan, 'tags'), { known: false, pagesFrom: 'former', pagesOnceADay: 1 });
  t.equal(
    row(after.plan, 'tags')?.pages,
    (row(plan, 'tags')?.pages ?? 0) + 1,
    'a key that is new may be active',
  );
  t.match(after.plan.assumptions.join('\n'), /Marked ~: known from before/);
  t.match((await tableOf(t, changed)).stdout, new RegExp(`cost +1h +${row(plan, 'cost')?.pages} ~ `));
  t.same(contents(folder), before);
  t.equal(paid(), bought);
});

t.test('after another configuration GET /spend says so too, until it has bought', async (t) => {
  const folder = join(t.testdir({}), 'state');
  const env = { CAPABILITIES: 'cost', STATE_DIR: folder };
  const first = await startPaged(t, env);
  const [known] = (await first.get('/spend')).json<{ plan: Row[] }>().plan;
  await first.app.close();
  const second = await startExporter(t, {
    bill: BILL,
    env: { ...env, COST_WINDOW_DAYS: '45' },
    simulator: { pageSize: 60 },
    settle: false,
    before: (sim) => void sim.faults.add({ kind: 'deny', operation: 'GetCallerIdentity' }),
  });
  await second.app.rest.collections.restore();
  t.match((await second.get('/spend')).json(), {
    plan: [{ collector: 'cost', pages: known?.pages, known: false, pagesFrom: 'former' }],
  });
  await second.app.close();
});

t.test('STATE_DIR that is not there, or no folder: said, and nothing is made', async (t) => {
  const root = t.testdir({ file: 'text' });
  for (const [path, words] of [
    [join(root, 'none', 'state'), /none\/state" does not exist\./],
    [join(root, 'file'), /file" is a file, not a folder\./],
    [join(root, 'file', 'state'), /state" is below a file, not in a folder\./],
  ] as const) {
    const { code, stderr, plan } = await planOf(t, { STATE_DIR: path });
    t.equal(code, 0, 'it is no fault of the plan');
    t.equal(plan.warnings.length, 1);
    t.match(plan.warnings[0], words);
    t.match(plan.warnings[0], /GET \/spend/);
    t.equal(stderr, `aws-cost-exporter: ${plan.warnings[0]}\n`);
    t.equal(row(plan, 'cost')?.pagesFrom, 'assumed');
    t.same(readdirSync(root), ['file']);
  }
});

t.test('files of state that cannot be read stay as they are', async (t) => {
  const folder = t.testdir({ 'snapshot+cost+default': 'no snapshot' });
  mkdirSync(join(folder, 'snapshot+tags+default'));
  writeFileSync(join(folder, '.tmp-3'), 'half a file');
  const before = readdirSync(folder);
  const { plan } = await planOf(t, { STATE_DIR: folder });
  t.equal(plan.warnings.length, 2);
  t.match(plan.warnings.toSorted(), [
    /snapshot\+cost\+default.*not a file of state/,
    /snapshot\+tags\+default/,
  ]);
  t.same(readdirSync(folder), before);
});

t.test('Redis that does not answer: said', async (t) => {
  const env = { REDIS_URL: `redis://user:a-secret@127.0.0.1:${await freePort()}/3` };
  const { code, stderr, plan } = await planOf(t, env);
  t.equal(code, 0);
  t.equal(plan.warnings.length, 1);
  t.match(plan.warnings[0], /Redis cannot be read: redis:\/\/127\.0\.0\.1:\d+\/3: .*ECONNREFUSED/);
  t.match(plan.warnings[0], /GET \/spend/);
  t.equal(stderr, `aws-cost-exporter: ${plan.warnings[0]}\n`);
  t.notMatch(stderr, /secret/);
});

t.test('Redis: read, and not written to', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const none = await planOf(t, { REDIS_URL: redis.url });
  t.same(none.plan.warnings, []);
  t.equal(await redis.cli(['DBSIZE']), '0', 'no key is left there');

  const env = { ...KEYS, REDIS_URL: redis.url };
  const { app, paid } = await startPaged(t, env);
  await app.close();
  // Whoever may only read sees as much.
  await redis.cli([...'ACL SETUSER reader on >word ~* -@all +@read +@connection +info'.split(' ')]);
  const reader = { ...env, REDIS_URL: redis.url.replace('redis://', 'redis://reader:word@') };
  const { code, plan } = await planOf(t, { ...reader, AWS_SPEND_BUDGET_USD: '1000' });
  t.equal(code, 0);
  t.same(plan.warnings, []);
  t.ok(plan.collectors.every(({ known }) => known));
  t.equal(
    plan.collectors.reduce((sum, one) => sum + one.pages + one.pagesOnceADay, 0),
    paid(),
  );

  await redis.cli([...'ACL SETUSER reader -hget'.split(' ')]);
  const refused = await planOf(t, reader);
  t.match(refused.plan.warnings, [/^Redis cannot be read: .*NOPERM/i]);
});

t.test('a source of recommendations that is not known yet is taken for the dearest', async (t) => {
  const { plan } = await planOf(t, { CAPABILITIES: 'cost,optimization' });
  t.match(row(plan, 'optimization'), { pagesOnceADay: 7, withChangeDetection: { requestsPerDay: 7 } });
  t.match(plan.assumptions.join('\n'), /Cost Explorer is assumed in its place, 7 pages a UTC day/);
  t.match((await tableOf(t, {})).stdout, /Whether the Cost Optimization Hub answers .* is not known yet/);
  const forced = await planOf(t, { OPTIMIZATION_SOURCE: 'cost-optimization-hub' });
  t.equal(row(forced.plan, 'optimization')?.pagesOnceADay, 0);
  t.notMatch(forced.plan.assumptions.join('\n'), /Hub/);
});

t.test('a budget is a day’s: the peak day decides', async (t) => {
  const env = { CAPABILITIES: 'cost,tags', TAG_KEYS: 'a,b,c' };
  const { code, plan } = await planOf(t, env, '--pages', '1');
  t.equal(code, 0);
  const { total, budgets } = plan;
  t.ok(total.requestsPeakDay > total.requestsPerDay);
  t.equal(total.requestsPeakDay, total.withChangeDetection.requestsPeakDay);
  t.ok(
    total.requestsPeakDay <=
      plan.collectors.reduce((sum, one) => sum + one.withChangeDetection.requestsPeakDay, 0),
  );
  t.match(budgets, [
    { target: null, budgetUsd: 1, usdPerDay: total.usdPerDay, usdPeakDay: total.usdPeakDay },
  ]);
  // The first day buys all of it, and once more what every day buys.
  for (const [usd, exit, words] of [
    [total.usdPeakDay, 0, /^Within AWS_SPEND_BUDGET_USD, .* on average, .* on the peak day\.$/m],
    [total.usdPeakDay - 0.01, 1, /^ABOVE on the peak day AWS_SPEND_BUDGET_USD, /m],
    [total.usdPerDay - 0.01, 1, /^ABOVE AWS_SPEND_BUDGET_USD, /m],
  ] as const) {
    const budgeted = { ...env, AWS_SPEND_BUDGET_USD: usd.toFixed(2) };
    const told = await runCommand(t, [CLI, 'plan', '--pages', '1'], { env: budgeted });
    t.equal(told.code, exit, usd.toFixed(2));
    t.match(told.stdout, words);
    t.match(told.stdout, /a day +peak day +USD a day +USD peak day/);
  }
});
