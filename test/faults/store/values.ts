import { gunzipSync, gzipSync } from 'node:zlib';
import { Redis } from 'ioredis';
import type { Test } from 'tap';
import { startServe } from '../../e2e/command.ts';
import { eventually } from '../../servers/process.ts';
import type { FaultRow, RowRun } from '../matrix.ts';
import { cacheIs, KEYS, kept, type Running, STANDING, startRunning, stateInWords } from '../redis.ts';
import { costState, figuresAre, linesWith, noFigures, paidPages, said, showsBill } from '../subject.ts';

const TEN_YEARS_MS = 3_652 * 86_400_000;

/** A snapshot as Redis has it, unpacked. */
interface StoredSnapshot {
  format: number;
  snapshot: { schema: number; data: unknown };
}

/** A process has bought and kept bill 1, and has ended; what it has left, and a client to spoil it with. */
async function left(t: Test): Promise<Running & { client: Redis; good: Buffer }> {
  const running = await startRunning(t);
  t.equal((await running.served.end('SIGTERM')).code, 0);
  const client = new Redis(running.redis.url);
  t.teardown(() => client.disconnect());
  const good = await client.getBuffer(KEYS.snapshot);
  if (good === null) throw new Error('no snapshot is kept');
  return { ...running, client, good };
}

/** The next process buys once, shows bill 1 and keeps a right value; `complaint` is what it says of the wrong one. */
async function boughtAnew(
  { t, fired, state, figures, message }: RowRun,
  { env, simulator, redis }: Running,
  complaint: RegExp,
): Promise<void> {
  const before = paidPages(simulator);
  const served = await startServe(t, env);
  await showsBill(served, 1);
  message(await said(served, complaint, 10_000));
  await figuresAre(t, served, 1);
  figures('right');
  await cacheIs(served, 1);
  await kept(redis);
  t.equal(linesWith(served, complaint).length, 1, 'it is said once');
  fired('values that were not read', linesWith(served, complaint).length);
  t.equal(paidPages(simulator), before + 1, 'bought once');
  t.equal((await costState(served)).state, 'ok');
  state(await stateInWords(served));
  t.equal((await served.end('SIGTERM')).code, 0);
  const next = await startServe(t, env);
  await showsBill(next, 1);
  t.equal(paidPages(simulator), before + 1, 'the right value was kept');
}

/** A row about a snapshot in Redis that cannot be read. */
const unreadable = (
  name: string,
  what: string,
  complaint: RegExp,
  spoil: (client: Redis, good: Buffer) => Promise<unknown>,
): FaultRow => ({
  id: `store/${name}`,
  fault: `The snapshot's key has ${what} when a process starts`,
  expected: 'It is as good as none, and one log line: the bill is bought once, and a right value is kept.',
  async run(row) {
    const all = await left(row.t);
    await all.client.del(KEYS.snapshot);
    await spoil(all.client, all.good);
    await boughtAnew(row, all, complaint);
  },
});

/** A row about a snapshot of another version that shows other figures: nothing of it may be seen. */
const ofAnotherVersion = (
  name: string,
  what: string,
  change: (stored: StoredSnapshot) => object,
): FaultRow => ({
  id: `store/${name}`,
  fault: `The snapshot's key has one of ${what} when a process starts, and AWS hangs`,
  expected: 'Nothing of it is shown, whatever it says.',
  async run({ t, fired, state, figures, message }) {
    const { client, good, env, simulator } = await left(t);
    const stored = JSON.parse(gunzipSync(good).toString()) as StoredSnapshot;
    await client.set(KEYS.snapshot, gzipSync(JSON.stringify(change(stored))));
    simulator.faults.add({ kind: 'hang', operation: 'GetCostAndUsage' });
    const served = await startServe(t, { ...env, CACHE_TTL_SECONDS: '0' });
    await eventually('it asks AWS', () => simulator.requests.at(-1)?.fault === 'hang' || undefined);
    fired('snapshots of another version', await client.exists(KEYS.snapshot));
    await noFigures(t, served);
    figures('none');
    t.equal((await costState(served)).state, 'pending');
    state(await stateInWords(served));
    message(((await (await fetch(`${served.restUrl}/cost/current`)).json()) as { message: string }).message);
  },
});

