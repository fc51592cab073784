// The consolidated report, or the longer way where it is denied; regions stand alone; a workload counts once.
import t, { type Test } from 'tap';
import { type FaultRule, generateBill } from '../../src/simulator/index.ts';
import { type Exporter, type ExporterOptions, TODAY } from '../helper.ts';
import {
  type Body,
  reviews,
  risksOn,
  startReviews,
  telling,
  workload,
} from '../plugins/well-architected/report.ts';

const REGIONS = ['us-east-1', 'eu-central-1', 'us-west-2'];
const BILL = generateBill({ seed: 3, today: new Date(`${TODAY}T12:00:00Z`), days: 3 });
const OWNER = '111122223333';
const DENIED: FaultRule = { kind: 'deny', operation: 'GetConsolidatedReport' };

const start = (t: Test, options: ExporterOptions & { faults?: readonly FaultRule[] } = {}) =>
  startReviews(t, { bill: BILL, ...options, env: { AWS_REGIONS: REGIONS.join(','), ...options.env } });

const operations = ({ sim }: Exporter) => sim.requests.map(({ operation }) => operation);
const success = async ({ metrics }: Exporter) =>
  (await metrics()).value('aws_cost_exporter_collector_success', { collector: 'well-architected' });

/** The workloads' own counts, summed. */
const inAll = ({ workloads }: Body, level: 'high' | 'medium' | 'none' | 'notApplicable' | 'unanswered') =>
  workloads.reduce((sum, { risks }) => sum + risks[level], 0);

t.test('both ways give the same figures, at any page size', async (t) => {
  const short = await start(t);
  t.notOk(operations(short).includes('GetLensReview'));
  const [page, body] = [(await short.metrics()).businessText(), await reviews(short)];
  t.ok(body.workloads.length > 2);
  t.ok(
    body.workloads.some(({ lenses }) => lenses.some((lens) => lens.includes(`:${OWNER}:lens/`))),
    'a custom lens is among them',
  );
  for (const pageSize of [1, 2, 5_000]) {
    const paged = await start(t, { simulator: { pageSize } });
    t.equal((await paged.metrics()).businessText(), page, `the report in pages of ${pageSize}`);
    const long = await start(t, { simulator: { pageSize }, faults: [DENIED] });
    t.ok(operations(long).includes('ListLensReviews'));
    t.equal((await long.metrics()).businessText(), page, `review by review in pages of ${pageSize}`);
    t.same(await reviews(long), body);
    t.equal(await success(long), 1);
    t.match(JSON.stringify((await long.get('/ready')).json()), /wellarchitected:GetConsolidatedReport/);
  }
});

t.test('pillars are the sum of the workloads', async (t) => {
  const exporter = await start(t);
  const body = await reviews(exporter);
  for (const level of ['high', 'medium', 'none', 'notApplicable', 'unanswered'] as const) {
    const sum = body.pillars.reduce((all, pillar) => all + pillar[level], 0);
    t.equal(sum, inAll(body, level), level);
  }
  t.same(
    [...new Set(body.workloads.map(({ region }) => region))].toSorted(),
    [...REGIONS].toSorted().filter((region) => body.workloads.some((one) => one.region === region)),
  );
  t.ok(new Set(body.workloads.map(({ region }) => region)).size > 1, 'of several regions');
});

t.test('without ListWorkloads the report has all but the status', async (t) => {
  const whole = await start(t);
  const exporter = await start(t, { faults: [{ kind: 'deny', operation: 'ListWorkloads' }] });
  t.equal((await exporter.metrics()).businessText(), (await whole.metrics()).businessText());
  const body = await reviews(whole);
  t.same(await reviews(exporter), {
    ...body,
    workloads: body.workloads.map((one) => ({ ...one, improvementStatus: null })),
  });
  t.match(JSON.stringify((await exporter.get('/ready')).json()), /wellarchitected:ListWorkloads/);
});

t.test('each operation denied: it says which', async (t) => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    'wellarchitected:GetConsolidatedReport': ['GetConsolidatedReport', 'ListWorkloads'],
    'wellarchitected:ListLensReviews': ['GetConsolidatedReport', 'ListLensReviews'],
    'wellarchitected:GetLensReview': ['GetConsolidatedReport', 'GetLensReview'],
  };
  for (const [action, list] of Object.entries(cases)) {
    const exporter = await start(t, {
      env: { AWS_REGIONS: 'us-east-1' },
      faults: list.map((operation) => ({ kind: 'deny', operation })),
    });
    const view = await exporter.collector('well-architected');
    t.match(view, { state: 'failed', cause: { code: 'access_denied' } });
    t.match(view.cause?.advice, action);
    t.same((await exporter.metrics()).business(), []);
    t.equal((await exporter.get('/wellarchitected')).status, 503);
  }
});

