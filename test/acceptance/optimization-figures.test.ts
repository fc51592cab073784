// What the sources say, summed and told apart; overlaps are not added up.
import fc from 'fast-check';
import t from 'tap';
import { type FaultRule, generateBill } from '../../src/simulator/index.ts';
import { TODAY } from '../helper.ts';
import {
  BILL,
  type Body,
  EXPLORER,
  HUB,
  type Item,
  recommendations,
  requested,
  startOptimization,
} from '../plugins/optimization/exporter.ts';
import { plusDays } from './bill.ts';
import type { MetricsPage } from './parse-metrics.ts';

t.setTimeout(120_000);

const TOLERANCE = 1e-6;
const sumOf = (list: readonly Item[]) => list.reduce((sum, { monthlySavings }) => sum + monthlySavings, 0);

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

/** What competes for the same usage, by the hub's words; what is in no line stands alone. */
const COMPETING = [
  ['Ec2Instance', 'LambdaFunction', 'ComputeSavingsPlans', 'Ec2InstanceSavingsPlans', 'Ec2ReservedInstances'],
  ['RdsDbInstance', 'RdsReservedInstances'],
  ['ElastiCacheCluster', 'ElastiCacheReservedInstances'],
];

/** Whether two savings exclude each other: of one resource, or a commitment and something else for the same usage. */
function compete(one: Item, other: Item): boolean {
  const bought = (item: Item) => item.type.startsWith('Purchase');
  if (!bought(one) && !bought(other)) {
    return one.account === other.account && one.resource === other.resource;
  }
  const kinds = COMPETING.find((kind) => kind.includes(one.category)) ?? [];
  return one.category !== other.category && kinds.includes(other.category);
}

/** Sums of REST's recommendations by the labels that a family has. */
function grouped(
  list: readonly Item[],
  labels: (item: Item) => string[],
  value: (items: readonly Item[]) => number,
): Record<string, number> {
  const groups = Map.groupBy(list, (item) => labels(item).join('/'));
  return Object.fromEntries([...groups].map(([key, items]) => [key, value(items)]));
}

function checkEqual(one: Record<string, number>, other: Record<string, number>, what: string): void {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  for (const key of keys) {
    const near = Math.abs((one[key] ?? Number.NaN) - (other[key] ?? Number.NaN)) < TOLERANCE;
    check(near, `${what}: ${key} is ${one[key]}, not ${other[key]}`);
  }
}

/** What must hold of any collection of the hub or of Cost Explorer. */
function checkBody(body: Body, page: MetricsPage): void {
  const { recommendations: list, source } = body;
  for (const { resource, category, monthlySavings, monthlyCost } of list) {
    check(monthlySavings >= 0, `${resource}: savings of ${monthlySavings}`);
    check(
      monthlyCost === null || monthlySavings <= monthlyCost + TOLERANCE,
      `${category} ${resource} saves ${monthlySavings} of ${monthlyCost}`,
    );
  }
  const savings = list.map(({ monthlySavings }) => monthlySavings);
  check(
    savings.every((one, i) => i === 0 || one <= (savings[i - 1] ?? one)),
    'greatest savings first',
  );
  const total = page.value('aws_optimization_savings_deduplicated', { source: source ?? '' }) ?? Number.NaN;
  check(total <= sumOf(list) + TOLERANCE, `in all ${total}, the parts ${sumOf(list)}`);
  const rivals = list.filter((one) => one.monthlySavings > 0);
  if (rivals.some((one, at) => rivals.slice(at + 1).some((other) => compete(one, other)))) {
    check(total < sumOf(list) - TOLERANCE, `what competes is added up: ${total}`);
  }
  check(total >= Math.max(0, ...savings) - TOLERANCE, `in all ${total}, the greatest part ${savings[0]}`);
  check(body.total_potential_savings === Math.round(total * 100) / 100, 'REST rounds the same total');
  checkEqual(
    page.table('aws_optimization_savings', 'type', 'category', 'source', 'account_id'),
    grouped(list, ({ type, category, account }) => [type, category, source ?? '', account], sumOf),
    'savings',
  );
  checkEqual(
    page.table(
      'aws_optimization_recommendations_open',
      'type',
      'category',
      'priority',
      'source',
      'account_id',
    ),
    grouped(
      list,
      (item) => [item.type, item.category, item.priority, source ?? '', item.account],
      ({ length }) => length,
    ),
    'open',
  );
  const parts = body.rightsizing.reduce((sum, { potential_savings }) => sum + potential_savings, 0);
  check(Math.abs(parts - sumOf(list)) <= 0.005 * body.rightsizing.length + TOLERANCE, 'the kinds sum up');
  for (const { potential_savings, recommendation } of body.rightsizing) {
    check(Math.abs(potential_savings * 100 - Math.round(potential_savings * 100)) < 1e-6, 'cents');
    check(recommendation.length > 5, 'a sentence');
  }
  const kinds = body.rightsizing.map(({ service }) => service);
  check(new Set(kinds).size === kinds.length, 'each kind once');
}

