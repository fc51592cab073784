import t from 'tap';
import { CollectorStates, isOverdue, isStale, reasonOf } from '../../src/collection/state.ts';
import { brings, capabilityOf, INTERVAL_MS, keptOf, machineOf, NOON } from './runner-helper.ts';

const never = async () => brings(0);
const stateOf = () => machineOf({ capabilities: [capabilityOf(never)] }).state();

t.test('stale: the last attempt failed, or the last success is older than two intervals', async (t) => {
  const state = stateOf();
  t.equal(isStale(state, NOON), true, 'no success yet');
  Object.assign(state, { status: 'ok', lastSuccess: NOON });
  t.equal(isStale(state, NOON + 2 * INTERVAL_MS), false);
  t.equal(isStale(state, NOON + 2 * INTERVAL_MS + 1), true);
  for (const [status, stale] of [
    ['failed', true],
    ['partial', true],
    ['no_data', false],
    ['not_enabled', false],
    ['no_credentials', false],
  ] as const) {
    t.equal(isStale({ ...state, status }, NOON), stale, status);
  }
});

t.test('overdue: the snapshot is of an earlier day, and an attempt of today brought nothing', async (t) => {
  const at = (iso: string) => Date.parse(iso);
  const kept = keptOf({}, {}, at('2024-02-28T23:59:59Z'));
  const overdue = (emptyHanded: string | undefined, now: string) =>
    isOverdue(
      { ...stateOf(), kept, emptyHandedAt: emptyHanded === undefined ? undefined : at(emptyHanded) },
      at(now),
    );
  t.equal(overdue(undefined, '2024-02-29T12:00:00Z'), false);
  t.equal(overdue('2024-02-28T23:59:59Z', '2024-02-28T23:59:59Z'), false, 'its own day');
  t.equal(overdue('2024-02-28T23:59:59Z', '2024-02-29T00:00:01Z'), false, 'the attempt was yesterday');
  t.equal(overdue('2024-02-29T00:00:00Z', '2024-02-29T00:00:01Z'), true);
  t.equal(
    overdue('2024-02-29T23:59:59Z', '2024-03-01T00:00:00Z'),
    false,
    'the next day waits for its own first attempt',
  );
  t.equal(isOverdue({ ...stateOf(), emptyHandedAt: NOON }, NOON), false, 'nothing is kept');
});

t.test('why there are no figures', async (t) => {
  const reasons = (
    ['pending', 'ok', 'partial', 'no_data', 'not_enabled', 'no_credentials', 'failed'] as const
  ).map((status) => reasonOf({ ...stateOf(), status }));
  t.same(reasons, [null, null, null, 'no_data', 'not_enabled', null, null]);
});

t.test(
  'states: by capability, within it by target in file order; only where a target has the capability',
  async (t) => {
    const states = new CollectorStates();
    const targets = [
      { name: 'b', capabilities: ['cost', 'forecast'], regions: [], tagKeys: [] },
      { name: 'a', capabilities: ['forecast'], regions: [], tagKeys: [] },
    ];
    states.add(capabilityOf(never), targets);
    states.add(capabilityOf(never, { name: 'forecast' }), targets);
    const names = (list: ReturnType<typeof states.all>) =>
      list.map(({ capability, target }) => `${capability.name}/${target.name}`);
    t.same(names(states.all()), ['cost/b', 'forecast/b', 'forecast/a']);
    t.same(names(states.ofCollector('forecast')), ['forecast/b', 'forecast/a']);
    t.same(names(states.ofTarget('b')), ['cost/b', 'forecast/b']);
    t.equal(states.get('cost', 'a'), undefined);
    t.match(states.get('cost', 'b'), { status: 'pending', cause: null, kept: undefined, nextRun: undefined });
    t.throws(() => states.add(capabilityOf(never), targets), /two capabilities are named cost/);
  },
);
