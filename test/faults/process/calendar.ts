import type { MetricsPage } from '../../acceptance/parse-metrics.ts';
import { numberedBill } from '../../e2e/numbered-bill.ts';
import { type Exporter, startCosts } from '../../helper.ts';
import { eventually } from '../../servers/process.ts';
import type { FaultRow } from '../matrix.ts';

const PAIRS = 6;
const NUMBER = 3;
const LONG_MS = 30_000;

const sumOf = (page: MetricsPage, family: string) =>
  page.series(family).reduce((sum, { value }) => sum + value, 0);

/** Days of a bill of one number that a family sums up. */
const daysOf = (page: MetricsPage, family: string) => sumOf(page, family) / NUMBER / PAIRS;

/** An exporter in this process with a clock of the row's own. */
function startAt(...[t, at, until]: [Parameters<typeof startCosts>[0], string, string]): Promise<Exporter> {
  const bill = numberedBill({ number: NUMBER, today: new Date(until), days: 100, services: 3, accounts: 2 });
  return startCosts(t, { at, bill });
}

/** A row about the second in which a month ends. */
const monthEnds = (name: string, at: string, next: string): FaultRow => ({
  id: `process/${name}`,
  fault: `It becomes ${next} (the clock of the app) half a second after a collection`,
  expected:
    'The old month is taken off the page before anything is bought; the next collection has one day of the new one.',
  async run({ t, fired, state, figures, message }) {
    const exporter = await startAt(t, at, next);
    const { clock, metrics, run, collector, paid } = exporter;
    const length = Number(at.slice(8, 10));
    const before = await metrics();
    t.equal(daysOf(before, 'aws_cost_month_to_date'), length, 'the whole month to date');
    t.equal(daysOf(before, 'aws_cost_forecast_month_end'), length, 'and it is the month');
    const bought = paid();
    clock.set(next);
    fired(
      'days that have begun',
      (Date.parse(next) - Date.parse(`${at.slice(0, 10)}T00:00:00Z`)) / 86_400_000,
    );
    const anew = await eventually(
      'the page is of the new month',
      async () => {
        const page = await metrics();
        return daysOf(page, 'aws_cost_month_to_date') < 1 ? page : undefined;
      },
      LONG_MS,
    );
    t.equal(paid(), bought, 'nothing was bought for it');
    t.equal(daysOf(anew, 'aws_cost_last_complete_day'), 1);
    for (const name of ['cost', 'forecast']) t.equal(await run(name), 'collected');
    const after = await metrics();
    t.equal(daysOf(after, 'aws_cost_month_to_date'), 1, 'one day of the new month');
    t.equal(daysOf(after, 'aws_cost_total'), 30);
    t.equal(daysOf(after, 'aws_cost_forecast_month_end'), 31, 'all days of the new month');
    figures(`right: month to date of ${length} days, then of 0, then of 1`);
    const view = await collector('cost');
    t.equal(view.state, 'ok');
    state(`cost ${view.state}`);
    message(`/ready: last success at ${view.lastSuccess}`);
  },
});

export const rows: readonly FaultRow[] = [
  {
    id: 'process/leap-day',
    fault: 'It is 29 February (the clock of the app), and then 1 March',
    expected:
      'The month has 29 days, to date and to its end; 1 March begins a new one, with the 29th in the window.',
    async run({ t, fired, state, figures, message }) {
      const { clock, metrics, run, collector } = await startAt(
        t,
        '2028-02-29T12:00:00Z',
        '2028-03-01T12:00:00Z',
      );
      const leap = await metrics();
      t.equal(daysOf(leap, 'aws_cost_month_to_date'), 29);
      t.equal(daysOf(leap, 'aws_cost_forecast_month_end'), 29);
      const dates = (page: MetricsPage) =>
        new Set(page.series('aws_cost_daily').map(({ labels }) => labels.date));
      t.ok(dates(leap).has('2028-02-29'));
      fired('29 February among the days', [...dates(leap)].filter((date) => date === '2028-02-29').length);
      clock.set('2028-03-01T12:00:00Z');
      for (const name of ['cost', 'forecast']) t.equal(await run(name), 'collected');
      const march = await metrics();
      t.equal(daysOf(march, 'aws_cost_month_to_date'), 1);
      t.equal(daysOf(march, 'aws_cost_total'), 30);
      t.equal(daysOf(march, 'aws_cost_forecast_month_end'), 31);
      t.ok(dates(march).has('2028-02-29'), 'in the window');
      figures("right: 29 days to date and to the month's end");
      const view = await collector('cost');
      t.equal(view.state, 'ok');
      state(`cost ${view.state}`);
      message(`/ready: last success at ${view.lastSuccess}`);
    },
  },
  monthEnds('month-end', '2026-11-30T23:59:59.500Z', '2026-12-01T00:00:00.000Z'),
  monthEnds('new-year', '2026-12-31T23:59:59.500Z', '2027-01-01T00:00:00.000Z'),
];
