// Pages: any size gives the same figures, each is paid for, and a bad second page publishes nothing of the first.
import t from 'tap';
import { type Exporter, startCosts } from '../helper.ts';
import { billOf, charges, PAYER } from './bill.ts';

const SPEND = 'aws_cost_exporter_aws_spend_usd_total';

const costPages = ({ sim }: Exporter) =>
  sim.requests.filter(({ operation }) => operation === 'GetCostAndUsage');

t.test('the size of pages changes no figure, only the price', async (t) => {
  const whole = await startCosts(t);
  const wanted = (await whole.metrics()).businessText();
  for (const pageSize of [120, 7, 1]) {
    const exporter = await startCosts(t, { simulator: { pageSize } });
    const page = await exporter.metrics();
    t.equal(page.businessText(), wanted, `${pageSize} groups a page`);
    const pages = costPages(exporter);
    t.ok(pages.length > 1);
    t.equal(
      Math.round((page.value(SPEND) ?? 0) * 100),
      pages.length + 1,
      'each page is paid for, and the forecast',
    );
    const bodies = pages.map(({ body }) => JSON.stringify({ ...(body as object), NextPageToken: undefined }));
    t.equal(new Set(bodies).size, 1, 'the same request each time');
  }
});

t.test('page two fails: nothing of page one gets out, before the first success too', async (t) => {
  for (const kind of ['deny', 'error500', 'corrupt', 'throttle'] as const) {
    const exporter = await startCosts(t, {
      simulator: { pageSize: 50 },
      before: ({ faults }) => faults.add({ kind, operation: 'GetCostAndUsage', page: 2 }),
    });
    const { metrics, run, sim, collector } = exporter;
    const first = await metrics();
    t.same(first.series('aws_cost_total'), [], `${kind}: nothing`);
    t.same(first.series('aws_cost_daily'), []);
    t.equal(first.value('aws_cost_exporter_collector_success', { collector: 'cost' }), 0);
    t.equal((await collector('cost')).state, 'failed');
    const paid = (first.value(SPEND) ?? 0) * 100;
    const second = kind === 'corrupt' ? costPages(exporter).length - 1 : 0;
    t.equal(Math.round(paid), 1 + 1 + second, `${kind}: the first page was paid for, and the forecast`);

    sim.faults.clear();
    t.equal(await run('cost'), 'collected');
    const good = (await metrics()).businessText();
    sim.faults.add({ kind, operation: 'GetCostAndUsage', page: 2 });
    t.equal(await run('cost'), 'failed');
    t.equal((await metrics()).businessText(), good, `${kind}: the last good figures stay`);
  }
});

t.test('a token that comes twice is refused, and not followed for ever', async (t) => {
  const exporter = await startCosts(t, { simulator: { pageSize: 50 } });
  const { metrics, run, sim, collector } = exporter;
  const good = (await metrics()).businessText();
  const asked = costPages(exporter).length;
  let token: unknown;
  sim.faults.add({
    kind: 'mutate',
    operation: 'GetCostAndUsage',
    mutate: (body) => {
      token ??= body.NextPageToken;
      return { ...body, NextPageToken: token };
    },
  });
  t.equal(await run('cost'), 'failed');
  t.equal((await collector('cost')).cause?.code, 'invalid_response');
  t.equal((await metrics()).businessText(), good);
  t.equal(costPages(exporter).length - asked, 2, 'two pages were asked for');
});

t.test('the bill moves on between two pages: one query is one bill', async (t) => {
  const exporter = await startCosts(t, { simulator: { pageSize: 50 } });
  const { metrics, run, sim } = exporter;
  const good = (await metrics()).businessText();
  sim.faults.add({
    kind: 'mutate',
    operation: 'GetCostAndUsage',
    page: 1,
    mutate: (body) => {
      sim.setBill(billOf(charges('2026-09-01', '2026-12-15', [PAYER], ['AWS Glue'])));
      return body;
    },
  });
  t.equal(await run('cost'), 'collected');
  t.equal((await metrics()).businessText(), good);
});