for (const source of [HUB, EXPLORER]) {
  t.test(`any bill, at any page size: ${source}`, async (t) => {
    const exporter = await startOptimization(t, { env: { OPTIMIZATION_SOURCE: source }, enrolled: true });
    let day = TODAY;
    await fc.assert(
      fc.asyncProperty(fc.nat(10_000), fc.constantFrom(1, 2, 5, 5_000), async (seed, pageSize) => {
        exporter.sim.setBill(generateBill({ seed, today: new Date(`${TODAY}T12:00:00Z`), days: 40 }));
        // Of another day, so that what is paid is bought anew.
        day = day === TODAY ? plusDays(TODAY, -1) : TODAY;
        exporter.clock.set(`${day}T08:00:00Z`);
        exporter.sim.setPageSize(5_000);
        check((await exporter.run('cost')) === 'collected', 'cost');
        exporter.sim.setPageSize(pageSize);
        check((await exporter.run('optimization')) === 'collected', 'optimization');
        const body = await recommendations(exporter);
        check(body.source === source && body.recommendations.length > 0, `${source} answers`);
        checkBody(body, await exporter.metrics());
      }),
      { numRuns: 12, interruptAfterTimeLimit: 40_000 },
    );
    t.pass('it holds');
  });
}

t.test('paging changes nothing', async (t) => {
  for (const enrolled of [true, false]) {
    const bodies: Body[] = [];
    for (const pageSize of [1, 4, 5_000]) {
      const exporter = await startOptimization(t, { enrolled });
      const before = requested(exporter);
      exporter.clock.set(`${TODAY}T23:00:00Z`);
      exporter.clock.advance(7_200_000);
      await exporter.run('cost');
      exporter.sim.setPageSize(pageSize);
      await exporter.run('optimization');
      bodies.push(await recommendations(exporter));
      const operation = enrolled ? 'ListRecommendations' : 'GetRightsizingRecommendation';
      const pages = (requested(exporter)[operation] ?? 0) - (before[operation] ?? 0);
      t.equal(pages > 1, pageSize < 5_000, `${pages} pages of ${operation}`);
    }
    t.same(bodies[1], bodies[0]);
    t.same(bodies[2], bodies[0]);
  }
});

t.test('every recommendation has an id of its own', async (t) => {
  for (const enrolled of [true, false]) {
    const { recommendations: list } = await recommendations(await startOptimization(t, { enrolled }));
    const twice = list.filter(({ id }, at) => list.findIndex((other) => other.id === id) !== at);
    t.same(
      twice.map(({ type, category, region, account }) => [type, category, region, account]),
      [],
      enrolled ? HUB : EXPLORER,
    );
  }
});

