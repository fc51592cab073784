// GET /recommendations.
import t from 'tap';
import { TODAY } from '../helper.ts';
import {
  denied,
  EXPLORER,
  HUB,
  type Item,
  OWNER,
  PAID_CALLS,
  recommendations,
  startOptimization,
} from '../plugins/optimization/exporter.ts';

t.test('every field', async (t) => {
  const exporter = await startOptimization(t, { enrolled: true });
  const answer = await exporter.get('/recommendations');
  t.equal(answer.status, 200);
  const body = await recommendations(exporter);
  const fields =
    'target accountId collectedAt stale currency source reason rightsizing total_potential_savings last_updated recommendations';
  for (const field of fields.split(' ')) t.ok(field in body, field);
  t.match(body, {
    target: 'default',
    accountId: OWNER,
    collectedAt: `${TODAY}T08:00:00.000Z`,
    last_updated: `${TODAY}T08:00:00.000Z`,
    stale: false,
    currency: 'USD',
    source: HUB,
    reason: null,
  });
  for (const entry of body.rightsizing) {
    t.same(Object.keys(entry).toSorted(), ['potential_savings', 'recommendation', 'service']);
  }
  const kinds = body.rightsizing.map(({ service }) => service);
  for (const short of ['EC2', 'RDS', 'EBS']) t.ok(kinds.includes(short), `the design's short name ${short}`);
  const item =
    'account category effort generatedAt id monthlyCost monthlySavings priority region resource restart rollback source type';
  for (const one of body.recommendations) t.same(Object.keys(one).toSorted().join(' '), item);
  t.ok(
    body.recommendations.some(({ resource }) => resource !== null),
    'resources are named',
  );
  t.ok(body.recommendations.every(({ id }) => id.length > 0));
  t.ok(body.recommendations.some(({ restart }) => restart === true));
  t.ok(body.recommendations.some(({ rollback }) => rollback === false));
  t.ok(body.recommendations.every(({ effort }) => /^(Very)?(Low|High)$|^Medium$/.test(effort ?? '')));
});

t.test('when AWS made what it recommends is shown, where it says so', async (t) => {
  const made = async (options: Parameters<typeof startOptimization>[1]) => {
    const { recommendations: list } = await recommendations(await startOptimization(t, options));
    return [...new Set(list.map(({ generatedAt }) => generatedAt))];
  };
  t.same(await made({ enrolled: true }), [`${TODAY}T03:00:00.000Z`]);
  t.same(await made({}), [`${TODAY}T04:00:00.000Z`]);
  t.same(await made({ at: `${TODAY}T02:00:00Z` }), ['2026-11-21T04:00:00.000Z'], 'not when it was asked');
  t.same(await made({ env: { OPTIMIZATION_SOURCE: 'estimate' } }), [null]);
  const silent = {
    kind: 'mutate',
    mutate: ({ Metadata, ...body }: Record<string, unknown>) => body,
  } as const;
  t.same(await made({ faults: PAID_CALLS.map((operation) => ({ ...silent, operation })) }), [null]);
});

t.test('what a source does not say is null', async (t) => {
  const { recommendations: list } = await recommendations(await startOptimization(t));
  for (const { effort, restart, rollback } of list) {
    t.same([effort, restart, rollback], [null, null, null]);
  }
});

t.test('whether savings are before or after discounts is shown', async (t) => {
  for (const savingsEstimationMode of ['BeforeDiscounts', 'AfterDiscounts'] as const) {
    const exporter = await startOptimization(t, {
      enrolled: true,
      simulator: { settings: { savingsEstimationMode } },
    });
    t.match(await recommendations(exporter), { savingsMode: savingsEstimationMode });
  }
  t.match(await recommendations(await startOptimization(t)), { savingsMode: null });
});

t.test('filters, one and several', async (t) => {
  const exporter = await startOptimization(t, { enrolled: true });
  const whole = await recommendations(exporter);
  const all = whole.recommendations;
  const fields = ['type', 'priority', 'account', 'source'] as const;
  for (const field of fields) {
    const values = new Set(all.map((item) => item[field]));
    for (const value of values) {
      const { recommendations: left, ...rest } = await recommendations(
        exporter,
        `?${field}=${encodeURIComponent(value)}`,
      );
      t.same(
        left,
        all.filter((item) => item[field] === value),
        `${field}=${value}`,
      );
      t.same({ ...rest, recommendations: all }, whole, 'they filter the list, not the sums');
    }
  }
  const [one] = all;
  const query = fields.map((field) => `${field}=${encodeURIComponent(one?.[field] ?? '')}`).join('&');
  const both = (await recommendations(exporter, `?${query}`)).recommendations;
  t.same(
    both,
    all.filter((item) => fields.every((field) => item[field] === one?.[field])),
  );
  for (const nothing of [
    `source=${EXPLORER}`,
    'type=Nothing',
    'type=',
    'account=000000000000',
    'type=rightsize',
  ]) {
    t.same((await recommendations(exporter, `?${nothing}`)).recommendations, [], nothing);
  }
});

t.test('paging, of what the filters leave', async (t) => {
  const exporter = await startOptimization(t, { enrolled: true });
  for (const filter of ['', '&type=Rightsize']) {
    const all = (await recommendations(exporter, `?${filter.slice(1)}`)).recommendations;
    t.ok(all.length > 5);
    const found: Item[] = [];
    for (let offset = 0; offset < all.length; offset += 3) {
      found.push(...(await recommendations(exporter, `?limit=3&offset=${offset}${filter}`)).recommendations);
    }
    t.same(found, all);
    t.same((await recommendations(exporter, `?limit=0${filter}`)).recommendations, []);
    t.same((await recommendations(exporter, `?offset=100000${filter}`)).recommendations, []);
  }
});

t.test('bad parameters are 400 and named', async (t) => {
  const { get } = await startOptimization(t, { enrolled: true });
  for (const query of [
    'priority=urgent',
    'priority=High',
    'source=aws',
    'limit=-1',
    'limit=x',
    'offset=1e3',
    'region=us-east-1',
    'type=a&type=b',
  ]) {
    const answer = await get(`/recommendations?${query}`);
    t.equal(answer.status, 400, query);
    t.match(answer.json(), { statusCode: 400, code: String, error: 'Bad Request' });
    t.match(answer.json().message, query.split('=')[0], 'the message names it');
  }
  t.equal((await get('/recommendations?target=nobody')).status, 404);
});

t.test('ETag: 304 until something changes', async (t) => {
  const exporter = await startOptimization(t, { enrolled: true });
  const { headers } = await exporter.get('/recommendations?priority=high');
  const ask = () =>
    exporter.get('/recommendations?priority=high', { headers: { 'if-none-match': headers.etag ?? '' } });
  t.equal((await ask()).status, 304);
  exporter.sim.faults.add({ kind: 'deny', operation: 'ListEnrollmentStatuses' });
  for (const rule of denied(...PAID_CALLS)) exporter.sim.faults.add(rule);
  await exporter.run('optimization');
  t.equal((await ask()).status, 200);
});
