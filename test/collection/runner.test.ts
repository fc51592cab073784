import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { CollectContext } from '../../src/collection/capability.ts';
import { NO_DATA_KEEP_MS } from '../../src/collection/keeper.ts';
import type { RunOutcome } from '../../src/collection/runner.ts';
import { CollectionError } from '../../src/errors.ts';
import { brings, capabilityOf, INTERVAL_MS, line, machineOf, NOON, type TestData } from './runner-helper.ts';

t.setTimeout(30_000);

// The timer of an AbortSignal does not keep a process alive: in the program the listeners do.
const alive = setInterval(() => {}, 1_000);
t.teardown(() => clearInterval(alive));

const fails = (code: CollectionError['code']) => async () => {
  throw new CollectionError(code, 'It failed.', 'Do something.');
};

/** A machine whose next collection can be set. */
function switchable(options: Partial<Parameters<typeof machineOf>[0]> = {}) {
  const next: { collect: (context: CollectContext<TestData>) => Promise<unknown>; count: number } = {
    collect: async () => brings(1),
    count: 0,
  };
  const collect = (context: CollectContext<TestData>) => {
    next.count++;
    return next.collect(context) as ReturnType<typeof capability.collect>;
  };
  const capability = capabilityOf(async (context) => collect(context));
  return { next, ...machineOf({ capabilities: [capability], cacheTtlMs: 0, ...options }) };
}

t.test('a collection becomes a snapshot, a publication and a kept value', async (t) => {
  const { runner, state, told, store, lines, clock, next } = switchable();
  next.collect = async () => {
    clock.now += 5_000;
    return brings(7);
  };
  t.same(await runner.run(state()), { kind: 'collected', paid: false });
  t.same(await lines(), [line(7)]);
  const { kept } = await store.load('cost', 'default');
  t.same(kept, {
    snapshot: {
      schema: 1,
      collector: 'cost',
      target: 'default',
      accountId: '111122223333',
      collectedAt: '2026-03-15T12:00:00.000Z',
      requests: 0,
      fingerprint: '["","","f"]',
      partial: false,
      data: { value: 7, accounts: ['1'] },
    },
    confirmedAt: '2026-03-15T12:00:00.000Z',
  });
  t.match(state(), { status: 'ok', cause: null, lastAttempt: NOON, lastSuccess: NOON, failed: [] });
  t.same(
    told,
    ['series cost/default 1', 'attempt cost/default ok 0', 'info collected'],
    'ages count from the start',
  );
});

t.test('a job that is running is not started again', async (t) => {
  const { runner, state, next, told } = switchable();
  const gate = Promise.withResolvers<void>();
  next.collect = async () => {
    await gate.promise;
    return brings(1);
  };
  const first = runner.run(state());
  t.same(await runner.run(state()), { kind: 'skipped', reason: 'running' });
  t.same(await runner.run(state()), { kind: 'skipped', reason: 'running' });
  gate.resolve();
  t.match(await first, { kind: 'collected' });
  t.equal(next.count, 1);
  t.equal(told.filter((text) => text === 'skip cost/default running').length, 2);
  t.match(await runner.run(state()), { kind: 'collected' }, 'afterwards it is');
});

t.test(
  'fresh: the smaller of CACHE_TTL_SECONDS and 0.9 of the interval, from the start of the collection',
  async (t) => {
    const cases: [ttlMs: number, freshForMs: number][] = [
      [INTERVAL_MS, 0.9 * INTERVAL_MS],
      [24 * INTERVAL_MS, 0.9 * INTERVAL_MS],
      [600_000, 600_000],
      [0, 0],
    ];
    for (const [cacheTtlMs, freshForMs] of cases) {
      const { runner, state, clock, next } = switchable({ cacheTtlMs });
      next.collect = async () => {
        clock.now += 30_000;
        return brings(1);
      };
      await runner.run(state());
      const again = async (ms: number): Promise<RunOutcome> => {
        clock.now = NOON + ms;
        return runner.run(state());
      };
      if (freshForMs > 0)
        t.same(await again(freshForMs - 1), { kind: 'skipped', reason: 'fresh' }, `${cacheTtlMs}`);
      t.equal(next.count, 1);
      t.match(
        await again(freshForMs),
        { kind: 'collected' },
        `${cacheTtlMs}: not fresh from the very instant on`,
      );
    }
  },
);

t.test('a capability can end freshness earlier, as a forecast does at midnight', async (t) => {
  const midnight = Date.parse('2026-03-15T12:10:00Z');
  const capability = capabilityOf(async () => brings(1), { freshUntil: () => midnight });
  const { runner, state, clock } = machineOf({ capabilities: [capability] });
  await runner.run(state());
  clock.now = midnight - 1;
  t.match(await runner.run(state()), { reason: 'fresh' });
  clock.now = midnight;
  t.match(await runner.run(state()), { kind: 'collected' });
});

