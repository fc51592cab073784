import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import type { Capability } from '../../src/collection/capability.ts';
import { brings, capabilityOf, keptOf, line, machineOf, NOON, type TestData } from './runner-helper.ts';

t.setTimeout(30_000);

const never = async () => brings(0);

/** Puts a snapshot in place, as a collection would, without publishing it. */
function keep(
  machine: ReturnType<typeof machineOf>,
  collector: string,
  target: string,
  value: number,
  ...accounts: string[]
) {
  const state = machine.state(collector, target);
  state.kept = keptOf(brings(value, ...accounts).data, { collector, target });
  return state;
}

/** A capability that shows the value of another one beside its own. */
function reader(reads: string): Capability<TestData> {
  const plain = capabilityOf(never, { name: 'forecast', reads: [reads] });
  return {
    ...plain,
    present: (view) => {
      const other = view.other(reads)?.data as TestData | undefined;
      const data = { ...view.snapshot.data, value: view.snapshot.data.value + (other?.value ?? 0) };
      return plain.present({ ...view, snapshot: { ...view.snapshot, data } });
    },
  };
}

t.test('a publication is what is on the page and in REST', async (t) => {
  const machine = machineOf({ capabilities: [capabilityOf(never)] });
  t.equal(machine.publisher.current('cost', 'default'), undefined);
  const state = keep(machine, 'cost', 'default', 3);
  t.same(await machine.lines(), [], 'what is kept is not published yet');
  await machine.publisher.publish([state]);
  const publication = machine.publisher.current('cost', 'default');
  t.equal(publication?.snapshot, state.kept?.snapshot);
  t.same(publication?.presented.document(null), { value: 3 });
  t.same(await machine.lines(), [line(3)]);
  state.kept = undefined;
  await machine.publisher.publish([state]);
  t.equal(machine.publisher.current('cost', 'default'), undefined);
  t.same(await machine.lines(), []);
  t.same(machine.told, ['series cost/default 1', 'series cost/default 0']);
});

t.test(
  'several are swapped in by one step: no page, and no reader, sees some of the new and some of the old',
  async (t) => {
    const machine = machineOf({ capabilities: [capabilityOf(never), reader('cost')], targets: [{}, {}] });
    const publish = (value: number) =>
      machine.publisher.publish(
        ['default', 'target1'].flatMap((target) => [
          keep(machine, 'cost', target, value, target),
          keep(machine, 'forecast', target, 100, target),
        ]),
      );
    const seen = async () => {
      const numbers = (await machine.lines()).map((text) => Number(text.split(' ').at(-1)) % 100);
      const documents = ['default', 'target1'].map(
        (target) => machine.publisher.current('cost', target)?.snapshot.data as TestData | undefined,
      );
      return new Set([...numbers, ...documents.map((data) => data?.value)]);
    };
    await publish(1);
    let ended = false;
    let looks = 0;
    const all = Promise.all(Array.from({ length: 20 }, (_, number) => publish(number + 2))).then(() => {
      ended = true;
    });
    while (!ended) {
      await setImmediate();
      const numbers = await seen();
      looks++;
      if (numbers.size !== 1) t.fail(`one page has ${[...numbers]}`);
    }
    await all;
    t.ok(looks > 5, `${looks} looks`);
    t.same(await seen(), new Set([21]), 'publications run one after the other: the last one wins');
  },
);

t.test('collectors that read another are published anew with it', async (t) => {
  const machine = machineOf({ capabilities: [capabilityOf(never), reader('cost')], targets: [{}, {}] });
  const cost = keep(machine, 'cost', 'default', 1);
  const forecast = keep(machine, 'forecast', 'default', 10);
  const others = [keep(machine, 'cost', 'target1', 5, '2'), keep(machine, 'forecast', 'target1', 50, '2')];
  await machine.publisher.publish([cost, forecast, ...others]);
  const before = machine.publisher.current('forecast', 'target1');
  keep(machine, 'cost', 'default', 2);
  await machine.publisher.publish([cost]);
  t.ok((await machine.lines()).includes(line(12, 'default', '1', 'forecast')));
  t.equal(machine.publisher.current('forecast', 'target1'), before, "another target's stays as it is");
  cost.kept = undefined;
  await machine.publisher.publish([cost]);
  t.ok((await machine.lines()).includes(line(10, 'default', '1', 'forecast')));
});

t.test('an account is reported by the first target that has a snapshot of it', async (t) => {
  const machine = machineOf({ capabilities: [capabilityOf(never)], targets: [{}, {}, {}] });
  const [first, second, third] = machine.states.all();
  keep(machine, 'cost', 'target1', 2, 'a', 'b');
  keep(machine, 'cost', 'target2', 3, 'b', 'c');
  await machine.publisher.publish([second!, third!]);
  const b = (value: number, target: string) => line(value, target, 'b');
  t.same(await machine.lines(), [line(2, 'target1', 'a'), b(2, 'target1'), line(3, 'target2', 'c')]);
  t.ok(machine.told.includes('hidden cost/target2 b'));
  t.same(machine.publisher.current('cost', 'target2')?.hidden, ['b']);

  keep(machine, 'cost', 'default', 1, 'a', 'c');
  await machine.publisher.publish([first!]);
  t.same(
    (await machine.lines()).toSorted(),
    [line(1, 'default', 'a'), line(1, 'default', 'c'), b(2, 'target1')].toSorted(),
    'later targets are published anew when an earlier one claims',
  );

  second!.kept = undefined;
  await machine.publisher.publish([second!]);
  t.same(
    (await machine.lines()).toSorted(),
    [line(1, 'default', 'a'), line(1, 'default', 'c'), b(3, 'target2')].toSorted(),
    'and when it claims no more',
  );
});

