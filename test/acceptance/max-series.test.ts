// The cap on series folds the smallest pairs, in all families alike; totals are conserved.
import t from 'tap';
import { startCosts, TODAY } from '../helper.ts';
import { billOf, charges, MEMBER, PAYER, plusDays, sum } from './bill.ts';
import type { MetricsPage } from './parse-metrics.ts';

const SERVICES = Array.from({ length: 12 }, (_, number) => `Service ${number}`);
// The cost of a pair grows with the number of its service.
const ALL = charges('2026-10-01', '2026-12-01', [PAYER, MEMBER], SERVICES).map((charge) => ({
  ...charge,
  cost: charge.service === 'Tax' ? -50_000 : charge.cost + 100 * Number(charge.service.slice(8)),
}));
const FAMILIES = [
  'aws_cost_total',
  'aws_cost_month_to_date',
  'aws_cost_last_complete_day',
  'aws_cost_settled_day',
  'aws_cost_trailing_week',
  'aws_cost_preceding_week',
];

/** Sums of every family by account, and of every day. */
function totals(page: MetricsPage): Record<string, number> {
  const result: Record<string, number> = {};
  for (const family of [...FAMILIES, 'aws_cost_daily']) {
    for (const { labels, value } of page.series(family)) {
      const key = `${family} ${labels.account_id} ${labels.date ?? ''}`;
      result[key] = (result[key] ?? 0) + value;
    }
  }
  return result;
}

t.test('folding conserves totals, keeps the largest, and is said', async (t) => {
  const bill = billOf(ALL);
  const whole = await startCosts(t, { bill });
  const capped = await startCosts(t, { bill, env: { MAX_SERIES: '400' } });
  const [all, page] = [await whole.metrics(), await capped.metrics()];
  t.same(totals(page), totals(all));
  const series = page.value('aws_cost_exporter_collector_series', { collector: 'cost' }) ?? Number.NaN;
  t.ok(series <= 400 && series > 200, `${series} series under a cap of 400`);
  const folded = page.value('aws_cost_exporter_collector_series_folded', { collector: 'cost' }) ?? 0;
  t.ok(folded > 0);
  t.equal(all.value('aws_cost_exporter_collector_series_folded', { collector: 'cost' }), 0);

  const kept = (family: string) =>
    new Set(page.series(family).map(({ labels }) => `${labels.service}/${labels.account_id}`));
  for (const family of FAMILIES)
    t.same([...kept(family)].toSorted(), [...kept('aws_cost_total')].toSorted(), `${family}: the same pairs`);
  t.ok(kept('aws_cost_total').has(`__other__/${PAYER}`), 'of each account');
  t.ok(kept('aws_cost_total').has(`__other__/${MEMBER}`));
  t.ok(kept('aws_cost_total').has(`Service 11/${PAYER}`), 'the largest is kept');
  t.notOk(kept('aws_cost_total').has(`Service 0/${PAYER}`), 'the smallest is folded');
  t.ok(kept('aws_cost_total').has(`Tax/${PAYER}`), 'a large credit is not small');
  t.equal(
    (await capped.get('/cost/current')).json<{ byService: object[] }>().byService.length,
    SERVICES.length + 1,
    'REST shows all',
  );
  t.equal(
    (await capped.get('/cost/current')).json().total,
    sum(ALL, { start: plusDays(TODAY, -30), end: TODAY }),
  );
});

t.test('never below one __other__ per account and date; 0 is no cap', async (t) => {
  const bill = billOf(ALL);
  const whole = await (await startCosts(t, { bill, env: { MAX_SERIES: '0' } })).metrics();
  t.same(whole.series('aws_cost_total', { service: '__other__' }), []);
  const page = await (await startCosts(t, { bill, env: { MAX_SERIES: '1' } })).metrics();
  t.same(totals(page), totals(whole));
  t.same([...new Set(page.series('aws_cost_daily').map(({ labels }) => labels.service))], ['__other__']);
});

t.test('a service with a reserved name is told from what is folded', async (t) => {
  const names = ['__other__', '"__other__"', 'untagged'];
  const list = charges('2026-10-01', '2026-12-01', [PAYER], names);
  const { metrics, get } = await startCosts(t, { bill: billOf(list) });
  const services = (await metrics()).series('aws_cost_settled_day').map(({ labels }) => labels.service);
  t.same(services.toSorted(), ['"__other__"', '""__other__""', '"untagged"', 'Tax'].toSorted());
  const { byService } = (await get('/cost/current')).json<{ byService: { service: string }[] }>();
  t.same(
    byService.map(({ service }) => service).toSorted(),
    [...names, 'Tax'].toSorted(),
    'REST is verbatim',
  );
});