t.test(
  'a clock that goes far backwards buys anew: a snapshot from the future cannot vouch for its age',
  async (t) => {
    const { runner, state, clock, next } = switchable({ cacheTtlMs: INTERVAL_MS });
    await runner.run(state());
    clock.now = NOON - 5 * 60_000;
    t.match(await runner.run(state()), { reason: 'fresh' }, 'so far the clocks of replicas may differ');
    clock.now -= 1;
    t.match(await runner.run(state()), { kind: 'collected' });
    clock.now = NOON;
    t.match(await runner.run(state()), { reason: 'fresh' });
    t.equal(next.count, 2);
  },
);

t.test('a failure changes no figure: the last good snapshot stays, success does not move', async (t) => {
  const { runner, state, next, lines, clock, store, told } = switchable();
  await runner.run(state());
  const { kept } = await store.load('cost', 'default');
  for (const code of ['throttled', 'access_denied', 'timeout', 'invalid_response', 'error'] as const) {
    clock.now += INTERVAL_MS;
    next.collect = fails(code);
    t.match(await runner.run(state()), { kind: 'failed' }, code);
    t.same(await lines(), [line(1)]);
    t.match(state(), { status: 'failed', cause: { code }, lastSuccess: NOON, lastAttempt: clock.now });
    t.equal(told.at(-2), `attempt cost/default failed ${clock.now - NOON}`);
  }
  t.same((await store.load('cost', 'default')).kept, kept);
  next.collect = async () => brings(2);
  await runner.run(state());
  t.match(state(), { status: 'ok', cause: null, lastSuccess: clock.now });
  t.same(await lines(), [line(2)]);
});

t.test('before the first success nothing is on the page', async (t) => {
  const { runner, state, next, lines } = switchable();
  for (const code of ['error', 'no_data', 'not_enabled', 'no_credentials'] as const) {
    next.collect = fails(code);
    await runner.run(state());
    t.same(await lines(), []);
  }
});

t.test('no data is a success without figures: earlier ones stay until they are 24 h old', async (t) => {
  for (const code of ['no_data', 'not_enabled'] as const) {
    const { runner, state, next, lines, clock, told } = switchable();
    await runner.run(state());
    next.collect = fails(code);
    clock.now = NOON + NO_DATA_KEEP_MS;
    t.match(await runner.run(state()), { kind: 'empty' });
    t.same(await lines(), [line(1)], `${code}: 24 h old`);
    t.match(state(), { status: code, cause: { code }, lastSuccess: clock.now });
    t.ok(told.includes(`attempt cost/default ok ${clock.now - NOON}`));
    clock.now += 1;
    await runner.run(state());
    t.same(await lines(), [], `${code}: older`);
  }
});

t.test('a part that fails: the others are published, success stands still, nothing is fresh', async (t) => {
  const { runner, freshness, state, next, lines, clock, told } = switchable({ cacheTtlMs: INTERVAL_MS });
  await runner.run(state());
  clock.now += INTERVAL_MS;
  const cause = { code: 'throttled', message: 'Throttled.', advice: 'Wait.' } as const;
  next.collect = async () => ({ ...brings(2), failed: [{ part: 'Environment', cause }] });
  t.match(await runner.run(state()), { kind: 'collected' });
  t.same(await lines(), [line(2)]);
  t.match(state(), { status: 'partial', cause, lastSuccess: NOON, lastAttempt: clock.now });
  t.ok(told.includes(`attempt cost/default failed ${INTERVAL_MS}`));
  t.notOk(freshness.isFresh(state()));
  next.collect = fails('error');
  await runner.run(state());
  t.notOk(freshness.isFresh(state()), 'nor after a failure: what failed was never bought');
});

t.test('no credentials: the collection is skipped, and one line says so', async (t) => {
  const { runner, state, next, told, lines } = switchable();
  await runner.run(state());
  const before = { ...state() };
  next.collect = fails('no_credentials');
  for (let count = 0; count < 3; count++) {
    t.same(await runner.run(state()), { kind: 'skipped', reason: 'no_credentials' });
  }
  const { lastAttempt, lastSuccess, kept } = state();
  t.same([lastAttempt, lastSuccess, kept], [before.lastAttempt, before.lastSuccess, before.kept]);
  t.match(state(), { status: 'no_credentials', cause: { code: 'no_credentials' } });
  t.equal(told.filter((text) => text === 'warn It failed.').length, 1);
  t.same(await lines(), [line(1)]);
});

t.test('the wrong account: nothing is published for the target', async (t) => {
  const { runner, state, next, lines } = switchable();
  await runner.run(state());
  next.collect = fails('wrong_account');
  t.match(await runner.run(state()), { kind: 'failed' });
  t.same(await lines(), []);
  t.match(state(), { status: 'failed', cause: { code: 'wrong_account' } });
});

