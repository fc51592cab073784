// Each action denied in turn: /ready names it for the part that needs it, everything else stays right.
import t, { type Test } from 'tap';
import { CAPABILITIES } from '../../src/config/settings.ts';
import type { Settings } from '../../src/simulator/settings.ts';
import { type Exporter, type ExporterOptions, startExporter } from '../helper.ts';
import { actionsOf, BILL, readPolicy } from './policies.ts';

/** What an account is like in which an action is asked for at all. */
interface Account {
  readonly settings?: Partial<Settings>;
  /** Operations that are denied already. */
  readonly denied?: readonly string[];
  readonly env?: ExporterOptions['env'];
}

const PLAIN: Account = {};
const WITHOUT_HUB: Account = { settings: { hubEnrolled: false } };
const REVIEW_BY_REVIEW: Account = { denied: ['GetConsolidatedReport'] };
const ESTIMATE: Account = { env: { CAPABILITIES: 'cost,optimization', OPTIMIZATION_SOURCE: 'estimate' } };

interface Case {
  readonly account?: Account;
  /** The collectors that ask for it in that account; by default those whose policy has it. */
  readonly asked?: readonly string[];
  /** Requests that pass before it is denied. */
  readonly after?: number;
  /** State of the collectors that ask for it. */
  readonly state: 'failed' | 'partial' | 'ok';
  /** Families of theirs that are as if nothing had been denied. */
  readonly same?: readonly string[];
  /** Families of others that are made with their figures, and so are absent. */
  readonly gone?: readonly string[];
}

const SCORES = ['aws_wellarchitected_score', 'aws_wellarchitected_risks'];
const BY_TAG = ['aws_cost_by_tag', 'aws_tag_cost_total', 'aws_cost_untagged_ratio'];
const HUB = [
  'aws_optimization_savings',
  'aws_optimization_savings_deduplicated',
  'aws_optimization_recommendations_open',
];

/** What becomes of each action of the policies, by action and, where it is asked for in two ways, the way. */
const CASES: Readonly<Record<string, Case>> = {
  'ce:GetCostAndUsage': {
    state: 'failed',
    // The hub answers: there is no estimate to be made.
    asked: ['cost', 'tags'],
    gone: ['aws_cost_forecast_month_end'],
  },
  'ce:GetCostAndUsage for the estimate': {
    account: ESTIMATE,
    asked: ['optimization'],
    // The one page of the cost collection.
    after: 1,
    state: 'ok',
    same: ['aws_optimization_savings_deduplicated'],
  },
  'ce:GetCostForecast': { state: 'failed' },
  'ce:ListCostAllocationTags': { state: 'ok', same: [...BY_TAG, 'aws_tag_resource_count'] },
  'tag:GetResources': { state: 'partial', same: BY_TAG },
  'cost-optimization-hub:ListEnrollmentStatuses': { state: 'ok' },
  'cost-optimization-hub:GetPreferences': { state: 'ok', same: HUB },
  'cost-optimization-hub:ListRecommendationSummaries': {
    state: 'ok',
    same: HUB.filter((family) => family !== 'aws_optimization_savings_deduplicated'),
  },
  'cost-optimization-hub:ListRecommendations': { state: 'ok' },
  'ce:GetRightsizingRecommendation': { account: WITHOUT_HUB, state: 'ok' },
  'ce:GetSavingsPlansPurchaseRecommendation': { account: WITHOUT_HUB, state: 'ok' },
  'ce:GetReservationPurchaseRecommendation': { account: WITHOUT_HUB, state: 'ok' },
  'wellarchitected:GetConsolidatedReport': { state: 'ok', same: SCORES },
  'wellarchitected:ListWorkloads': { state: 'ok', same: SCORES },
  'wellarchitected:ListLensReviews': { account: REVIEW_BY_REVIEW, state: 'failed' },
  'wellarchitected:GetLensReview': { account: REVIEW_BY_REVIEW, state: 'failed' },
};

const ROUTES: Readonly<Record<string, string>> = {
  cost: '/cost/current',
  forecast: '/cost/forecast',
  tags: '/cost/tags',
  optimization: '/recommendations',
  'well-architected': '/wellarchitected',
};