t.test('the words are those of the hub, whoever speaks', async (t) => {
  const { recommendations: list } = await recommendations(await startOptimization(t));
  const words: Readonly<Record<string, RegExp>> = {
    Rightsize: /^Ec2Instance$/,
    Stop: /^Ec2Instance$/,
    PurchaseSavingsPlans: /^ComputeSavingsPlans$/,
    PurchaseReservedInstances: /^(Ec2|Rds|ElastiCache|Redshift|OpenSearch)ReservedInstances$/,
  };
  t.same(
    Object.keys(words).filter((type) => !list.some((item) => item.type === type)),
    [],
    'each is there',
  );
  for (const { type, category } of list) t.match(category, words[type] ?? /^$/, type);
});

t.test("the hub's deduplicated total is the total", async (t) => {
  const exporter = await startOptimization(t, {
    enrolled: true,
    faults: [
      {
        kind: 'mutate',
        operation: 'ListRecommendationSummaries',
        mutate: (body) => ({ ...body, estimatedTotalDedupedSavings: 12.345678 }),
      },
    ],
  });
  t.equal((await exporter.metrics()).value('aws_optimization_savings_deduplicated'), 12.345678);
  t.equal((await recommendations(exporter)).total_potential_savings, 12.35);
});

t.test('where the hub gives none: not 0, but the same rule as for Cost Explorer', async (t) => {
  const alike = async (fault: FaultRule) => {
    const exporter = await startOptimization(t, { enrolled: true, faults: [fault] });
    const body = await recommendations(exporter);
    t.equal(body.source, HUB);
    const total = (await exporter.metrics()).value('aws_optimization_savings_deduplicated') ?? 0;
    const greatest = (categories: readonly string[]) => {
      const of = (wanted: (item: Item) => boolean) => sumOf(body.recommendations.filter(wanted));
      const resources = of((item) => categories.includes(item.category) && !/^Purchase/.test(item.type));
      const bought = categories.map((category) =>
        of((item) => item.category === category && /^Purchase/.test(item.type)),
      );
      return Math.max(resources, ...bought);
    };
    const alone = body.recommendations.filter(({ category }) => !COMPETING.flat().includes(category));
    const expected = COMPETING.map(greatest).reduce((sum, one) => sum + one, sumOf(alone));
    t.ok(Math.abs(total - expected) < TOLERANCE, `${total} is ${expected}`);
    t.ok(total > 0 && total < sumOf(body.recommendations));
  };
  await alike({
    kind: 'mutate',
    operation: 'ListRecommendationSummaries',
    mutate: ({ estimatedTotalDedupedSavings, ...body }) => body,
  });
  await alike({ kind: 'deny', operation: 'ListRecommendationSummaries' });
});

t.test(
  'two reservations that differ in their engine alone keep their ids, whichever saves more',
  async (t) => {
    const detail = (engine: string, savings: number) => ({
      AccountId: '111122223333',
      InstanceDetails: {
        RDSInstanceDetails: {
          Family: 'db.m5',
          InstanceType: 'db.m5.large',
          Region: 'us-east-1',
          DatabaseEngine: engine,
          DeploymentOption: 'Single-AZ',
        },
      },
      EstimatedMonthlySavingsAmount: String(savings),
      CurrencyCode: 'USD',
    });
    const reserve = (mySql: number, oracle: number): FaultRule => ({
      kind: 'mutate',
      operation: 'GetReservationPurchaseRecommendation',
      mutate: (body) => ({
        ...body,
        Recommendations: [{ RecommendationDetails: [detail('MySQL', mySql), detail('Oracle', oracle)] }],
      }),
    });
    const exporter = await startOptimization(t, { faults: [reserve(10, 20)] });
    const ids = async () => {
      const { recommendations: list } = await recommendations(exporter, '?type=PurchaseReservedInstances');
      const ofRds = list.filter(({ category }) => category === 'RdsReservedInstances');
      return Object.fromEntries(ofRds.map(({ id, resource }) => [resource, id]));
    };
    const before = await ids();
    t.same(Object.keys(before).toSorted(), [
      'db.m5.large MySQL Single-AZ us-east-1',
      'db.m5.large Oracle Single-AZ us-east-1',
    ]);
    t.equal(new Set(Object.values(before)).size, 2);
    exporter.sim.faults.clear();
    exporter.sim.faults.add(reserve(30, 20));
    exporter.clock.set(`${plusDays(TODAY, 1)}T08:00:00Z`);
    await exporter.run('cost');
    await exporter.run('optimization');
    t.same(await ids(), before);
  },
);

