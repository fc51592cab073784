// GET /wellarchitected.
import t from 'tap';
import { generateBill } from '../../src/simulator/index.ts';
import { TODAY } from '../helper.ts';
import {
  arnOf,
  CUSTOM,
  FRAMEWORK,
  reviews,
  startReviews,
  telling,
  type WorkloadOf,
  workload,
} from '../plugins/well-architected/report.ts';

t.test('every field', async (t) => {
  const one: WorkloadOf = {
    ...workload('1', {}),
    lenses: [
      {
        arn: FRAMEWORK,
        pillars: { security: { HIGH: 1, MEDIUM: 2, NONE: 3, NOT_APPLICABLE: 4, UNANSWERED: 5 } },
      },
      { arn: CUSTOM, pillars: {} },
    ],
  };
  const exporter = await startReviews(t, { faults: telling([one]) });
  const answer = await exporter.get('/wellarchitected');
  t.equal(answer.status, 200);
  const counts = { high: 1, medium: 2, none: 3, notApplicable: 4, unanswered: 5 };
  t.same(answer.json(), {
    target: 'default',
    accountId: '111111111111',
    collectedAt: `${TODAY}T08:00:00.000Z`,
    stale: false,
    pillars: [{ pillar: 'security', score: (100 * 4) / 6, ...counts }],
    workloads: [
      {
        id: one.id,
        arn: arnOf(one),
        name: 'workload 1',
        region: 'us-east-1',
        lenses: [FRAMEWORK, CUSTOM],
        risks: counts,
        improvementStatus: 'IN_PROGRESS',
        updatedAt: '2025-10-09T08:53:20.000Z',
        consoleUrl: `https://us-east-1.console.aws.amazon.com/wellarchitected/home?region=us-east-1#/workload/${one.id}`,
      },
    ],
    reason: null,
  });
  const again = await exporter.get('/wellarchitected', {
    headers: { 'if-none-match': answer.headers.etag ?? '' },
  });
  t.equal(again.status, 304);
});

t.test("the console's link is of the workload's region and the target's partition", async (t) => {
  const cases: Readonly<Record<string, RegExp>> = {
    'eu-central-1': /^https:\/\/(eu-central-1\.)?console\.aws\.amazon\.com\//,
    'us-gov-west-1': /^https:\/\/(us-gov-west-1\.)?console\.amazonaws-us-gov\.com\//,
  };
  for (const [region, host] of Object.entries(cases)) {
    const one = workload('1', { security: { NONE: 1 } }, { region });
    const exporter = await startReviews(t, { env: { AWS_REGION: region }, faults: telling([one]) });
    const { workloads } = await reviews(exporter);
    t.equal(workloads[0]?.region, region);
    t.match(workloads[0]?.consoleUrl, host);
    t.match(workloads[0]?.consoleUrl, `region=${region}#/workload/${one.id}`);
  }
});

t.test('AWS_REGIONS says where to look; without it, the region of the target', async (t) => {
  const bill = generateBill({ seed: 3, today: new Date(`${TODAY}T12:00:00Z`), days: 3 });
  const regionsOf = async (env: Record<string, string>) => {
    const { sim } = await startReviews(t, { bill, env });
    const asked = sim.requests.filter(({ service }) => service === 'wellarchitected');
    return [...new Set(asked.map(({ region }) => region))].toSorted();
  };
  t.same(await regionsOf({}), ['us-east-1']);
  t.same(await regionsOf({ AWS_REGION: 'eu-central-1' }), ['eu-central-1']);
  t.same(await regionsOf({ AWS_REGION: 'eu-central-1', AWS_REGIONS: 'us-east-1,us-west-2' }), [
    'us-east-1',
    'us-west-2',
  ]);
});

t.test('bad parameters, methods, targets', async (t) => {
  const { get } = await startReviews(t);
  for (const query of ['pillar=security', 'limit=1', 'a=b']) {
    const answer = await get(`/wellarchitected?${query}`);
    t.equal(answer.status, 400, query);
    t.match(answer.json().message, query.split('=')[0]);
  }
  t.equal((await get('/wellarchitected?target=nobody')).status, 404);
  t.equal((await get('/wellarchitected', { method: 'POST' })).status, 405);
  t.equal((await get('/wellarchitected', { method: 'HEAD' })).status, 200);
});

t.test('before the first success: 503 with what is missing', async (t) => {
  const { get } = await startReviews(t, {
    faults: [
      { kind: 'deny', operation: 'GetConsolidatedReport' },
      { kind: 'deny', operation: 'ListWorkloads' },
    ],
  });
  const answer = await get('/wellarchitected');
  t.equal(answer.status, 503);
  t.match(answer.json(), { code: 'access_denied', message: /wellarchitected:/ });
  t.match(answer.headers['retry-after'], /^\d+$/);
});
