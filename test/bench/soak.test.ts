// The soak itself is run by hand; here: that it tells what it is for, and a short one of a small bill.
import t from 'tap';
import { type Sample, trends } from '../../bench/soak/measures.ts';
import { figuresOf } from '../../bench/soak/page.ts';
import type { Held } from '../../bench/soak/probe.ts';
import { head, line, type Stretch, verdict } from '../../bench/soak/report.ts';
import { soak } from '../../bench/soak/soak.ts';
import { Tally } from '../../bench/soak/tally.ts';
import { LAG_MS, Truth } from '../../bench/soak/truth.ts';
import { minima, slope, trendOf } from '../../bench/soak/verdict.ts';
import { awayFromMidnight } from '../e2e/command.ts';
import { requireProgram } from '../servers/process.ts';

t.setTimeout(300_000);

const points = (values: readonly number[]) => values.map((value, minute) => ({ minute, value }));

t.test('a slope that outliers and saw teeth do not move', async (t) => {
  const noise = (index: number) => ((index * 7_919) % 13) - 6;
  const line = Array.from({ length: 60 }, (_, index) => 100 + 2 * index + noise(index));
  t.ok(Math.abs(slope(points(line)) - 2) < 0.1);
  const spiked = line.map((value, index) => (index % 4 === 0 ? value + 5_000 : value));
  t.ok(Math.abs(slope(points(spiked)) - 2) < 0.5, 'a quarter of outliers');
  t.equal(slope(points([5])), 0);
  const saw = Array.from({ length: 120 }, (_, index) => ({
    minute: index / 6,
    value: 300 + (index % 6) * 40,
  }));
  t.same(new Set(minima(saw).map(({ value }) => value)), new Set([300]));
});

t.test('flat is within the tolerance, and what shrinks is', async (t) => {
  const growing = points([100, 101, 102, 103, 104, 105]);
  t.match(trendOf(growing, { share: 0, least: 5 }), { growth: 5, allowed: 5, flat: true });
  t.match(trendOf(growing, { share: 0, least: 4.9 }), { flat: false });
  t.match(trendOf(growing, { share: 0.05, least: 0 }), { flat: true });
  t.match(trendOf(points([9, 8, 7]), { share: 0, least: 0 }), { flat: true });
});

const HELD: Held = {
  ...{
    rss: 300e6,
    settledRss: 200e6,
    liveHeap: 80e6,
    heap: 100e6,
    external: 40e6,
    files: 30,
    threads: 11,
    handles: 14,
  },
  ...{ fullCollections: 1, delayP99: 12, delayMax: 40 },
};
const counts = { scrapes: 10, reads: 10, errors: 0, gaps: 0, wrong: 0, oldest: 0 };
const stretchOf = (samples: readonly Sample[], more: Partial<typeof counts> = {}): Stretch => ({
  ...{ from: 0, to: 30, samples, bills: 30, restarts: 7 },
  counts: { ...counts, ...more },
});
const run = (change: (minute: number) => Partial<Held>): Sample[] =>
  Array.from({ length: 180 }, (_, index) => ({
    ...HELD,
    ...change(index / 6),
    minute: index / 6,
    idleP99: 11,
  }));

t.test('each measure that grows is told, and a wrong figure', async (t) => {
  const flat = run(() => ({}));
  t.ok(verdict([stretchOf(flat)], 30).good);
  t.notOk(verdict([stretchOf(flat, { wrong: 1 })], 30).good);
  t.notOk(verdict([stretchOf(flat, { scrapes: 0 })], 30).good, 'nobody has looked');
  const leaks: Record<string, (minute: number) => Partial<Held>> = {
    RSS: (minute) => ({ rss: HELD.rss + minute * 1e6 }),
    'RSS settled': (minute) => ({ settledRss: 200e6 + minute * 1e6 }),
    heap: (minute) => ({ liveHeap: HELD.liveHeap + minute * 5e5 }),
    external: (minute) => ({ external: HELD.external + minute * 5e5 }),
    files: (minute) => ({ files: HELD.files + Math.floor(minute / 4) }),
    handles: (minute) => ({ handles: HELD.handles + Math.floor(minute / 4) }),
    threads: (minute) => ({ threads: HELD.threads + Math.floor(minute / 4) }),
    'delay p99 over idle': (minute) => ({ delayP99: HELD.delayP99 + minute * 2 }),
  };
  t.same(
    Object.keys(leaks),
    trends(flat, 30).map(({ measure: { name } }) => name),
  );
  for (const [leaking, change] of Object.entries(leaks)) {
    const told = trends(run(change), 30).filter(({ flat: still }) => !still);
    t.same(
      told.map(({ measure: { name } }) => name),
      [leaking],
    );
    t.match(verdict([stretchOf(run(change))], 30), { good: false, text: new RegExp(`NOT FLAT: ${leaking}`) });
  }
  const early = run((minute) => (minute < 5 ? { rss: 100e6 + minute * 40e6 } : {}));
  t.ok(verdict([stretchOf(early)], 30).good, 'the warm-up is not judged');
  t.equal(line(stretchOf(flat)).split('|').length, head().split('\n')[0]?.split('|').length);
});

