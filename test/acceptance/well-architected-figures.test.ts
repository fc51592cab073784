// 100 x (none + 0.5 x medium) / (none + medium + high); all five levels of every pillar seen, 0 included.
import t, { type Test } from 'tap';
import type { FaultRule } from '../../src/simulator/index.ts';
import type { Exporter } from '../helper.ts';
import {
  type Counts,
  CUSTOM,
  FRAMEWORK,
  reviews,
  risksOn,
  startReviews,
  telling,
  workload,
} from '../plugins/well-architected/report.ts';

/** Worked by hand. */
const TABLE: readonly (readonly [counts: Counts, score: number | null])[] = [
  [{ NONE: 1 }, 100],
  [{ MEDIUM: 1 }, 50],
  [{ HIGH: 1 }, 0],
  [{ HIGH: 1, MEDIUM: 1, NONE: 1 }, 50],
  [{ HIGH: 1, MEDIUM: 2, NONE: 5 }, 75],
  [{ HIGH: 5, MEDIUM: 2, NONE: 1 }, 25],
  [{ MEDIUM: 3, NONE: 1 }, 62.5],
  [{ HIGH: 3, NONE: 1, UNANSWERED: 40, NOT_APPLICABLE: 7 }, 25],
  [{ UNANSWERED: 4 }, null],
  [{ NOT_APPLICABLE: 4 }, null],
  [{ UNANSWERED: 2, NOT_APPLICABLE: 3 }, null],
  [{ HIGH: 0, MEDIUM: 0, NONE: 0, UNANSWERED: 1, NOT_APPLICABLE: 0 }, null],
  [{}, null],
];

/** All five levels of some counts, by the labels' words. */
const levels = (pillar: string, counts: Counts): Record<string, number> => ({
  [`${pillar}/high`]: counts.HIGH ?? 0,
  [`${pillar}/medium`]: counts.MEDIUM ?? 0,
  [`${pillar}/none`]: counts.NONE ?? 0,
  [`${pillar}/not_applicable`]: counts.NOT_APPLICABLE ?? 0,
  [`${pillar}/unanswered`]: counts.UNANSWERED ?? 0,
});

t.test('scores and risks against a table worked by hand', async (t) => {
  const pillars = Object.fromEntries(TABLE.map(([counts], row) => [`pillar_${row}`, counts]));
  const exporter = await startReviews(t, { faults: telling([workload('1', pillars)]) });
  const page = await exporter.metrics();
  const expected = Object.fromEntries(
    TABLE.flatMap(([, score], row) => (score === null ? [] : [[`pillar_${row}`, score]])),
  );
  t.same(page.table('aws_wellarchitected_score', 'pillar'), expected, 'none where nothing is answered');
  t.same(
    await risksOn(exporter),
    Object.assign({}, ...TABLE.map(([counts], row) => levels(`pillar_${row}`, counts))),
  );
  const { pillars: listed, workloads } = await reviews(exporter);
  t.same(
    listed.map(({ pillar, score }) => [pillar, score]),
    TABLE.map(([, score], row) => [`pillar_${row}`, score]),
    'null in REST',
  );
  t.match(listed[7], { high: 3, medium: 0, none: 1, notApplicable: 7, unanswered: 40 });
  t.same(workloads[0]?.risks, { high: 11, medium: 9, none: 10, notApplicable: 14, unanswered: 47 });
});

t.test('a pillar is summed over all workloads and lenses before it is scored', async (t) => {
  const exporter = await startReviews(t, {
    faults: telling([
      workload('1', { security: { HIGH: 3, NONE: 1 }, reliability: { NONE: 2 } }),
      {
        ...workload('2', {}),
        lenses: [
          { arn: FRAMEWORK, pillars: { security: { NONE: 1, MEDIUM: 2 } } },
          { arn: CUSTOM, pillars: { security: { NONE: 1, UNANSWERED: 1 }, house_rules: { MEDIUM: 1 } } },
        ],
      },
    ]),
  });
  t.same((await exporter.metrics()).table('aws_wellarchitected_score', 'pillar'), {
    // 3 high, 2 medium, 3 none: not the mean of the workloads' 25, 66.7 and 100.
    security: 50,
    reliability: 100,
    house_rules: 50,
  });
  t.same(await risksOn(exporter), {
    ...levels('security', { HIGH: 3, MEDIUM: 2, NONE: 3, UNANSWERED: 1 }),
    ...levels('reliability', { NONE: 2 }),
    ...levels('house_rules', { MEDIUM: 1 }),
  });
  const { workloads } = await reviews(exporter);
  t.same(
    workloads.map(({ lenses }) => lenses),
    [[FRAMEWORK], [FRAMEWORK, CUSTOM]],
  );
});