t.test('a region that fails keeps its last good workloads; the others are fresh', async (t) => {
  const before = [workload('1', { security: { HIGH: 1 } }), workload('2', { security: { HIGH: 10 } })];
  const after = [workload('1', { security: { HIGH: 2 } }), workload('2', { security: { HIGH: 20 } })];
  /** Each region has a workload of its own: the first request is the first region's. */
  const each = (workloads: typeof before): FaultRule[] =>
    workloads.flatMap((one) => telling([one]).map((rule) => ({ ...rule, times: 1 })));
  const exporter = await start(t, {
    env: { AWS_REGIONS: 'us-east-1,eu-central-1' },
    faults: each(before),
  });
  t.equal((await risksOn(exporter))['security/high'], 11);
  exporter.sim.faults.clear();
  for (const rule of telling(after.slice(0, 1))) exporter.sim.faults.add({ ...rule, times: 1 });
  exporter.sim.faults.add({ kind: 'corrupt', operation: 'GetConsolidatedReport' });
  t.equal(await exporter.run('well-architected'), 'collected');
  t.equal((await risksOn(exporter))['security/high'], 12, 'the first is new, the second as it was');
  t.equal(await success(exporter), 0);
  t.match(await exporter.collector('well-architected'), {
    state: 'partial',
    failed: [{ part: 'eu-central-1' }],
  });
  t.equal((await reviews(exporter)).stale, true);

  exporter.sim.faults.clear();
  for (const rule of each(after)) exporter.sim.faults.add(rule);
  await exporter.run('well-architected');
  t.equal((await risksOn(exporter))['security/high'], 22);
  t.equal(await success(exporter), 1);
});

t.test('where every region fails, nothing changes', async (t) => {
  const exporter = await start(t);
  const before = (await exporter.metrics()).businessText();
  exporter.sim.faults.add({ kind: 'corrupt', operation: 'GetConsolidatedReport' });
  t.equal(await exporter.run('well-architected'), 'failed');
  t.equal((await exporter.metrics()).businessText(), before);
  t.equal((await reviews(exporter)).stale, true);
});

t.test('a workload that two regions name counts once', async (t) => {
  const exporter = await start(t, { faults: telling([workload('7', { security: { HIGH: 3 } })]) });
  t.equal((await risksOn(exporter))['security/high'], 3);
  t.equal((await reviews(exporter)).workloads.length, 1);
});

t.test('a workload that is shared between two targets counts once, for the first', async (t) => {
  // Of the payer's members one whose workload the payer sees as well.
  const alone = await start(t);
  const shared = (await reviews(alone)).workloads.find(({ arn }) => !arn.includes(`:${OWNER}:`));
  t.ok(shared, 'the simulator shares one');
  const member = shared?.arn.split(':')[4] ?? '';
  const role = `arn:aws:iam::${member}:role/reviews`;
  const exporter = await start(t, {
    configFile: `targets: [{name: payer}, {name: member, roleArn: "${role}"}]`,
  });
  const [ofPayer, ofMember] = [
    await reviews(exporter, '?target=payer'),
    await reviews(exporter, '?target=member'),
  ];
  const seen = new Set(ofPayer.workloads.map(({ arn }) => arn));
  const rest = ofMember.workloads.filter(({ arn }) => !seen.has(arn));
  t.ok(rest.length < ofMember.workloads.length, 'both see one');
  const sum = (counts: Record<string, number>, level: string) =>
    Object.entries(counts).reduce((all, [key, value]) => all + (key.endsWith(`/${level}`) ? value : 0), 0);
  const [payerOn, memberOn] = [await risksOn(exporter, OWNER), await risksOn(exporter, member)];
  for (const [level, field] of [
    ['high', 'high'],
    ['medium', 'medium'],
    ['none', 'none'],
    ['not_applicable', 'notApplicable'],
    ['unanswered', 'unanswered'],
  ] as const) {
    t.equal(sum(payerOn, level), inAll(ofPayer, field), `the payer's ${level}`);
    t.equal(sum(memberOn, level), inAll({ ...ofMember, workloads: rest }, field), `the member's ${level}`);
  }
});

t.test('in China there is no such service: a state, not a failure, and nothing is asked', async (t) => {
  const exporter = await start(t, {
    env: { AWS_REGION: 'cn-north-1', AWS_REGIONS: 'cn-north-1,cn-northwest-1' },
  });
  t.match(await exporter.collector('well-architected'), {
    state: 'not_enabled',
    cause: { message: /aws-cn/, advice: /switch/i },
  });
  t.equal(await success(exporter), 1);
  t.match(await reviews(exporter), { pillars: [], workloads: [], reason: 'not_enabled' });
  t.same(
    exporter.sim.requests.filter(({ service }) => service === 'wellarchitected'),
    [],
  );
});