t.test("the hub's commitments are told apart by region and summary, not by their amounts", async (t) => {
  const item = (region: string, recommendedResourceSummary: string, estimatedMonthlySavings: number) => ({
    accountId: '111122223333',
    actionType: 'PurchaseReservedInstances',
    currentResourceType: 'Ec2ReservedInstances',
    region,
    recommendedResourceSummary,
    estimatedMonthlySavings,
  });
  const days = [
    [
      item('us-east-1', '3 m5.large Reserved Instances in us-east-1', 10),
      item('us-east-1', '1 m5.xlarge Reserved Instances in us-east-1', 20),
      item('eu-central-1', '2 m5.large Reserved Instances in eu-central-1', 30),
    ],
    [
      item('us-east-1', '5 m5.large Reserved Instances in us-east-1', 40),
      item('us-east-1', '4 m5.xlarge Reserved Instances in us-east-1', 5),
      item('eu-central-1', '$0.12/hour m5.large Reserved Instances in eu-central-1', 6),
    ],
  ];
  const exporter = await startOptimization(t, { enrolled: true, settle: true });
  const ids = async (items: readonly object[]) => {
    exporter.sim.faults.clear();
    exporter.sim.faults.add({
      kind: 'mutate',
      operation: 'ListRecommendations',
      mutate: (body) => ({ ...body, items }),
    });
    await exporter.run('optimization');
    const { recommendations: list } = await recommendations(exporter);
    return Object.fromEntries(list.map(({ id, resource }) => [resource, id]));
  };
  const [first, second] = [await ids(days[0] ?? []), await ids(days[1] ?? [])];
  t.same(Object.keys(first).toSorted(), [
    'm5.large eu-central-1',
    'm5.large us-east-1',
    'm5.xlarge us-east-1',
  ]);
  t.same(second, first);
});

t.test('where none is known, the largest saving of a resource counts', async (t) => {
  const instance = (id: string, savings: string) => ({
    AccountId: '222233334444',
    RightsizingType: 'TERMINATE',
    CurrentInstance: { ResourceId: id, MonthlyCost: '100', CurrencyCode: 'USD' },
    TerminateRecommendationDetail: { EstimatedMonthlySavings: savings, CurrencyCode: 'USD' },
  });
  const modify = (id: string, savings: string) => ({
    AccountId: '222233334444',
    RightsizingType: 'MODIFY',
    CurrentInstance: { ResourceId: id, MonthlyCost: '100', CurrencyCode: 'USD' },
    ModifyRecommendationDetail: {
      TargetInstances: [
        { EstimatedMonthlySavings: '1', CurrencyCode: 'USD' },
        { EstimatedMonthlySavings: savings, CurrencyCode: 'USD', DefaultTargetInstance: true },
      ],
    },
  });
  const exporter = await startOptimization(t, {
    env: { OPTIMIZATION_SOURCE: EXPLORER },
    faults: [
      {
        kind: 'mutate',
        operation: 'GetRightsizingRecommendation',
        mutate: (body) => ({
          ...body,
          RightsizingRecommendations: [instance('i-1', '100'), modify('i-1', '40.5'), modify('i-2', '7.25')],
        }),
      },
      { kind: 'deny', operation: 'GetSavingsPlansPurchaseRecommendation' },
      { kind: 'deny', operation: 'GetReservationPurchaseRecommendation' },
    ],
  });
  const page = await exporter.metrics();
  t.same(page.table('aws_optimization_savings', 'type', 'category'), {
    'Stop/Ec2Instance': 100,
    'Rightsize/Ec2Instance': 47.75,
  });
  t.equal(page.value('aws_optimization_savings_deduplicated', { source: EXPLORER }), 107.25);
  t.match((await recommendations(exporter)).rightsizing, [{ service: 'EC2', potential_savings: 147.75 }]);
});

