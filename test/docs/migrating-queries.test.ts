// The examples of docs/migrating.md, asked of a Prometheus that scrapes an exporter.
import t from 'tap';
import { startExporter } from '../helper.ts';
import { startPrometheus } from '../servers/prometheus.ts';
import { queries } from './migrating-page.ts';
import { BILL } from './policies.ts';

t.setTimeout(120_000);

t.test('every query for this exporter has an answer', async (t) => {
  const exporter = await startExporter(t, { bill: BILL });
  const prometheus = await startPrometheus(t, { targets: [{ url: `${exporter.metricsUrl}/metrics` }] });
  if (prometheus === undefined) return;
  const asked = queries.filter(({ now }) => now);
  t.ok(asked.length > 10);
  for (const { query } of asked) {
    // Whether a threshold is passed is not the question, but whether both sides are there and match.
    const answer = await prometheus.waitFor(query.replace(' > ', ' > bool '), ({ length }) => length > 0);
    t.ok(
      answer.every(({ value }) => Number.isFinite(value)),
      query,
    );
  }
  const total = (await exporter.get('/cost/current')).json<{ total: number }>().total;
  const [sum] = await prometheus.query('sum(aws_cost_total)');
  t.ok(Math.abs((sum?.value ?? 0) - total) < 1e-6, `the sum over all accounts and services is ${total}`);
  const named = await prometheus.query('count by (account_name) (aws_account_info)');
  const joined = asked.find(({ query }) => query.includes('group_left'))?.query ?? '';
  t.equal((await prometheus.query(joined)).length, named.length, 'an account each, with its name');
});