t.test('a page that is whole, torn, absent, of no bill or of an old one', async (t) => {
  const shape = { services: 2, accounts: 10 };
  const [pairs, today] = [20, '2026-11-22'];
  const page = (number: number, change = (text: string) => text) => {
    const days = {
      aws_cost_total: 30,
      aws_cost_month_to_date: 22,
      aws_cost_trailing_week: 7,
      aws_cost_preceding_week: 7,
    };
    const single = ['aws_cost_last_complete_day', 'aws_cost_settled_day', 'aws_cost_week_median'];
    const families = { ...days, ...Object.fromEntries(single.map((name) => [name, 1])) };
    const lines = Object.entries(families).flatMap(([name, count]) =>
      Array.from(
        { length: pairs },
        (_, pair) => `${name}{service="s ${pair}",account_id="1"} ${number * count}`,
      ),
    );
    for (let day = 0; day < 31; day++)
      for (let pair = 0; pair < pairs; pair++)
        lines.push(`aws_cost_daily{date="${day}",service="${pair}"} ${number}`);
    lines.push(`aws_cost_forecast{account_id="1"} ${number * 30 * pairs}`);
    lines.push(`aws_tag_cost_total{tag_key="team",tag_value="a"} ${number * 30 * 2}`);
    return change(`# HELP aws_cost_total x\n${lines.join('\n')}\nprocess_cpu_seconds_total 1\n`);
  };
  const truth = new Truth();
  for (const at of [0, 60_000, 120_000]) truth.next(at);
  const told = (text: string, asked = 130_000) => {
    const tally = new Tally(truth);
    tally.page('one', figuresOf(page(3), shape, today), 120_000);
    tally.take();
    tally.page('one', figuresOf(text, shape, today), asked);
    const { wrong, gaps } = tally.take();
    return { wrong, gaps };
  };
  t.equal(figuresOf(page(3), shape, today).series, pairs * 38);
  t.same(told(page(3)), { wrong: 0, gaps: 0 });
  t.same(told(page(2)), { wrong: 0, gaps: 0 }, 'the bill before');
  t.same(told(page(1)), { wrong: 0, gaps: 0 }, 'replaced 70 s ago');
  t.same(told(page(2), 120_000 + LAG_MS + 1), { wrong: 3, gaps: 0 }, 'replaced too long ago');
  t.same(told(page(4)), { wrong: 3, gaps: 0 }, 'a bill that has not come yet');
  t.same(told(page(2.5)), { wrong: 3, gaps: 0 }, 'no bill');
  t.same(
    told(page(3, (text) => text.replace(/^(aws_cost_daily\{.*\}) 3$/m, '$1 2'))),
    { wrong: 1, gaps: 0 },
    'torn',
  );
  t.same(
    told(page(3, (text) => text.replace(/^aws_cost_daily.*\n/m, ''))),
    { wrong: 1, gaps: 0 },
    'a series less',
  );
  t.same(told(page(3, (text) => text.replaceAll(/^aws_.*\n/gm, ''))), { wrong: 0, gaps: 1 }, 'a gap');
});

t.test('a short soak of a small bill, with a Redis that goes away', async (t) => {
  if (requireProgram(t, 'redis-server') === undefined) return;
  await awayFromMidnight();
  const told: Stretch[] = [];
  const { stretches, said, exitCode } = await soak(t, {
    minutes: 0.5,
    shape: { services: 2, accounts: 10 },
    ...{
      billMs: 6_000,
      sampleMs: 1_000,
      settleMs: 5_000,
      stretchMs: 10_000,
      redisMs: 8_000,
      outageMs: 1_000,
    },
    onStretch: (stretch) => told.push(stretch),
  });
  t.equal(exitCode, 0);
  t.same(told, stretches);
  const sum = (of: (stretch: Stretch) => number) => stretches.reduce((all, stretch) => all + of(stretch), 0);
  t.equal(
    sum(({ counts }) => counts.wrong),
    0,
    said.join('\n'),
  );
  t.ok(sum(({ counts }) => counts.scrapes) >= 3, 'each scraper has scraped');
  t.ok(sum(({ bills }) => bills) >= 2 && sum(({ restarts }) => restarts) >= 2);
  for (const { rss, files, threads, handles } of stretches.flatMap(({ samples }) => samples))
    t.ok(rss > 5e7 && files > 10 && threads > 4 && handles > 2, `${rss} ${files} ${threads} ${handles}`);
});