t.test('no workloads: no series, no failure', async (t) => {
  const exporter = await startReviews(t, { faults: telling([]) });
  t.same((await exporter.metrics()).business(), []);
  t.match(await exporter.collector('well-architected'), { state: 'ok' });
  t.match(await reviews(exporter), { pillars: [], workloads: [], reason: null, stale: false });
});

t.test('a workload that is not reviewed yet', async (t) => {
  const exporter = await startReviews(t, { faults: telling([{ ...workload('1', {}), lenses: [] }]) });
  t.same((await exporter.metrics()).business(), []);
  t.match((await reviews(exporter)).workloads, [{ lenses: [], risks: { high: 0, unanswered: 0 } }]);
});

t.test('pillar ids are verbatim', async (t) => {
  const odd = 'my "pillar" \\ with\nlines, {braces} and 🚀';
  const exporter = await startReviews(t, {
    faults: telling([workload('1', { [odd]: { NONE: 1 }, constructor: { HIGH: 1 } })]),
  });
  t.same((await exporter.metrics()).table('aws_wellarchitected_score', 'pillar'), {
    [odd]: 100,
    constructor: 0,
  });
});

t.test('an answer that is not what AWS documents is refused', async (t) => {
  for (const RiskCounts of [
    { HIGH: -1 },
    { HIGH: 1.5 },
    { HIGH: 'many' },
    { NONE: 1e308 },
    { MEDIUM: 2 ** 31 },
  ]) {
    const exporter = await startReviews(t, {
      faults: [
        {
          kind: 'mutate',
          operation: 'GetConsolidatedReport',
          mutate: () => ({
            Metrics: [
              {
                WorkloadId: '1',
                WorkloadArn: 'arn',
                Lenses: [{ LensArn: FRAMEWORK, Pillars: [{ PillarId: 'security', RiskCounts }] }],
              },
            ],
          }),
        },
      ],
    });
    t.match(await exporter.collector('well-architected'), { state: 'failed' }, JSON.stringify(RiskCounts));
    t.same((await exporter.metrics()).business(), []);
  }
});

/** Runs the collector into an answer with a count that is none, and asserts that nothing of it gets out. */
async function refuses(t: Test, exporter: Exporter, rules: readonly FaultRule[]): Promise<void> {
  const before = (await exporter.metrics()).businessText();
  exporter.sim.faults.clear();
  for (const rule of rules) exporter.sim.faults.add(rule);
  t.equal(await exporter.run('well-architected'), 'failed');
  t.match(await exporter.collector('well-architected'), { cause: { code: 'invalid_response' } });
  t.equal((await exporter.metrics()).businessText(), before, 'the last good figures stay');
}

t.test('the largest counts that AWS can give are added up, larger ones are refused', async (t) => {
  const told = (counts: Counts) =>
    telling([workload('1', { security: counts }), workload('2', { security: counts })]);
  const largest = 2 ** 31 - 1;
  const exporter = await startReviews(t, { faults: told({ NONE: largest, MEDIUM: largest }) });
  t.same((await exporter.metrics()).table('aws_wellarchitected_score', 'pillar'), { security: 75 });
  t.equal((await risksOn(exporter))['security/medium'], 2 * largest);
  await refuses(t, exporter, told({ NONE: 1e308 }));
});

t.test('a count of a lens review that is too large is refused', async (t) => {
  const denied: FaultRule = { kind: 'deny', operation: 'GetConsolidatedReport' };
  const exporter = await startReviews(t, { faults: [denied] });
  t.ok((await exporter.metrics()).series('aws_wellarchitected_score').length > 0);
  const summary = { PillarId: 'security', RiskCounts: { NONE: 1e308 } };
  const tooLarge: FaultRule = {
    kind: 'mutate',
    operation: 'GetLensReview',
    mutate: () => ({ LensReview: { PillarReviewSummaries: [summary] } }),
  };
  await refuses(t, exporter, [denied, tooLarge]);
});
