import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { collectCost } from '../../../plugins/cost/collect.ts';
import { COST_SCHEMA, type CostData } from '../../../plugins/cost/model.ts';
import type { Snapshot } from '../../../src/collection/snapshot.ts';
import type { FocusRow } from '../../../src/focus.ts';
import { startSimulator } from '../../../src/simulator/index.ts';
import { billOf, MEMBER, PAYER, plusDays, THIRD } from '../../acceptance/bill.ts';
import { awsAt, type Scope } from '../../aws/helper.ts';
import { CHANGES } from '../fake-cost-explorer.ts';
import { DEFAULTS } from './bill.ts';
import { pairsOf, rowsOf } from './rounds.ts';
import { hourly } from './views.ts';

const ACCOUNTS = [PAYER, MEMBER, THIRD];
const SERVICES = ['AWS Lambda', 'AmazonCloudWatch', 'Tax'];
const SETTINGS = { ...hourly(DEFAULTS), metric: 'BlendedCost' };

const anyEdit = fc.record({
  ago: fc.nat(9),
  service: fc.constantFrom(...SERVICES, 'AWS Glue'),
  account: fc.constantFrom(...ACCOUNTS),
  // Cents, so that no two edits add up to nothing by chance.
  cost: fc.integer({ min: -500, max: 90_000 }).map((cents) => cents / 100),
});

/** A target of a simulator whose clock and bill the test moves. */
async function target(t: Scope, at: string, pageSize: number) {
  let now = Date.parse(at);
  const first = at.slice(0, 10);
  const charges = [];
  for (let ago = 70; ago > -40; ago--) {
    for (const [a, account] of ACCOUNTS.entries()) {
      for (const [s, service] of SERVICES.entries()) {
        charges.push({ day: plusDays(first, -ago), service, account, cost: 1 + a + s / 4 });
      }
    }
  }
  let rows: readonly FocusRow[] = billOf(charges);
  const simulator = await startSimulator({ bill: rows, pageSize, now: () => new Date(now) });
  const { aws } = awsAt(t, simulator.url);
  let snapshot: Snapshot<CostData> | undefined;
  const buy = async (previous: Snapshot<CostData> | undefined) => {
    const { signal } = new AbortController();
    const before = simulator.requests.length;
    const session = await aws.session('cost', signal);
    const collected = await collectCost(
      {
        target: { name: 'default', capabilities: ['cost'], regions: [], tagKeys: [] },
        accountId: PAYER,
        aws: session,
        signal,
        startedAt: now,
        previous,
        former: undefined,
        other: () => undefined,
        isFresh: () => false,
        minPages: 0,
        isStillTrue: () => false,
        changes: CHANGES,
      },
      SETTINGS,
    );
    const requests = simulator.requests.slice(before).filter(({ service }) => service === 'ce').length;
    return { collected, requests };
  };
  return {
    simulator,
    wait(hours: number) {
      now += hours * 3_600_000;
    },
    edit(edits: readonly (typeof anyEdit extends fc.Arbitrary<infer T> ? T : never)[]) {
      const today = new Date(now).toISOString().slice(0, 10);
      rows = [...rows, ...billOf(edits.map(({ ago, ...edit }) => ({ ...edit, day: plusDays(today, -ago) })))];
      simulator.setBill(rows);
    },
    async collect() {
      const round = await buy(snapshot);
      if (!round.collected.unchanged) {
        snapshot = {
          schema: COST_SCHEMA,
          collector: 'cost',
          target: 'default',
          accountId: PAYER,
          collectedAt: new Date(now).toISOString(),
          requests: round.requests,
          fingerprint: '',
          partial: false,
          data: round.collected.data,
        };
      }
      assert.ok(snapshot);
      return { ...round, data: snapshot.data };
    },
    fresh: () => buy(undefined),
  };
}

t.test('over the wire: a bill that is restated over month ends and 29 February', async (t) => {
  const anyRun = fc.record({
    at: fc.constantFrom('2028-02-27T20:00:00Z', '2025-12-30T22:30:00Z', '2026-04-28T23:59:00Z'),
    pageSize: fc.integer({ min: 15, max: 300 }),
    steps: fc.array(
      fc.record({
        hours: fc.constantFrom(1, 1, 1, 5, 24),
        edits: fc.oneof(fc.constant([]), fc.array(anyEdit, { maxLength: 4 })),
      }),
      { minLength: 3, maxLength: 9 },
    ),
  });
  await fc.assert(
    fc.asyncProperty(anyRun, async ({ at, pageSize, steps }) => {
      const subject = await target(t, at, pageSize);
      try {
        await subject.collect();
        for (const { hours, edits } of steps) {
          subject.wait(hours);
          if (edits.length > 0) subject.edit(edits);
          const { data, requests, collected } = await subject.collect();
          const fresh = await subject.fresh();
          assert.deepEqual(rowsOf(data), rowsOf(fresh.collected.data));
          assert.deepEqual(pairsOf(data), pairsOf(fresh.collected.data));
          assert.deepEqual(data.accounts.toSorted(byId), fresh.collected.data.accounts.toSorted(byId));
          assert.ok(requests <= fresh.requests + 1, `${requests} where the whole is ${fresh.requests}`);
          if (collected.unchanged) assert.equal(requests, 1);
        }
      } finally {
        await subject.simulator.close();
      }
    }),
    { numRuns: 15 },
  );
  t.pass();
});

t.test('a day of 24 rounds: one page each while nothing moves, the moved days after a change', async (t) => {
  const subject = await target(t, '2026-03-15T00:30:00Z', 14);
  t.teardown(() => subject.simulator.close());
  t.equal((await subject.collect()).requests, 20);
  let paid = 0;
  for (let hour = 1; hour < 23; hour++) {
    subject.wait(1);
    if (hour % 8 === 0) {
      subject.edit(
        [0, 1, 2, 3, 4, 5].map((ago) => ({ ago, service: 'Tax', account: PAYER, cost: hour + ago })),
      );
    }
    const { requests, collected } = await subject.collect();
    if (hour > 1 && hour % 8 !== 0) t.same([requests, collected.unchanged], [1, true]);
    paid += requests;
  }
  t.equal(paid, 22 + 2 * 4, 'six days of nine rows are four pages');
});

function byId(one: { id: string }, other: { id: string }): number {
  return one.id < other.id ? -1 : 1;
}
