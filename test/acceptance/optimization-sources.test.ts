// CONTRACT 1.4, 1.5: the best source that the account has; what is denied or not enrolled is passed over and said.
import t from 'tap';
import { type FaultRule, NOT_ENABLED } from '../../src/simulator/index.ts';
import {
  denied,
  EXPLORER,
  HUB,
  PAID_CALLS,
  paidFor,
  passedOver,
  recommendations,
  requested,
  sourcesOn,
  startOptimization,
} from '../plugins/optimization/exporter.ts';

t.setTimeout(120_000);

interface Case {
  readonly enrolled?: boolean;
  readonly faults?: readonly FaultRule[];
  readonly forced?: string;
  /** The source in force. */
  readonly source: string;
  /** Parts that are passed over, with code and what the cause must say. */
  readonly passed?: Readonly<Record<string, readonly [code: string, says: RegExp]>>;
}

const NOT_ENROLLED = ['not_enabled', /enrol/i] as const;
const hubDenied = (operation: string) =>
  ({ [HUB]: ['access_denied', new RegExp(`cost-optimization-hub:${operation}`)] }) as const;
const ALL_PAID = denied(...PAID_CALLS);

const CASES: Readonly<Record<string, Case>> = {
  'enrolled: the hub': { enrolled: true, source: HUB, passed: {} },
  'not enrolled: Cost Explorer': { source: EXPLORER, passed: { [HUB]: NOT_ENROLLED } },
  'the hub may not be asked whether': {
    enrolled: true,
    faults: denied('ListEnrollmentStatuses'),
    source: EXPLORER,
    passed: hubDenied('ListEnrollmentStatuses'),
  },
  "the hub's list is denied": {
    enrolled: true,
    faults: denied('ListRecommendations'),
    source: EXPLORER,
    passed: hubDenied('ListRecommendations'),
  },
  "the hub's summaries are denied": {
    enrolled: true,
    faults: denied('ListRecommendationSummaries'),
    source: EXPLORER,
    passed: hubDenied('ListRecommendationSummaries'),
  },
  "the hub's preferences are denied": {
    enrolled: true,
    faults: denied('GetPreferences'),
    source: HUB,
    passed: { preferences: ['access_denied', /cost-optimization-hub:GetPreferences/] },
  },
  'rightsizing is opt-in only': {
    faults: [NOT_ENABLED.rightsizing],
    source: EXPLORER,
    passed: { [HUB]: NOT_ENROLLED, rightsizing: ['not_enabled', /payer/i] },
  },
  'rightsizing is denied': {
    faults: denied('GetRightsizingRecommendation'),
    source: EXPLORER,
    passed: { [HUB]: NOT_ENROLLED, rightsizing: ['access_denied', /ce:GetRightsizingRecommendation/] },
  },
  'Savings Plans are denied': {
    faults: denied('GetSavingsPlansPurchaseRecommendation'),
    source: EXPLORER,
    passed: {
      [HUB]: NOT_ENROLLED,
      'savings-plans': ['access_denied', /ce:GetSavingsPlansPurchaseRecommendation/],
    },
  },
  'all of Cost Explorer is denied: the estimate': {
    faults: ALL_PAID,
    source: 'estimate',
    passed: { [HUB]: NOT_ENROLLED, [EXPLORER]: ['access_denied', /ce:Get\w+Recommendation/] },
  },
  'hub and Cost Explorer are denied: the estimate': {
    enrolled: true,
    faults: [...denied('ListEnrollmentStatuses'), ...ALL_PAID],
    source: 'estimate',
    passed: { ...hubDenied('ListEnrollmentStatuses'), [EXPLORER]: ['access_denied', /./] },
  },
  'forced: the hub': { enrolled: true, forced: HUB, source: HUB, passed: {} },
  'forced: Cost Explorer, though enrolled': {
    enrolled: true,
    forced: EXPLORER,
    source: EXPLORER,
    passed: {},
  },
  'forced: the estimate, though enrolled': {
    enrolled: true,
    forced: 'estimate',
    source: 'estimate',
    passed: {},
  },
};