export const rows: readonly FaultRow[] = [
  unreadable('garbage', 'bytes that are no gzip', /not an undamaged gzip/, (client) =>
    client.set(KEYS.snapshot, Buffer.from([0x1f, 0x8b, 0, 255, 1, 2])),
  ),
  unreadable('truncated', 'half of a snapshot', /not an undamaged gzip/, (client, good) =>
    client.set(KEYS.snapshot, good.subarray(0, good.length / 2)),
  ),
  unreadable('foreign-json', 'a gzip of other JSON', /\(not a snapshot\)/, (client) =>
    client.set(KEYS.snapshot, gzipSync('{"snapshot":{"data":[]}}')),
  ),
  unreadable('another-type', 'a list', /\(not a string\)/, (client) => client.rpush(KEYS.snapshot, 'a', 'b')),
  unreadable('newer-format', 'a newer format', /\(format 2, not 1\)/, (client, good) =>
    client.set(
      KEYS.snapshot,
      gzipSync(JSON.stringify({ ...(JSON.parse(gunzipSync(good).toString()) as object), format: 2 })),
    ),
  ),
  ofAnotherVersion('older-schema', 'an older schema', ({ snapshot, ...rest }) => ({
    ...rest,
    snapshot: { ...snapshot, schema: snapshot.schema - 1 },
  })),
  ofAnotherVersion('newer-schema', 'a newer schema', ({ snapshot, ...rest }) => ({
    ...rest,
    snapshot: { ...snapshot, schema: snapshot.schema + 1 },
  })),
  ofAnotherVersion('another-shape', 'data in another shape', ({ snapshot, ...rest }) => ({
    ...rest,
    snapshot: { ...snapshot, data: { ...(snapshot.data as object), days: { from: 'nowhere' }, currency: 7 } },
  })),
  {
    id: 'store/garbage-standing',
    fault: 'How the collector stands is overwritten with the right fields and senseless values',
    expected: 'It is ignored with one log line; the kept figures are shown, and nothing is bought.',
    async run({ t, fired, state, figures, message }) {
      const { client, env, simulator } = await left(t);
      const standing = JSON.parse((await client.hget(KEYS.standings, STANDING)) ?? '') as object;
      const senseless = { ...standing, status: 'ruined', failed: [{ part: 7 }], interruptions: 'many' };
      await client.hset(KEYS.standings, STANDING, JSON.stringify(senseless));
      const paid = paidPages(simulator);
      const served = await startServe(t, env);
      await showsBill(served, 1);
      message(await said(served, /not how a collector stands/));
      fired('values that were not read', linesWith(served, /not how a collector stands/).length);
      const view = await costState(served);
      t.equal(view.state, 'ok');
      t.same(view.failed, []);
      state(await stateInWords(served));
      await figuresAre(t, served, 1);
      figures('unchanged');
      t.equal(paidPages(simulator), paid, 'nothing was bought');
    },
  },
  senseless('garbage-lease', 'The leases have words where times and tokens are', async (client) => {
    for (const key of [KEYS.lease, KEYS.expose])
      await client.hset(key, { owner: 'nobody', token: 'first', till: 'for ever' });
  }),
  senseless('endless-lease', 'The leases are given to nobody, for ten years', async (client) => {
    for (const key of [KEYS.lease, KEYS.expose])
      await client.hset(key, { owner: 'nobody', token: '9e999', till: String(Date.now() + TEN_YEARS_MS) });
  }),
  senseless('garbage-ledger', 'The day in the ledger has words and negative numbers', (client) =>
    client.hset(KEYS.spend, { 'default GetCostAndUsage': 'many', 'default GetCostForecast': '-7' }),
  ),
  senseless('garbage-holds', 'What is set aside is no JSON, or says nothing', (client) =>
    client.hset(KEYS.holds, {
      'default tags': '{broken',
      'default forecast': '[]',
      'other cost': '{"pages":-9}',
    }),
  ),
  senseless('all-of-another-type', 'Every key of the program is a list', async (client) => {
    for (const key of [
      KEYS.lease,
      KEYS.expose,
      KEYS.spend,
      KEYS.holds,
      KEYS.standings,
      KEYS.snapshot,
      KEYS.news,
    ]) {
      await client.del(key);
      await client.rpush(key, 'a');
    }
  }),
];

/** A row about what replicas agree on, spoiled: it must not keep anybody from collecting. */
function senseless(name: string, fault: string, spoil: (client: Redis) => Promise<unknown>): FaultRow {
  return {
    id: `store/${name}`,
    fault: `${fault} when a process starts`,
    expected: 'It is written over: the process leads, buys and keeps, as if there had been nothing.',
    async run({ t, fired, state, figures, message }) {
      const { client, env, simulator, redis } = await left(t);
      const dumps = async () => {
        const keys = (await client.keys('*')).toSorted();
        return Promise.all(keys.map(async (key) => `${key} ${(await client.dump(key)) ?? ''}`));
      };
      const before = await dumps();
      await spoil(client);
      const changed = (await dumps()).filter((dump) => !before.includes(dump)).length;
      fired('keys that were spoiled', changed);
      const paid = paidPages(simulator);
      const served = await startServe(t, { ...env, CACHE_TTL_SECONDS: '0', COST_INTERVAL: '1s' });
      await eventually('it buys', () => paidPages(simulator) >= paid + 2 || undefined);
      await figuresAre(t, served, 1);
      figures('right');
      await cacheIs(served, 1);
      await kept(redis);
      const entered = Number(await client.hget(KEYS.spend, 'default GetCostAndUsage'));
      t.ok(entered >= 2, `${entered} pages are in the ledger`);
      t.equal((await costState(served)).state, 'ok');
      state(await stateInWords(served));
      message(await said(served, /^Redis is up/));
    },
  };
}
