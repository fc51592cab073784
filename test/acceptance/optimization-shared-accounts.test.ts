// A linked account that two targets see is reported once, by the first in file order.
import t, { type Test } from 'tap';
import type { FaultRule } from '../../src/simulator/index.ts';
import type { Exporter } from '../helper.ts';
import {
  HUB,
  OWNER,
  PRODUCTION,
  recommendations,
  startOptimization,
} from '../plugins/optimization/exporter.ts';

const ROLE = `arn:aws:iam::${PRODUCTION}:role/costs`;
const PAYER_FIRST = `targets: [{name: payer}, {name: member, roleArn: "${ROLE}"}]`;
const FAMILIES = ['aws_optimization_savings', 'aws_optimization_recommendations_open'];

const ACCOUNTS = [
  { accountId: OWNER, accessKeyId: 'AKIATEST', sees: 'all' },
  { accountId: PRODUCTION, sees: [PRODUCTION] },
] as const;

/** A payer that sees all accounts, and a member that sees itself, its savings halved by a mutation. */
function start(t: Test, configFile = PAYER_FIRST): Promise<Exporter> {
  return startOptimization(t, {
    enrolled: true,
    configFile,
    simulator: { accounts: ACCOUNTS },
    faults: [
      {
        kind: 'mutate',
        operation: 'ListRecommendations',
        account: PRODUCTION,
        mutate: (body) => ({
          ...body,
          items: (body.items as { estimatedMonthlySavings: number }[]).map((item) => ({
            ...item,
            estimatedMonthlySavings: item.estimatedMonthlySavings / 2,
          })),
        }),
      },
    ],
  });
}

/** What a target's REST says that an account could save, by type and category. */
async function said(exporter: Exporter, target: string, account: string): Promise<Record<string, number>> {
  const { recommendations: list } = await recommendations(exporter, `?target=${target}&account=${account}`);
  const groups = Map.groupBy(list, ({ type, category }) => `${type}/${category}`);
  return Object.fromEntries(
    [...groups].map(([kind, items]) => [
      kind,
      Number(items.reduce((sum, { monthlySavings }) => sum + monthlySavings, 0).toFixed(6)),
    ]),
  );
}

async function onPage({ metrics }: Exporter, account: string): Promise<Record<string, number>> {
  const series = (await metrics()).series('aws_optimization_savings', { account_id: account });
  return Object.fromEntries(
    series.map(({ labels, value }) => [`${labels.type}/${labels.category}`, Number(value.toFixed(6))]),
  );
}

t.test("the first in file order is heard: the payer's view, or the member's", async (t) => {
  const payer = await start(t);
  t.same(await onPage(payer, PRODUCTION), await said(payer, 'payer', PRODUCTION));
  t.ok(Object.keys(await said(payer, 'member', PRODUCTION)).length > 1, 'REST answers for its target');
  t.same(
    (await payer.metrics())
      .series('aws_optimization_savings_deduplicated', { source: HUB })
      .map(({ labels }) => labels.account_id)
      .toSorted(),
    [OWNER, PRODUCTION],
    'what is by target stays by target',
  );

  const member = await start(t, `targets: [{name: member, roleArn: "${ROLE}"}, {name: payer}]`);
  t.same(await onPage(member, PRODUCTION), await said(member, 'member', PRODUCTION));
  t.same(await onPage(member, OWNER), await said(member, 'payer', OWNER), "the payer's others are its own");
});

t.test('what is counted is counted once', async (t) => {
  const exporter = await start(t);
  const both = await exporter.metrics();
  const alone = await (await start(t, 'targets: [{name: payer}]')).metrics();
  for (const family of [...FAMILIES, 'aws_optimization_recommendations_total']) {
    t.same(both.series(family), alone.series(family), family);
  }
});

t.test('an account that the first target no longer names: one series each all the same', async (t) => {
  const exporter = await start(t);
  exporter.sim.faults.add({
    kind: 'mutate',
    operation: 'ListRecommendations',
    account: OWNER,
    mutate: (body) => ({
      ...body,
      items: (body.items as { accountId: string }[]).filter(({ accountId }) => accountId !== PRODUCTION),
    }),
  });
  await exporter.run('optimization', 'payer');
  await exporter.run('optimization', 'member');
  // The parser refuses a page with one series twice.
  const page = await exporter.metrics();
  t.ok(page.series('aws_optimization_recommendations_total', { account_id: PRODUCTION }).length > 0);
});

t.test(
  "a member that the payer's bill shows is the payer's, whether anything is open in it or not",
  async (t) => {
    const without: FaultRule = {
      kind: 'mutate',
      operation: 'ListRecommendations',
      account: OWNER,
      mutate: (body) => ({
        ...body,
        items: (body.items as { accountId: string }[]).filter(({ accountId }) => accountId !== PRODUCTION),
      }),
    };
    // As if the payer had never seen anything there.
    const fresh = await startOptimization(t, {
      enrolled: true,
      configFile: PAYER_FIRST,
      simulator: { accounts: ACCOUNTS },
      faults: [without],
    });
    const shown = async ({ metrics }: Exporter) => {
      const page = await metrics();
      return [...FAMILIES, 'aws_optimization_recommendations_total'].flatMap((family) =>
        page.series(family, { account_id: PRODUCTION }),
      ).length;
    };
    t.equal(await shown(fresh), 0, 'nothing by the payer is nothing, not what the member says');
    t.ok((await recommendations(fresh, '?target=member')).recommendations.length > 0, 'REST has it');
    fresh.sim.faults.clear();
    await fresh.run('optimization', 'payer');
    t.ok((await shown(fresh)) > 0);
    t.same(await onPage(fresh, PRODUCTION), await said(fresh, 'payer', PRODUCTION));
  },
);

t.test('an estimate is of the payer alone: it hides no real recommendations of a member', async (t) => {
  const paid = ['GetRightsizing', 'GetSavingsPlansPurchase', 'GetReservationPurchase'];
  const operations = ['ListEnrollmentStatuses', ...paid.map((name) => `${name}Recommendation`)];
  const exporter = await startOptimization(t, {
    enrolled: true,
    configFile: PAYER_FIRST,
    simulator: { accounts: ACCOUNTS },
    faults: operations.map((operation) => ({ kind: 'deny', operation, account: OWNER })),
  });
  t.match(await recommendations(exporter, '?target=payer'), { source: 'estimate' });
  t.same(await onPage(exporter, PRODUCTION), await said(exporter, 'member', PRODUCTION));
  t.ok(Object.keys(await onPage(exporter, PRODUCTION)).length > 0);
});