for (const [name, { enrolled = false, faults = [], forced, source, passed = {} }] of Object.entries(CASES)) {
  t.test(name, async (t) => {
    const exporter = await startOptimization(t, { enrolled, faults, env: { OPTIMIZATION_SOURCE: forced } });
    t.same(await sourcesOn(exporter), [source], 'in metrics');
    const body = await recommendations(exporter);
    t.match(body, { source, reason: null, stale: false });
    t.ok(body.recommendations.length > 0);
    t.same([...new Set(body.recommendations.map((item) => item.source))], [source]);

    const view = await exporter.collector('optimization');
    t.match(view, { state: 'ok', cause: null, failed: [] }, 'a source passed over is no failure');
    t.equal(
      (await exporter.metrics()).value('aws_cost_exporter_collector_success', { collector: 'optimization' }),
      1,
    );
    const said = await passedOver(exporter);
    for (const [part, [code, says]] of Object.entries(passed)) {
      const found = said.find((one) => one.part === part);
      t.equal(found?.cause.code, code, `${part}: ${code}`);
      t.match(`${found?.cause.message} ${found?.cause.advice}`, says, `${part}: what to do`);
    }
    if (Object.keys(passed).length === 0) t.same(said, []);

    const asked = requested(exporter);
    if (source === HUB || source === 'estimate') t.equal(paidFor(exporter), 0, 'nothing is paid for in vain');
    if (forced !== undefined && forced !== HUB) {
      t.same(
        Object.keys(asked).filter((operation) => /Enrollment|ListRecommendation/.test(operation)),
        [],
        'the hub is not asked',
      );
    }
    if (forced === 'estimate')
      t.notOk(
        PAID_CALLS.some((operation) => operation in asked),
        'nor is Cost Explorer',
      );
    t.equal(asked.ListEnrollmentStatuses ?? 0, forced === undefined || forced === HUB ? 1 : 0);
  });
}

t.test('a hub that fails is no reason to pay for less: the collection fails', async (t) => {
  const failures: Readonly<Record<string, FaultRule>> = {
    'a server error': { kind: 'error500', operation: 'ListEnrollmentStatuses' },
    throttled: { kind: 'throttle', operation: 'ListRecommendations' },
    nonsense: { kind: 'corrupt', operation: 'ListRecommendationSummaries' },
    'nonsense in the list': {
      kind: 'mutate',
      operation: 'ListRecommendations',
      mutate: (body) => ({ ...body, items: [{ recommendationId: 'x' }] }),
    },
  };
  for (const [what, fault] of Object.entries(failures)) {
    const exporter = await startOptimization(t, { enrolled: true });
    const before = (await exporter.metrics()).businessText();
    exporter.sim.faults.add(fault);
    t.equal(await exporter.run('optimization'), 'failed', what);
    t.equal((await exporter.metrics()).businessText(), before, 'the last good values stay');
    t.match(await exporter.collector('optimization'), { state: 'failed', stale: true });
    t.equal(paidFor(exporter), 0, 'Cost Explorer is not asked');
    t.match(await recommendations(exporter), { source: HUB, stale: true });
  }
});

t.test('a hub that has always failed leaves nothing, not an estimate', async (t) => {
  const exporter = await startOptimization(t, {
    enrolled: true,
    faults: [{ kind: 'corrupt', operation: 'ListRecommendations' }],
  });
  t.same(await sourcesOn(exporter), []);
  t.equal((await exporter.get('/recommendations')).status, 503);
});

t.test("one of Cost Explorer's parts fails: the others are published, and success is 0", async (t) => {
  const faults: readonly FaultRule[] = [
    { kind: 'corrupt', operation: 'GetRightsizingRecommendation' },
    { kind: 'throttle', operation: 'GetRightsizingRecommendation' },
  ];
  for (const fault of faults) {
    const exporter = await startOptimization(t, { faults: [fault] });
    const { source, recommendations: list } = await recommendations(exporter);
    t.equal(source, EXPLORER);
    t.ok(list.length > 0 && list.every(({ type }) => type.startsWith('Purchase')), 'the other parts');
    t.match(await exporter.collector('optimization'), {
      state: 'partial',
      failed: [{ part: 'rightsizing', cause: { code: String } }],
    });
    t.equal(
      (await exporter.metrics()).value('aws_cost_exporter_collector_success', { collector: 'optimization' }),
      0,
    );
    const [before, answered] = [requested(exporter), paidFor(exporter)];
    exporter.sim.faults.clear();
    await exporter.run('optimization');
    t.match(await exporter.collector('optimization'), { state: 'ok' });
    t.equal(paidFor(exporter) - answered, 1, 'what failed is bought again, and nothing else');
    t.same(
      requested(exporter).GetSavingsPlansPurchaseRecommendation,
      before.GetSavingsPlansPurchaseRecommendation,
    );
    const { recommendations: whole } = await recommendations(exporter);
    t.ok(whole.some(({ type }) => type === 'Rightsize' || type === 'Stop'));
  }
});

