import { parseMetrics } from '../../acceptance/parse-metrics.ts';
import { ofFamily, pageText, scrape, total } from '../../e2e/page.ts';
import { eventually } from '../../servers/process.ts';
import type { FaultRow } from '../matrix.ts';
import { needRedis, stateInWords } from '../redis.ts';
import {
  billOf,
  buying,
  buyingOften,
  costState,
  figuresAre,
  linesWith,
  paidPages,
  said,
  self,
  showsBill,
  startAws,
} from '../subject.ts';
import { clockOff, type Faked, startFaked } from './faked.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LONG_MS = 30_000;

/** Sets the clock of a process, and waits until it has it. Gives how far it went, in seconds. */
async function jump({ served, setOffset }: Faked, ms: number): Promise<number> {
  setOffset(ms);
  const off = await eventually(
    'its clock has jumped',
    async () => {
      const seen = await clockOff(served);
      return Math.abs(seen - ms) < 60_000 ? seen : undefined;
    },
    LONG_MS,
  );
  return Math.abs(Math.round(off / 1_000));
}

/** A row about a clock that goes back: what was bought is from the future then. */
const backwards = (name: string, what: string, ms: number): FaultRow => ({
  id: `process/${name}`,
  fault: `The clock of the process goes back by ${what} (libfaketime)`,
  expected: 'What it has is not taken for fresh until the clock has caught up: the next tick buys.',
  async run({ t, fired, state, figures, message }) {
    const simulator = await startAws(t, { bill: billOf(1, new Date(Date.now() + DAY_MS)) });
    const faked = await startFaked(t, simulator, { ...buying(simulator), COST_INTERVAL: '3s' });
    const { served } = faked;
    await showsBill(served, 1);
    fired('seconds that its clock went back', await jump(faked, -ms));
    simulator.setBill(billOf(2, new Date(Date.now() + DAY_MS)));
    await showsBill(served, 2);
    await figuresAre(t, served, 2);
    figures('right');
    const view = await costState(served);
    t.equal(view.state, 'ok');
    t.ok(Date.parse(view.lastSuccess ?? '') < Date.now() - ms + 60_000, 'its times are those of its clock');
    state(`cost ${view.state}`);
    message(`/ready: last success at ${view.lastSuccess}`);
  },
});

/** A row about a time zone in which it is another day and another month than in UTC. */
const inZone = (name: string, zone: string, instant: string): FaultRow => ({
  id: `process/${name}`,
  fault: `TZ=${zone} at ${instant} (libfaketime), when it is another month there than in UTC`,
  expected: 'Every business figure is byte for byte what a process with TZ=UTC shows.',
  async run({ t, fired, state, figures, message }) {
    const offset = Date.parse(instant) - Date.now();
    const simulator = await startAws(t, { bill: billOf(3, new Date(instant)) });
    const env = { ...buying(simulator), CAPABILITIES: 'cost,forecast' };
    const local = await startFaked(t, simulator, { ...env, TZ: zone }, offset);
    const page = await businessPage(local);
    const utc = await startFaked(t, simulator, { ...env, TZ: 'UTC' }, offset);
    t.equal(page, await businessPage(utc), 'the same figures');
    await figuresAre(t, local.served, 3);
    const monthToDate = total(await scrape(local.served.metricsUrl), 'aws_cost_month_to_date');
    t.equal(monthToDate, 3 * 6 * Number(instant.slice(8, 10)), 'the month is that of UTC');
    figures('right');
    const there = new Date(instant).toLocaleDateString('sv', { timeZone: zone });
    fired(
      `months between ${instant.slice(0, 10)} and ${there}`,
      there.slice(0, 7) === instant.slice(0, 7) ? 0 : 1,
    );
    const view = await costState(local.served);
    t.equal(view.state, 'ok');
    state(`cost ${view.state}`);
    message(`/ready: last success at ${view.lastSuccess}`);
  },
});

/** What a process shows of cost and forecast, once it has both. */
async function businessPage({ served }: Faked): Promise<string> {
  return eventually(
    'it has collected',
    async () => {
      const page = parseMetrics(await pageText(served.metricsUrl));
      const isThere =
        page.value('aws_cost_forecast_month_end') !== undefined && page.series('aws_cost_total').length > 0;
      return isThere ? page.businessText() : undefined;
    },
    LONG_MS,
  );
}

export const rows: readonly FaultRow[] = [
  {
    id: 'process/clock-forward-an-hour',
    fault: 'The clock of the process goes forward by an hour (libfaketime), that of Redis does not',
    expected: 'It says that one of the two is wrong, keeps its lease, and goes on collecting.',
    async run({ t, fired, state, figures, message }) {
      const redis = await needRedis(t);
      const simulator = await startAws(t);
      const faked = await startFaked(t, simulator, { ...buyingOften(simulator), REDIS_URL: redis.url });
      const { served } = faked;
      await showsBill(served, 1);
      fired('seconds that its clock went forward', await jump(faked, HOUR_MS));
      message(await said(served, /clock and Redis' are far apart/));
      t.equal(linesWith(served, /far apart/).length, 1, 'it is said once');
      simulator.setBill(billOf(2));
      await showsBill(served, 2);
      await figuresAre(t, served, 2);
      figures('right');
      t.equal(await self(served, 'lease_held', { target: 'default' }), 1);
      t.equal((await costState(served)).state, 'ok');
      state(`${await stateInWords(served)}, lease_held 1`);
    },
  },
  {
    id: 'process/clock-forward-a-day',
    fault: 'The clock of the process goes forward by a day (libfaketime), long before the next tick',
    expected: 'What it has is published anew for the new day without anything being bought.',
    async run({ t, fired, state, figures, message }) {
      const simulator = await startAws(t, { bill: billOf(1, new Date(Date.now() + DAY_MS)) });
      const faked = await startFaked(t, simulator, buying(simulator));
      const { served } = faked;
      await showsBill(served, 1);
      const dates = async () =>
        new Set(
          ofFamily(await scrape(served.metricsUrl), 'aws_cost_daily').map(({ labels }) => labels.date ?? ''),
        );
      const [first = ''] = [...(await dates())].toSorted();
      const paid = paidPages(simulator);
      fired('seconds that its clock went forward', await jump(faked, DAY_MS));
      await eventually(
        'the oldest day is gone',
        async () => ((await dates()).has(first) ? undefined : true),
        LONG_MS,
      );
      await figuresAre(t, served, 1);
      figures(`right: without ${first}`);
      t.equal(paidPages(simulator), paid, 'nothing was bought for it');
      const view = await costState(served);
      t.equal(view.state, 'ok');
      t.equal(view.stale, true, 'it is said to be old');
      state(`cost ${view.state}, stale`);
      message(`/ready: last success at ${view.lastSuccess}`);
    },
  },
  backwards('clock-back-an-hour', 'an hour', HOUR_MS),
  backwards('clock-back-a-day', 'a day', DAY_MS),
  inZone('zone-ahead-of-utc', 'Pacific/Kiritimati', '2027-01-31T23:00:00Z'),
  inZone('zone-behind-utc', 'America/St_Johns', '2027-02-01T01:00:00Z'),
];
