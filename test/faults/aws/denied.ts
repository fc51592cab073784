import type { FocusRow } from '../../../src/focus.ts';
import type { FaultRule } from '../../../src/simulator/index.ts';
import type { MetricsPage } from '../../acceptance/parse-metrics.ts';
import { TODAY } from '../../helper.ts';
import { BILL } from '../../plugins/optimization/exporter.ts';
import type { FaultRow } from '../matrix.ts';
import { startWell } from './helper.ts';

/** Every collector, in the order in which they are run here. */
const COLLECTORS = ['cost', 'forecast', 'tags', 'optimization', 'well-architected'];
/** The same charges at twice the cost: whoever is not denied must show them. */
const DOUBLED: readonly FocusRow[] = BILL.map((row) => ({
  ...row,
  BilledCost: String(2 * Number(row.BilledCost)),
}));

/** What becomes of each collector that is denied something. */
interface Denied {
  readonly id: string;
  readonly rules: readonly FaultRule[];
  /** IAM action that the user is told. */
  readonly action: string;
  /** States of the collectors that are not `ok`, or that are told of the denial. */
  readonly states: Readonly<Record<string, string>>;
  /** Families that are neither as before nor as without the denial, and why that is right, in the table's words. */
  readonly others?: {
    readonly families: readonly string[];
    readonly figures: string;
    /** Whether they are what that says, on the page with the denial. */
    areRight(denied: MetricsPage, before: MetricsPage, whole: MetricsPage): boolean;
  };
  readonly expected: string;
}

const MONTH_END = 'aws_cost_forecast_month_end';
const total = (page: MetricsPage, family: string, labels = {}) =>
  page.series(family, labels).reduce((sum, { value }) => sum + value, 0);
/** Cost of the month without today: the part of {@link MONTH_END} that is no forecast. */
const past = (page: MetricsPage) =>
  total(page, 'aws_cost_month_to_date') - total(page, 'aws_cost_daily', { date: TODAY });
const near = (one: number, other: number) => Math.abs(one - other) < 1e-6;

const CASES: readonly Denied[] = [
  {
    id: 'denied-cost',
    rules: [{ kind: 'deny', operation: 'GetCostAndUsage' }],
    action: 'ce:GetCostAndUsage',
    states: { cost: 'failed', tags: 'failed' },
    others: {
      families: [MONTH_END],
      figures: "the month's end from the kept cost",
      areRight: (denied, before, whole) =>
        near(total(denied, MONTH_END), total(whole, MONTH_END) - past(whole) + past(before)),
    },
    expected: 'Cost and tags keep their figures and name the action; the others go on.',
  },
  {
    id: 'denied-forecast',
    rules: [{ kind: 'deny', operation: 'GetCostForecast' }],
    action: 'ce:GetCostForecast',
    states: { forecast: 'failed' },
    others: {
      families: [MONTH_END],
      figures: "the month's end with the new cost",
      areRight: (denied, before, whole) =>
        near(total(denied, MONTH_END), total(before, MONTH_END) - past(before) + past(whole)),
    },
    expected: 'The forecast keeps its figures and names the action; the others go on.',
  },
  {
    id: 'denied-cost-by-tag',
    // The first is that of the cost collector.
    rules: [{ kind: 'deny', operation: 'GetCostAndUsage', after: 1 }],
    action: 'ce:GetCostAndUsage',
    states: { tags: 'failed' },
    expected: 'Tags keep their figures and name the action; cost, which was answered, is right.',
  },
  {
    id: 'denied-tag-keys',
    rules: [{ kind: 'deny', operation: 'ListCostAllocationTags' }],
    action: 'ce:ListCostAllocationTags',
    states: { tags: 'ok' },
    expected: 'Which keys are active is not known: all are bought, and the figures are right.',
  },
  {
    id: 'denied-tagging',
    rules: [{ kind: 'deny', operation: 'GetResources' }],
    action: 'tag:GetResources',
    states: { tags: 'partial' },
    others: {
      families: ['aws_tag_resource_count', 'aws_tag_resource_count_estimated'],
      figures: 'resources estimated, and said to be',
      areRight: (denied, before) =>
        total(denied, 'aws_tag_resource_count_estimated') === 2 &&
        total(denied, 'aws_tag_resource_count') > 0 &&
        total(denied, 'aws_tag_resource_count') !== total(before, 'aws_tag_resource_count'),
    },
    expected: 'Cost by tag is right; resources are estimated, and the metric says so.',
  },
  {
    id: 'denied-hub',
    rules: [{ kind: 'deny', operation: 'ListEnrollmentStatuses' }],
    action: 'cost-optimization-hub:ListEnrollmentStatuses',
    states: { optimization: 'ok' },
    others: {
      families: [
        'aws_optimization_savings',
        'aws_optimization_savings_deduplicated',
        'aws_optimization_recommendations_open',
        'aws_optimization_recommendations_total',
      ],
      figures: "recommendations from cost-explorer, and said to be Cost Explorer's",
      areRight: (denied) =>
        denied.series('aws_optimization_savings').every(({ labels }) => labels.source === 'cost-explorer') &&
        total(denied, 'aws_optimization_savings_deduplicated', { source: 'cost-explorer' }) > 0,
    },
    expected: 'The hub is passed over, Cost Explorer is asked, and the state names both.',
  },
  {
    id: 'denied-well-architected',
    rules: [
      { kind: 'deny', operation: 'GetConsolidatedReport' },
      { kind: 'deny', operation: 'ListWorkloads' },
    ],
    action: 'wellarchitected:GetConsolidatedReport',
    states: { 'well-architected': 'failed' },
    expected: 'The scores stay and the action is named; the others go on.',
  },
];