t.test('a part that fails on the next day keeps what it brought', async (t) => {
  const exporter = await startOptimization(t);
  const before = await recommendations(exporter);
  const instances = ({ recommendations: list }: typeof before) =>
    list.filter(({ category }) => category === 'Ec2Instance').map(({ id }) => id);
  exporter.clock.set('2026-11-23T08:00:00Z');
  exporter.sim.faults.add({ kind: 'corrupt', operation: 'GetRightsizingRecommendation' });
  await exporter.run('cost');
  await exporter.run('optimization');
  t.same(instances(await recommendations(exporter)), instances(before));
  t.match(await exporter.collector('optimization'), { state: 'partial' });
});

t.test('all of Cost Explorer fails: that is no reason to estimate', async (t) => {
  const exporter = await startOptimization(t, {
    faults: PAID_CALLS.map((operation) => ({ kind: 'corrupt', operation })),
  });
  t.same(await sourcesOn(exporter), []);
  t.match(await exporter.collector('optimization'), { state: 'failed' });
  t.equal((await exporter.get('/recommendations')).status, 503);
});

t.test('a forced source that the account has not got is not replaced', async (t) => {
  const unenrolled = await startOptimization(t, { env: { OPTIMIZATION_SOURCE: HUB } });
  t.same(await sourcesOn(unenrolled), []);
  t.match(await unenrolled.collector('optimization'), {
    state: 'not_enabled',
    cause: { code: 'not_enabled', advice: /enrol/i },
  });
  const answer = await unenrolled.get('/recommendations');
  t.equal(answer.status, 200);
  t.match(answer.json(), {
    source: null,
    reason: 'not_enabled',
    rightsizing: [],
    recommendations: [],
    last_updated: null,
  });
  t.equal(paidFor(unenrolled), 0);

  const forbidden = await startOptimization(t, {
    enrolled: true,
    env: { OPTIMIZATION_SOURCE: HUB },
    faults: denied('ListEnrollmentStatuses'),
  });
  t.match(await forbidden.collector('optimization'), {
    state: 'failed',
    cause: { code: 'access_denied', advice: /cost-optimization-hub:ListEnrollmentStatuses/ },
  });

  const noExplorer = await startOptimization(t, {
    env: { OPTIMIZATION_SOURCE: EXPLORER },
    faults: denied(...PAID_CALLS),
  });
  t.same(await sourcesOn(noExplorer), []);
  t.match(await noExplorer.collector('optimization'), { state: 'failed', cause: { code: 'access_denied' } });

  const nothing = await startOptimization(t, {
    env: { OPTIMIZATION_SOURCE: 'estimate', CAPABILITIES: 'optimization' },
  });
  t.match(await nothing.collector('optimization'), { state: 'no_data', cause: { advice: /cost/ } });
  t.equal(requested(nothing).GetCostAndUsage, undefined, 'and nothing is paid for it');
});

t.test('each commitment is asked for in one combination of term and payment', async (t) => {
  const { sim } = await startOptimization(t);
  const bodies = sim.requests
    .filter(({ operation }) => /PurchaseRecommendation/.test(operation ?? ''))
    .map(({ body }) => body as Record<string, unknown>);
  t.ok(bodies.length > 2, 'the services that the bill shows');
  t.equal(
    new Set(
      bodies.map(({ TermInYears, PaymentOption, LookbackPeriodInDays }) =>
        [TermInYears, PaymentOption, LookbackPeriodInDays].join(),
      ),
    ).size,
    1,
  );
  const services = bodies.flatMap(({ Service }) => Service ?? []);
  t.equal(new Set(services).size, services.length, 'each service once');
  t.notOk(services.includes('Amazon Redshift'), 'not a service that the bill does not have');
});