t.test('that an account is hidden is told once, not at every publication', async (t) => {
  const machine = machineOf({ capabilities: [capabilityOf(never)], targets: [{}, {}] });
  const states = [keep(machine, 'cost', 'default', 1, 'a'), keep(machine, 'cost', 'target1', 2, 'a')];
  for (let count = 0; count < 3; count++) await machine.publisher.publish(states);
  t.equal(machine.told.filter((text) => text.startsWith('hidden')).length, 1);
});

t.test("a publication that fails changes nothing, and stands in nobody else's way", async (t) => {
  const faults: Record<string, Capability<TestData>['present']> = {
    'present throws': () => {
      throw new Error('no view');
    },
    'a NaN': ({ snapshot }) =>
      good.present({
        ...view(Number.NaN),
        snapshot: { ...snapshot, data: { value: Number.NaN, accounts: ['1'] } },
      }),
    'a series twice': ({ snapshot }) =>
      good.present({ ...view(1), snapshot: { ...snapshot, data: { value: 1, accounts: ['1', '1'] } } }),
    'samples that throw': () => ({
      samples: [
        [
          good.families[0]!,
          (function* () {
            yield [['default', '1'], 1] as const;
            throw new Error('no second sample');
          })(),
        ],
      ],
      folded: 0,
      claims: [],
      document: () => ({}),
    }),
    'a family that is not declared': () => ({
      samples: [[{ ...good.families[0]!, name: 'test_other' }, [[['default', '1'], 1]]]],
      folded: 0,
      claims: [],
      document: () => ({}),
    }),
  };
  const good = capabilityOf(never);
  const view = (value: number) => ({
    snapshot: keptOf({ value, accounts: ['1'] }).snapshot as Parameters<typeof good.present>[0]['snapshot'],
    today: '2026-03-15',
    overdue: false,
    hidden: new Set<string>(),
    maxSeries: 0,
    other: () => undefined,
  });
  for (const [name, present] of Object.entries(faults)) {
    let broken = false;
    const capability = {
      ...good,
      present: (given: Parameters<typeof present>[0]) => (broken ? present(given) : good.present(given)),
    };
    const machine = machineOf({ capabilities: [capability, capabilityOf(never, { name: 'tags' })] });
    const state = keep(machine, 'cost', 'default', 1);
    await machine.publisher.publish([state]);
    const before = machine.publisher.current('cost', 'default');
    broken = true;
    const tags = keep(machine, 'tags', 'default', 9);
    await t.rejects(machine.publisher.publish([keep(machine, 'cost', 'default', 2), tags]), name);
    t.same(await machine.lines(), [line(1)], `${name}: the old page stands whole`);
    t.equal(machine.publisher.current('cost', 'default'), before);
    t.equal(machine.publisher.current('tags', 'default'), undefined);
    await machine.publisher.publish([tags]);
    t.same(await machine.lines(), [line(1), line(9, 'default', '1', 'tags')], `${name}: others go on`);
  }
});

t.test('a view is of the day and the state at its publication', async (t) => {
  const views: [today: string, overdue: boolean, maxSeries: number][] = [];
  const plain = capabilityOf(never);
  const machine = machineOf({
    capabilities: [
      {
        ...plain,
        present: (view) => {
          views.push([view.today, view.overdue, view.maxSeries]);
          return plain.present(view);
        },
      },
    ],
    maxSeries: 17,
  });
  const state = keep(machine, 'cost', 'default', 1);
  const publishAt = async (iso: string, emptyHandedAt?: string) => {
    machine.clock.now = Date.parse(iso);
    state.emptyHandedAt = emptyHandedAt === undefined ? undefined : Date.parse(emptyHandedAt);
    await machine.publisher.publish([state]);
  };
  await publishAt('2026-03-15T23:59:59Z', '2026-03-15T20:00:00Z');
  await publishAt('2026-03-16T00:00:01Z', '2026-03-15T20:00:00Z');
  await publishAt('2026-03-16T00:00:01Z', '2026-03-16T00:00:00Z');
  await publishAt('2026-03-16T00:00:01Z');
  t.same(views, [
    ['2026-03-15', false, 17],
    ['2026-03-16', false, 17],
    ['2026-03-16', true, 17],
    ['2026-03-16', false, 17],
  ]);
  t.equal(NOON, Date.parse('2026-03-15T12:00:00Z'));
});