/** What an exporter shows, by collector. */
interface Shown {
  readonly states: Readonly<Record<string, string>>;
  readonly families: ReadonlyMap<string, readonly string[]>;
  readonly bodies: Readonly<Record<string, string>>;
  /** The families of each collector. */
  readonly owners: ReadonlyMap<string, readonly string[]>;
}

async function show(exporter: Exporter): Promise<Shown> {
  const { collectors } = await exporter.target();
  const page = await exporter.metrics();
  const bodies = await Promise.all(
    collectors.map(async ({ collector }) => [collector, (await exporter.get(ROUTES[collector] ?? '')).text]),
  );
  const states = exporter.app.rest.collections.states.all();
  return {
    states: Object.fromEntries(collectors.map((view) => [view.collector, JSON.stringify(view)])),
    families: new Map(
      [...page.families].map(([name, { series }]) => [
        name,
        series.map(({ labels, value }) => `${JSON.stringify(labels)} ${value}`).toSorted(),
      ]),
    ),
    bodies: Object.fromEntries(bodies),
    owners: new Map(
      states.map(({ capability: { name, families } }) => [name, families.map((one) => one.name)]),
    ),
  };
}

/** An exporter in such an account, and what it shows after its first collections. */
async function shownIn(
  t: Test,
  { settings, denied = [], env = {} }: Account,
  fault?: { operation: string; after: number },
): Promise<Shown> {
  const exporter = await startExporter(t, {
    bill: BILL,
    env,
    simulator: { settings },
    // When the next run is due is no matter of chance here.
    app: { random: () => 0 },
    before: ({ faults }) => {
      for (const operation of denied) faults.add({ kind: 'deny', operation });
      if (fault !== undefined) faults.add({ kind: 'deny', ...fault });
    },
  });
  const shown = await show(exporter);
  // The last one would find the ports of all those before it still open.
  await exporter.app.close();
  return shown;
}

t.test('every action of the policies has its case', async (t) => {
  const actions = new Set(Object.keys(CASES).map((name) => name.split(' ')[0]));
  t.strictSame([...actions].toSorted(), actionsOf(readPolicy('all')));
});

t.test('an account that denies nothing has figures of every family', async (t) => {
  const { families, owners } = await shownIn(t, PLAIN);
  for (const family of [...owners.values()].flat()) t.ok(families.get(family)?.length, family);
});

t.test('each action denied in turn', async (t) => {
  const undisturbed = new Map<Account, Shown>();
  for (const [name, one] of Object.entries(CASES)) {
    const [action = ''] = name.split(' ');
    const { account = PLAIN, after = 0, same = [], gone = [] } = one;
    const before = undisturbed.get(account) ?? (await shownIn(t, account));
    undisturbed.set(account, before);
    await t.test(name, async (t) => {
      const now = await shownIn(t, account, { operation: action.split(':')[1] ?? '', after });
      const asked =
        one.asked ?? CAPABILITIES.filter((capability) => actionsOf(readPolicy(capability)).includes(action));
      for (const [collector, state] of Object.entries(now.states)) {
        const families = now.owners.get(collector) ?? [];
        if (asked.includes(collector)) {
          t.match(state, `AWS denied ${action}.`, `${collector} names it`);
          t.match(state, `Allow the IAM action ${action} to the credentials`, `${collector} says what to do`);
          t.match(state, `"state":"${one.state}"`, `${collector} is ${one.state}`);
        } else {
          t.equal(state, before.states[collector], `${collector} stands as ever`);
          if (!families.some((family) => gone.includes(family))) {
            t.equal(now.bodies[collector], before.bodies[collector], `${collector} answers as ever`);
          }
        }
        for (const family of families.filter((one) => !asked.includes(collector) || same.includes(one))) {
          if (gone.includes(family)) t.notOk(now.families.get(family)?.length, `${family} is absent`);
          else t.strictSame(now.families.get(family), before.families.get(family), `${family} is the same`);
        }
        if (one.state === 'failed' && asked.includes(collector)) {
          t.notOk(
            families.some((family) => now.families.get(family)?.length),
            `${collector} has no figure`,
          );
        }
      }
    });
  }
});