t.test('whatever a collection throws is a failure, never more', async (t) => {
  const { runner, state, next, lines } = switchable();
  await runner.run(state());
  const things: unknown[] = [
    undefined,
    null,
    0,
    '',
    'words',
    Symbol('s'),
    1n,
    {},
    [],
    () => {},
    new Error('x'),
  ];
  things.push(Object.assign(new Error(), { message: undefined }), Object.freeze(new TypeError('frozen')));
  things.push(Object.assign(new Error(), { name: 7, code: {}, $metadata: null }), new AggregateError([]));
  things.push(
    Object.create(null),
    { toString: null },
    Object.assign(new Error('x'), { message: Symbol('s') }),
  );
  for (const thing of things) {
    next.collect = async () => {
      throw thing;
    };
    const outcome = await runner.run(state()).catch((error: unknown) => error);
    t.match(outcome, { kind: 'failed' }, Object.prototype.toString.call(thing));
    t.same(await lines(), [line(1)]);
  }
});

t.test('whatever a collection returns: what cannot be published changes nothing', async (t) => {
  const { runner, state, next, lines, store } = switchable();
  await runner.run(state());
  const kept = state().kept;
  const wrong: unknown[] = [undefined, null, 7, {}, { data: null, failed: [] }, { data: {}, failed: [] }];
  for (const thing of [...wrong, { data: { value: Number.NaN, accounts: ['1'] }, failed: [] }]) {
    next.collect = async () => thing;
    t.match(await runner.run(state()), { kind: 'failed' }, JSON.stringify(thing));
    t.same(await lines(), [line(1)]);
    t.equal(state().kept, kept);
  }
  t.same((await store.load('cost', 'default')).kept, kept);
});

t.test('the snapshot before is given, where it is of the same account', async (t) => {
  let account = '1';
  const { runner, state, next } = switchable({ aws: { account: async () => account } });
  const previous: unknown[] = [];
  next.collect = async (context) => {
    previous.push(context.previous?.data.value);
    return brings(previous.length);
  };
  await runner.run(state());
  await runner.run(state());
  account = '2';
  await runner.run(state());
  t.same(previous, [undefined, 1, undefined]);
});

t.test('one target fails alone', async (t) => {
  const capability = capabilityOf(async ({ target }) => {
    if (target.name === 'default') throw new Error('no');
    return brings(5, target.name);
  });
  const { runner, states, lines } = machineOf({ capabilities: [capability], targets: [{}, {}, {}] });
  const outcomes = await Promise.all(states.all().map((state) => runner.run(state)));
  t.same(
    outcomes.map(({ kind }) => kind),
    ['failed', 'collected', 'collected'],
  );
  t.same(await lines(), [line(5, 'target1', 'target1'), line(5, 'target2', 'target2')]);
});

t.test(
  'at its timeout a collection is over, also one that does not listen; its late answer counts for nothing',
  async (t) => {
    const late = Promise.withResolvers<ReturnType<typeof brings>>();
    let signal: AbortSignal | undefined;
    const capability = capabilityOf(
      (context) => {
        signal = context.signal;
        return late.promise;
      },
      { timeoutMs: 30 },
    );
    const { runner, state, lines, told } = machineOf({ capabilities: [capability] });
    t.match(await runner.run(state()), { kind: 'failed', paid: true }, 'it may have been answered after all');
    t.equal(signal?.aborted, true);
    t.match(state(), { status: 'failed', cause: { code: 'timeout' } });
    late.resolve(brings(1));
    await sleep(20);
    t.same(await lines(), []);
    t.match(state(), { status: 'failed', kept: undefined });
    t.notOk(told.includes('info collected'));
  },
);

t.test('an identity that hangs is over at the timeout too; nothing was bought', async (t) => {
  const capability = capabilityOf(async () => brings(1), { timeoutMs: 30 });
  const hanging = () => new Promise<string>(() => {});
  const { runner, state } = machineOf({ capabilities: [capability], aws: { account: hanging } });
  t.match(await runner.run(state()), { kind: 'failed', paid: false });
  t.match(state(), { cause: { code: 'timeout' } });
});

t.test('closing aborts what runs, waits for it, and lets nothing start any more', async (t) => {
  let asked = 0;
  const aws = {
    account: async () => {
      asked++;
      return '1';
    },
  };
  const { runner, state, next, told } = switchable({ aws });
  let aborted = false;
  next.collect = ({ signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        aborted = true;
        reject(signal.reason);
      });
    });
  const run = runner.run(state());
  await sleep(5);
  await runner.close();
  t.ok(aborted);
  t.match(await run, { kind: 'failed' });
  t.notOk(
    told.some((text) => text.startsWith('attempt')),
    'a stop is no failure of AWS',
  );
  t.equal(state().status, 'pending');
  asked = 0;
  await runner.run(state());
  t.equal(next.count, 1, 'nothing is collected');
  t.equal(asked, 0, 'and nobody is asked');
});
