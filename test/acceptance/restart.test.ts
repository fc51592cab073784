// Without Redis too a restart costs nothing. Processes that are killed for real: e2e/crash-loop.test.ts.
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Exporter, type ExporterOptions, startCosts } from '../helper.ts';
import { eventually } from '../servers/process.ts';

t.setTimeout(120_000);

const SKIPPED = 'aws_cost_exporter_collector_skipped_total';
const HOUR_MS = 3_600_000;

/** An exporter that keeps its state in a folder; by default what is fresh is what it is in the program. */
const start = (t: Test, folder: string, { env, ...options }: ExporterOptions = {}) =>
  startCosts(t, { ...options, env: { CACHE_TTL_SECONDS: undefined, STATE_DIR: folder, ...env } });

const folderOf = (t: Test) => join(t.testdir(), 'state');
const requestsOf = async ({ get }: Exporter) =>
  (await get('/spend')).json<{ today: { requests: number }; month: { requests: number } }>();

/** Resolves once both collectors have been passed over for a reason. */
const passedOver = ({ metrics }: Exporter, reason: string, collectors = ['cost', 'forecast']) =>
  eventually(`passed over: ${reason}`, async () => {
    const page = await metrics();
    return (
      collectors.every((collector) => (page.value(SKIPPED, { collector, reason }) ?? 0) >= 1) || undefined
    );
  });

t.test('a restart buys nothing that is fresh, and goes on from the ledger', async (t) => {
  const folder = folderOf(t);
  const one = await start(t, folder);
  const before = { page: (await one.metrics()).businessText(), body: (await one.get('/cost/current')).text };
  const spent = await requestsOf(one);
  t.equal(spent.today.requests, one.paid());
  await one.app.close();

  const two = await start(t, folder, { at: '2026-11-22T08:53:59Z', settle: false });
  await passedOver(two, 'fresh');
  t.equal(two.sim.requests.length, 0, 'AWS was not asked at all');
  t.equal((await two.metrics()).businessText(), before.page);
  t.equal((await two.get('/cost/current')).text, before.body);
  t.same((await requestsOf(two)).today, spent.today, 'what was spent is known');
  t.match(await two.collector('cost'), {
    state: 'ok',
    stale: false,
    lastSuccess: '2026-11-22T08:00:00.000Z',
  });
  await two.app.close();

  const early = await start(t, folder, { at: '2026-11-22T08:59:00Z', settle: false });
  const nextRun = await eventually('the jobs have started', async () => {
    const { nextRun: next } = await early.collector('cost');
    return next ?? undefined;
  });
  t.equal(nextRun, '2026-11-22T09:00:00.000Z', 'a restart does not move the rhythm');
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.equal(early.paid(), 0, 'and buys nothing');
  await early.app.close();

  const three = await start(t, folder, { at: '2026-11-22T09:00:00Z' });
  t.equal(three.paid(), 2, 'what is due is bought');
  t.equal((await requestsOf(three)).today.requests, spent.today.requests + 2);
});

t.test('a budget that was spent before the restart is spent', async (t) => {
  const folder = folderOf(t);
  const env = { CAPABILITIES: 'cost', AWS_SPEND_BUDGET_USD: '0.02', CACHE_TTL_SECONDS: '0' };
  const one = await start(t, folder, { env });
  t.equal(await one.run('cost'), 'collected');
  await one.app.close();
  const two = await start(t, folder, { env, at: '2026-11-22T12:00:00Z', settle: false });
  await passedOver(two, 'budget', ['cost']);
  t.equal(two.paid(), 0);
  t.ok((await two.metrics()).business().length > 0, 'the kept figures are shown');
  await two.app.close();
  const three = await start(t, folder, { env, at: '2026-11-23T00:00:00Z' });
  t.equal(three.paid(), 1, 'a new day');
  t.same((await requestsOf(three)).month, (await requestsOf(three)).month);
  t.equal((await requestsOf(three)).month.requests, 3);
});

t.test('a failure that was paid for is not repeated by a restart before its round is over', async (t) => {
  const folder = folderOf(t);
  const env = { CAPABILITIES: 'cost' };
  const fault = { kind: 'corrupt', operation: 'GetCostAndUsage' } as const;
  const one = await start(t, folder, { env, before: ({ faults }) => faults.add(fault) });
  t.equal((await one.collector('cost')).state, 'failed');
  t.ok(one.paid() >= 1);
  await one.app.close();

  const two = await start(t, folder, { env, at: '2026-11-22T08:30:00Z', settle: false });
  await eventually(
    'it knows how it stands',
    async () => (await two.collector('cost')).state === 'failed' || undefined,
  );
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.equal(two.paid(), 0);
  t.match(await two.collector('cost'), { cause: { code: 'invalid_response' } });
  await two.app.close();

  const three = await start(t, folder, { env, at: '2026-11-22T08:54:00Z' });
  t.equal(three.paid(), 1);
  t.equal((await three.collector('cost')).state, 'ok');
});