/** The series of some families, in one order. */
function seriesOf(page: MetricsPage, families: readonly string[]): string[] {
  return families
    .flatMap((family) =>
      page.series(family).map(({ labels, value }) => `${family} ${JSON.stringify(labels)} ${value}`),
    )
    .toSorted();
}

/** One AWS action is denied after all has been well, while the bill changes. */
export const rows: readonly FaultRow[] = CASES.map((one) => ({
  id: `aws/${one.id}`,
  fault: `${one.rules.map(({ operation }) => operation).join(' and ')} denied${one.rules.some(({ after }) => after) ? ' to tags' : ''}, while the bill doubles`,
  expected: one.expected,
  async run({ t, fired, state, figures, message }) {
    const exporter = await startWell(t, {
      bill: BILL,
      env: { CAPABILITIES: COLLECTORS.join(','), TAG_KEYS: 'application,environment' },
    });
    const { sim, clock, metrics, app, before, log } = exporter;
    const runAll = async () => {
      // On the next day what is asked once a day is asked again.
      for (const collector of COLLECTORS) await exporter.run(collector);
      return metrics();
    };
    sim.setBill(DOUBLED);
    clock.advance(60_000);
    if (one.id === 'denied-tag-keys') clock.advance(24 * 3_600_000);
    for (const rule of one.rules) sim.faults.add(rule);
    const denied = await runAll();
    fired('denials', exporter.hits('deny'));

    const said: string[] = [];
    for (const collector of COLLECTORS) {
      const view = await exporter.collector(collector);
      const expected = one.states[collector] ?? 'ok';
      t.equal(view.state, expected, collector);
      if (collector in one.states) {
        t.match(JSON.stringify(view), one.action, `${collector} names the action`);
        said.push(`${collector} ${view.state}`);
      } else t.equal(view.cause, null);
    }
    state(`${said.join(', ')}; all others ok`);
    const told = log.filter(({ collector = '' }) => collector in one.states).at(-1);
    const { passedOver = [], cause } = (await exporter.collector(Object.keys(one.states)[0] ?? '')) as {
      passedOver?: { cause: { advice: string } }[];
      cause: { advice: string } | null;
    };
    const advice = cause?.advice ?? passedOver[0]?.cause.advice ?? '';
    t.match(advice, `Allow the IAM action ${one.action}`);
    message(`${told?.msg}; /ready: ${advice}`);

    sim.faults.clear();
    clock.advance(60_000);
    const whole = await runAll();
    const failed = (collector: string) => one.states[collector] === 'failed';
    for (const { capability } of app.rest.collections.states.all()) {
      const families = capability.families
        .map(({ name }) => name)
        .filter((name) => !one.others?.families.includes(name));
      const wanted = failed(capability.name) ? before : whole;
      t.same(seriesOf(denied, families), seriesOf(wanted, families), capability.name);
    }
    if (one.others) t.ok(one.others.areRight(denied, before, whole), one.others.figures);
    t.ok(seriesOf(before, one.others?.families ?? ['aws_cost_total']).length > 0);
    t.not(total(before, 'aws_cost_total'), total(whole, 'aws_cost_total'), 'the bill has changed');
    const kept = COLLECTORS.filter(failed);
    figures(
      [
        ...(kept.length > 0 ? [`${kept.join(' and ')} unchanged`] : []),
        'all others those of the new bill',
        ...(one.others ? [one.others.figures] : []),
      ].join('; '),
    );
  },
}));
