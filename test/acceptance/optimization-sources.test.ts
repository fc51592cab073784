// The best source that the account has; what is denied or not enrolled is passed over and said.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { CollectionError } from '../../src/errors.ts';
import { type FaultRule, NOT_ENABLED } from '../../src/simulator/index.ts';
import { collectOnce } from '../collect-once.ts';
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
    source: HUB,
    passed: { summaries: ['access_denied', /cost-optimization-hub:ListRecommendationSummaries/] },
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
    if (fault.kind === 'corrupt') {
      t.equal(await exporter.run('optimization'), 'collected');
      t.match(await exporter.collector('optimization'), {
        state: 'partial',
        failed: [{ part: 'rightsizing' }],
      });
      t.equal(paidFor(exporter), answered, 'what was answered was paid for: not again today');
      exporter.clock.set('2026-11-23T08:00:00Z');
      await exporter.run('cost');
    }
    await exporter.run('optimization');
    t.match(await exporter.collector('optimization'), { state: 'ok' });
    if (fault.kind === 'throttle') {
      t.equal(paidFor(exporter) - answered, 1, 'what cost nothing is bought again, and nothing else');
      t.same(
        requested(exporter).GetSavingsPlansPurchaseRecommendation,
        before.GetSavingsPlansPurchaseRecommendation,
      );
    }
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

t.test('a source that ends without figures says what became of each of its parts', async (t) => {
  const forced = await startOptimization(t, {
    env: { OPTIMIZATION_SOURCE: EXPLORER },
    faults: denied(...PAID_CALLS),
  });
  const error = await collectOnce(forced, 'optimization').catch((thrown: unknown) => thrown);
  t.match(error, { code: 'access_denied', parts: { failed: [] } });
  const said = JSON.stringify(error instanceof CollectionError ? error.parts?.passedOver : []);
  const shown = JSON.stringify(await passedOver(forced));
  for (const operation of PAID_CALLS) {
    t.match(said, `Allow the IAM action ce:${operation}`);
    t.match(shown, `Allow the IAM action ce:${operation}`, 'and `/ready` shows it');
  }

  const failing = await startOptimization(t, {
    faults: PAID_CALLS.map((operation) => ({ kind: 'corrupt', operation })),
  });
  const ended = await collectOnce(failing, 'optimization').catch((thrown: unknown) => thrown);
  t.match(ended, {
    code: 'invalid_response',
    parts: {
      failed: [{ part: 'rightsizing' }, { part: 'savings-plans' }, { part: /^reservations: / }],
      passedOver: [{ part: HUB, cause: { code: 'not_enabled' } }],
    },
  });
});

t.test('not enrolled and silently empty: the next source, not a false 0', async (t) => {
  const empty = (operation: string): FaultRule => ({
    kind: 'mutate',
    operation,
    mutate: (body) => ({ ...body, items: [], estimatedTotalDedupedSavings: 0 }),
  });
  const exporter = await startOptimization(t, {
    enrolled: true,
    faults: [
      {
        kind: 'mutate',
        operation: 'ListEnrollmentStatuses',
        mutate: ({ items, ...body }) => ({
          ...body,
          items: (items as object[]).map((item) => ({ ...item, status: 'Inactive' })),
        }),
      },
      empty('ListRecommendations'),
      empty('ListRecommendationSummaries'),
    ],
  });
  t.same(await sourcesOn(exporter), [EXPLORER]);
  t.match(await passedOver(exporter), [{ part: HUB, cause: { code: 'not_enabled' } }]);
  t.ok(((await exporter.metrics()).value('aws_optimization_savings_deduplicated') ?? 0) > 0);
});

t.test("the hub's preferences fail: only savingsMode hangs on them", async (t) => {
  const exporter = await startOptimization(t, { enrolled: true });
  const { collectedAt, last_updated, ...before } = await recommendations(exporter);
  exporter.clock.advance(7_200_000);
  for (const kind of ['error500', 'corrupt', 'throttle'] as const) {
    exporter.sim.faults.clear();
    exporter.sim.faults.add({ kind, operation: 'GetPreferences' });
    t.equal(await exporter.run('optimization'), 'collected', kind);
    t.match(await exporter.collector('optimization'), {
      state: 'partial',
      failed: [{ part: 'preferences', cause: { code: String } }],
    });
    const now = await recommendations(exporter);
    t.match(now, { ...before, stale: true, savingsMode: 'AfterDiscounts' }, 'the last known mode stays');
    t.not(now.collectedAt, collectedAt);
  }
  const first = await startOptimization(t, {
    enrolled: true,
    faults: [{ kind: 'error500', operation: 'GetPreferences' }],
  });
  t.match(await recommendations(first), { source: HUB, savingsMode: null });
});

t.test('each commitment is asked for in the combination that is documented', async (t) => {
  const { sim, get } = await startOptimization(t);
  const bodies = sim.requests
    .filter(({ operation }) => /PurchaseRecommendation/.test(operation ?? ''))
    .map(({ body }) => body as Record<string, unknown>);
  t.ok(bodies.length > 2, 'the services that the bill shows');
  for (const body of bodies) {
    t.match(body, {
      TermInYears: 'ONE_YEAR',
      PaymentOption: 'NO_UPFRONT',
      LookbackPeriodInDays: 'THIRTY_DAYS',
    });
  }
  const words = 'for one year, with no upfront payment, from the usage of the last 30 days';
  t.match((await get('/docs/json')).text, words, 'in the description of the route');
  for (const page of ['README.md', 'docs/iam/README.md', 'docs/migrating.md']) {
    const text = readFileSync(join(import.meta.dirname, '../..', page), 'utf8');
    t.match(text.replaceAll(/\s+/g, ' '), words, page);
  }
  const services = bodies.flatMap(({ Service }) => Service ?? []);
  t.equal(new Set(services).size, services.length, 'each service once');
  t.notOk(services.includes('Amazon Redshift'), 'not a service that the bill does not have');
});