t.test('priorities are by PRIORITY_THRESHOLDS', async (t) => {
  const item = (actionType: string, estimatedMonthlySavings: number) => ({
    recommendationId: actionType,
    accountId: '111122223333',
    resourceId: `i-${actionType}`,
    actionType,
    currentResourceType: 'Ec2Instance',
    estimatedMonthlySavings,
    currencyCode: 'USD',
  });
  const items = [
    item('a', 100),
    item('b', 99.999),
    item('c', 10),
    item('d', 9.999),
    item('e', 0),
    item('f', 250.5),
  ];
  const cases: Readonly<Record<string, Record<string, string>>> = {
    '': { a: 'high', b: 'medium', c: 'medium', d: 'low', e: 'low', f: 'high' },
    '250.5,0.5': { a: 'medium', b: 'medium', c: 'medium', d: 'medium', e: 'low', f: 'high' },
  };
  for (const [thresholds, expected] of Object.entries(cases)) {
    const exporter = await startOptimization(t, {
      enrolled: true,
      env: { PRIORITY_THRESHOLDS: thresholds || undefined },
      faults: [{ kind: 'mutate', operation: 'ListRecommendations', mutate: (body) => ({ ...body, items }) }],
    });
    const { recommendations: list } = await recommendations(exporter);
    t.same(Object.fromEntries(list.map(({ type, priority }) => [type, priority])), expected, thresholds);
    const page = await exporter.metrics();
    const found = page.series('aws_optimization_recommendations_open');
    t.same(Object.fromEntries(found.map(({ labels }) => [labels.type, labels.priority])), expected);
  }
});

t.test('a source that has none to make: 0 in all, and nothing else', async (t) => {
  const exporter = await startOptimization(t, { enrolled: true, bill: [] });
  const page = await exporter.metrics();
  t.equal(page.value('aws_optimization_savings_deduplicated', { source: HUB }), 0);
  t.same(page.series('aws_optimization_savings'), []);
  t.match(await recommendations(exporter), { source: HUB, rightsizing: [], recommendations: [] });
});

t.test('amounts of two currencies are refused', async (t) => {
  for (const [enrolled, operation] of [
    [true, 'ListRecommendations'],
    [false, 'GetSavingsPlansPurchaseRecommendation'],
  ] as const) {
    const exporter = await startOptimization(t, {
      enrolled,
      bill: BILL,
      faults: [
        {
          kind: 'mutate',
          operation,
          mutate: (body) => JSON.parse(JSON.stringify(body).replaceAll('"USD"', '"EUR"')),
        },
      ],
    });
    t.match(await exporter.collector('optimization'), { cause: { code: 'invalid_response' } }, operation);
  }
});

t.test('amounts that no sum can hold are refused', async (t) => {
  for (const [operation, name] of [
    ['ListRecommendations', 'estimatedMonthlySavings'],
    ['ListRecommendations', 'estimatedMonthlyCost'],
    ['ListRecommendationSummaries', 'estimatedTotalDedupedSavings'],
  ] as const) {
    const large = (key: string, value: unknown) => (key === name ? 1e308 : value);
    const exporter = await startOptimization(t, {
      enrolled: true,
      bill: BILL,
      faults: [{ kind: 'mutate', operation, mutate: (body) => JSON.parse(JSON.stringify(body, large)) }],
    });
    t.match(await exporter.collector('optimization'), { cause: { code: 'invalid_response' } }, name);
  }
});
