// What of the budget is left to what comes first.
import t from 'tap';
import type { Capability } from '../../src/collection/capability.ts';
import type { Snapshot } from '../../src/collection/snapshot.ts';
import { type CollectorState, CollectorStates } from '../../src/collection/state.ts';
import type { Target } from '../../src/config.ts';
import { planOf } from '../../src/spend/plan.ts';
import { plannedOf, setAsideFor } from '../../src/spend/set-aside.ts';
import { buyer, NOON } from './helper.ts';

const HOUR = 3_600_000;
const RULES = { detect: false, minIntervalMs: 6 * HOUR, maxAgeMs: 24 * HOUR };
const target = { name: 'default', capabilities: ['cost', 'tags'], regions: [], tagKeys: [] } as Target;

function statesOf(): readonly CollectorState[] {
  const states = new CollectorStates();
  for (const name of target.capabilities) {
    const capability = {
      name,
      intervalMs: HOUR,
      purchases: (_: Target, snapshot: Snapshot | undefined, assumedPages: number) => ({
        pages: (snapshot?.data as number | undefined) ?? assumedPages,
        daily: 0,
      }),
    } as unknown as Capability;
    states.add(capability, [target]);
  }
  return states.all();
}

const snapshot = (pages: number) =>
  ({ data: pages, collectedAt: new Date(NOON - HOUR).toISOString() }) as unknown as Snapshot;

t.test(
  'page counts are those of the snapshot, else of one of another configuration, else assumed',
  async (t) => {
    const states = statesOf();
    const [cost] = states;
    if (cost === undefined) throw new TypeError('no state');
    const aside = () => setAsideFor(buyer('tags'), states, RULES, NOON).all;
    const rows = () => planOf(states, RULES, NOON, 3).map(({ pages, pagesFrom }) => ({ pages, pagesFrom }));
    t.equal(plannedOf(cost, 3)?.purchases.pages, 3);
    t.equal(aside(), 12, 'twelve ticks are left of the day');
    t.same(rows()[0], { pages: 3, pagesFrom: 'assumed' });
    cost.former = snapshot(20);
    t.equal(aside(), 12 * 20);
    t.same(rows()[0], { pages: 20, pagesFrom: 'former' });
    cost.kept = { snapshot: snapshot(5), confirmedAt: '' };
    t.equal(aside(), 12 * 5);
    t.same(rows(), [
      { pages: 5, pagesFrom: 'snapshot' },
      { pages: 3, pagesFrom: 'assumed' },
    ]);
  },
);