t.test(
  'cut off in mid-collection: once more where there are no figures yet, and not again in that round',
  async (t) => {
    const folder = folderOf(t);
    const env = { CAPABILITIES: 'cost' };
    const hang = { kind: 'hang', operation: 'GetCostAndUsage' } as const;
    /** The folder as a crash at this moment would leave it. */
    const crash = async (exporter: Exporter, to: string) => {
      await eventually('it has sent', () => exporter.paid() === 1 || undefined);
      await cp(folder, to, { recursive: true, filter: (path) => !/lock/.test(path) });
      await exporter.app.close();
      await cp(to, folder, { recursive: true });
    };
    const one = await start(t, folder, { env, settle: false, before: ({ faults }) => faults.add(hang) });
    await crash(one, `${folder}-1`);

    const two = await start(t, folder, {
      env,
      at: '2026-11-22T08:01:00Z',
      settle: false,
      before: ({ faults }) => faults.add(hang),
    });
    await crash(two, `${folder}-2`);
    t.equal(two.paid(), 1, 'once more');

    const three = await start(t, folder, { env, at: '2026-11-22T08:02:00Z', settle: false });
    await new Promise((resolve) => setTimeout(resolve, 500));
    t.equal(three.paid(), 0, 'and not again');
    t.equal((await requestsOf(three)).today.requests, 2, 'both are entered');
    await three.app.close();

    const four = await start(t, folder, { env, at: '2026-11-22T08:56:00Z' });
    t.equal(four.paid(), 1, 'until the round is over');
    t.equal((await four.collector('cost')).state, 'ok');
  },
);

t.test('cut off in mid-collection: with figures to show, not before the round is over', async (t) => {
  const folder = folderOf(t);
  const env = { CAPABILITIES: 'cost' };
  const first = await start(t, folder, { env });
  await first.app.close();
  const hang = { kind: 'hang', operation: 'GetCostAndUsage' } as const;
  const one = await start(t, folder, {
    env,
    at: '2026-11-22T09:00:00Z',
    settle: false,
    before: ({ faults }) => faults.add(hang),
  });
  await eventually('it has sent', () => one.paid() === 1 || undefined);
  await cp(folder, `${folder}-1`, { recursive: true, filter: (path) => !/lock/.test(path) });
  await one.app.close();
  await cp(`${folder}-1`, folder, { recursive: true });

  const two = await start(t, folder, { env, at: '2026-11-22T09:01:00Z', settle: false });
  await eventually(
    'the kept figures are shown',
    async () => (await two.metrics()).business().length > 0 || undefined,
  );
  await new Promise((resolve) => setTimeout(resolve, 500));
  t.equal(two.paid(), 0);
  t.ok(Date.parse((await two.collector('cost')).nextRun ?? '') >= Date.parse('2026-11-22T09:54:00Z'));
  await two.app.close();

  const three = await start(t, folder, { env, at: '2026-11-22T09:54:00Z' });
  t.equal(three.paid(), 1);
});

t.test('a graceful stop in mid-collection is no reason to pay twice either', async (t) => {
  const folder = folderOf(t);
  const env = { CAPABILITIES: 'cost' };
  const first = await start(t, folder, { env });
  await first.app.close();
  const hang = { kind: 'hang', operation: 'GetCostAndUsage' } as const;
  const one = await start(t, folder, {
    env,
    at: '2026-11-22T09:00:00Z',
    settle: false,
    before: ({ faults }) => faults.add(hang),
  });
  await eventually('it has sent', () => one.paid() === 1 || undefined);
  await one.app.close();
  const two = await start(t, folder, { env, at: '2026-11-22T09:01:00Z', settle: false });
  await eventually(
    'the kept figures are shown',
    async () => (await two.metrics()).business().length > 0 || undefined,
  );
  await new Promise((resolve) => setTimeout(resolve, 500));
  t.equal(two.paid(), 0);
});

t.test('change detection: an unchanged bill is known to be so after a restart', async (t) => {
  const folder = folderOf(t);
  const env = { CHANGE_DETECTION: 'on' };
  const one = await start(t, folder, { env });
  one.clock.advance(HOUR_MS);
  t.equal(await one.run('cost'), 'collected');
  const confirmed = await one.collector('cost');
  t.equal(confirmed.lastSuccess, '2026-11-22T09:00:00.000Z');
  t.match(
    (await one.get('/cost/current')).json(),
    { collectedAt: '2026-11-22T08:00:00.000Z' },
    'it is unchanged',
  );
  await one.app.close();
  const two = await start(t, folder, { env, at: '2026-11-22T09:30:00Z', settle: false });
  await passedOver(two, 'fresh', ['cost']);
  t.equal(two.paid(), 0);
  t.equal((await two.collector('cost')).lastSuccess, '2026-11-22T09:00:00.000Z');
  t.match((await two.get('/cost/current')).json(), { collectedAt: '2026-11-22T08:00:00.000Z', stale: false });
});
