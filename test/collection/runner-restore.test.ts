import t from 'tap';
import type { Kept } from '../../src/collection/snapshot.ts';
import { isStale } from '../../src/collection/state.ts';
import {
  brings,
  capabilityOf,
  INTERVAL_MS,
  keptOf,
  line,
  machineOf,
  NOON,
  standingFor,
} from './runner-helper.ts';

const GOOD = { value: 4, accounts: ['1'] };

/** A machine that starts with some kept snapshots. */
async function restored(kept: readonly Kept[], options: Partial<Parameters<typeof machineOf>[0]> = {}) {
  let collected = 0;
  const capability = capabilityOf(async () => {
    collected++;
    return brings(9);
  });
  const machine = machineOf({ capabilities: [capability], ...options });
  for (const one of kept) await machine.store.save(one, standingFor(one));
  await machine.keeper.restore(machine.states.all());
  return { ...machine, collected: () => collected };
}

t.test(
  'a kept snapshot is published before AWS is asked, and not bought again while it is fresh',
  async (t) => {
    const { runner, state, lines, told, collected, clock } = await restored([
      keptOf(GOOD, {}, NOON - 60_000),
    ]);
    t.same(await lines(), [line(4)]);
    t.match(state(), { status: 'ok', lastSuccess: NOON - 60_000, lastAttempt: NOON - 60_000 });
    t.same(told, ['confirmed cost/default -60000 111122223333', 'series cost/default 1']);
    t.match(await runner.run(state()), { reason: 'fresh' });
    t.equal(collected(), 0);
    clock.now = NOON - 60_000 + 0.9 * INTERVAL_MS;
    await runner.run(state());
    t.equal(collected(), 1);
    t.same(await lines(), [line(9)]);
  },
);

t.test('an old one is published, stale, and bought again at once', async (t) => {
  const { runner, state, lines, collected } = await restored([keptOf(GOOD, {}, NOON - 3 * INTERVAL_MS)]);
  t.same(await lines(), [line(4)]);
  t.ok(isStale(state(), NOON));
  await runner.run(state());
  t.equal(collected(), 1);
});

t.test('one from the far future is published, and bought again at once', async (t) => {
  const { runner, state, lines, collected } = await restored([keptOf(GOOD, {}, NOON + 5 * 60_000 + 1)]);
  t.same(await lines(), [line(4)]);
  await runner.run(state());
  t.equal(collected(), 1);
});

t.test('one of a replica whose clock runs a little ahead is as fresh as any', async (t) => {
  const { runner, state, lines, collected } = await restored([keptOf(GOOD, {}, NOON + 60_000)]);
  t.same(await lines(), [line(4)]);
  t.match(await runner.run(state()), { reason: 'fresh' });
  t.equal(collected(), 0);
});

t.test('what was confirmed later is fresh for longer', async (t) => {
  const kept = keptOf(GOOD, {}, NOON - 2 * INTERVAL_MS);
  const { runner, state, told } = await restored([
    { ...kept, confirmedAt: new Date(NOON - 1_000).toISOString() },
  ]);
  t.match(await runner.run(state()), { reason: 'fresh' });
  t.ok(told.includes('confirmed cost/default -1000 111122223333'));
});

t.test(
  'what is of another version, configuration, account or shape is neither shown nor fresh',
  async (t) => {
    const wrong: Record<string, Kept> = {
      'an older schema': keptOf(GOOD, { schema: 0 }),
      'a newer schema': keptOf(GOOD, { schema: 2 }),
      'another fingerprint': keptOf(GOOD, { fingerprint: '["","","g"]' }),
      'the configuration before there were regions': keptOf(GOOD, { fingerprint: 'f' }),
      'another account than the configured one': keptOf(GOOD, { accountId: '222233334444' }),
      'no data': keptOf(null),
      'undefined data': keptOf(undefined),
      'data of another shape': keptOf({ value: '4', accounts: [] }),
      'a list': keptOf([]),
      'a text': keptOf('4'),
    };
    for (const [name, kept] of Object.entries(wrong)) {
      const targets = [{ accountId: '111122223333' }];
      const { state, lines, told, runner, collected } = await restored([kept], { targets });
      t.same(await lines(), [], name);
      t.match(state(), { status: 'pending', kept: undefined, lastSuccess: undefined }, name);
      t.same(told, []);
      await runner.run(state());
      t.equal(collected(), 1, `${name}: it is bought`);
      t.same(await lines(), [line(9)]);
    }
  },
);

t.test('another role or region of the target is another configuration', async (t) => {
  for (const target of [{ roleArn: 'arn:aws:iam::111122223333:role/x' }, { region: 'cn-north-1' }]) {
    const { lines } = await restored([keptOf(GOOD)], { targets: [target] });
    t.same(await lines(), []);
  }
});

t.test('of two targets of one account the first is taken up', async (t) => {
  const kept = ['default', 'target1'].map((target) => keptOf(GOOD, { target }));
  const { state, lines } = await restored(kept, { targets: [{}, {}] });
  t.same(await lines(), [line(4)]);
  t.equal(state('cost', 'target1').kept, undefined);
});

t.test('several targets: each that can be used, whatever the others are', async (t) => {
  const kept = [
    keptOf('garbage'),
    keptOf({ value: 5, accounts: ['2'] }, { target: 'target1', accountId: '2' }),
  ];
  const { lines } = await restored(kept, { targets: [{}, {}] });
  t.same(await lines(), [line(5, 'target1', '2')]);
});
