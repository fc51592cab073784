// GET /cost/tags and GET /cost/tags/:key.
import t, { type Test } from 'tap';
import { NOT_ENABLED } from '../../src/simulator/index.ts';
import { type Exporter, startExporter, TODAY } from '../helper.ts';
import { billOfTags, ODD } from '../plugins/tags/bill.ts';
import { PAYER, plusDays } from './bill.ts';

const YESTERDAY = plusDays(TODAY, -1);
const LONG = 'ключ'.repeat(32);
/** Keys that are hard to put into a path; all are keys that AWS takes. */
const KEYS = [
  'app',
  LONG,
  'a/b c%',
  'x$y',
  'user:Owner',
  'q?a=b&c',
  'plus+and#hash',
  '100%25',
  'é',
  '__proto__',
];

interface Value {
  value: string | null;
  cost: number;
  resources: number | null;
  services: { service: string; cost: number }[];
}
interface Tag {
  key: string;
  values: Value[];
}

/** An exporter whose bill has one charge for each key, and for `app` one for each of many values. */
function start(t: Test): Promise<Exporter> {
  const charge = { day: YESTERDAY, service: 'AWS Lambda' };
  const bill = billOfTags([
    ...KEYS.map((key, number) => ({
      ...charge,
      cost: String(number + 0.5),
      tags: Object.fromEntries([[key, `value of ${number}`]]),
    })),
    ...ODD.map((app, number) => ({ ...charge, cost: String(100 + number), tags: { app } })),
    { ...charge, service: 'Tax', cost: '7', tags: { app: ODD[0] ?? '' } },
  ]);
  const list = KEYS.map((key) => JSON.stringify(key)).join(', ');
  return startExporter(t, {
    bill,
    env: { CAPABILITIES: 'tags' },
    configFile: `targets: [{name: default, tagKeys: [${list}]}, {name: two, capabilities: [cost], roleArn: "arn:aws:iam::${PAYER.replaceAll('1', '2')}:role/r"}]`,
  });
}

t.test('all keys, in the order of the configuration', async (t) => {
  const { get } = await start(t);
  const answer = await get('/cost/tags');
  t.equal(answer.status, 200);
  const body = answer.json<{ tags: Tag[] }>();
  t.same(Object.keys(body).toSorted(), ['accountId', 'collectedAt', 'currency', 'stale', 'tags', 'target']);
  t.match(body, {
    target: 'default',
    accountId: PAYER,
    collectedAt: `${TODAY}T08:00:00.000Z`,
    stale: false,
    currency: 'USD',
  });
  t.same(
    body.tags.map(({ key }) => key),
    KEYS,
  );
  for (const tag of body.tags) {
    t.same(Object.keys(tag).toSorted(), ['key', 'reason', 'resourcesEstimated', 'untaggedShare', 'values']);
  }
});

t.test('values are verbatim, sorted by cost, services too', async (t) => {
  const { get } = await start(t);
  const { values } = (await get('/cost/tags/app')).json<Tag>();
  t.same(
    values.map(({ cost }) => cost),
    values.map(({ cost }) => cost).toSorted((a, b) => b - a),
  );
  t.same(values.flatMap(({ value }) => value ?? []).toSorted(), [...ODD, 'value of 0'].toSorted());
  t.equal(values.filter(({ value }) => value === null).length, 1, 'null for untagged');
  t.equal(values.find(({ value }) => value === null)?.resources, null, 'which has no resources');
  t.same(values.find(({ value }) => value === ODD[0])?.services, [
    { service: 'AWS Lambda', cost: 100 },
    { service: 'Tax', cost: 7 },
  ]);
});

t.test('one key is one element of the list, in the envelope', async (t) => {
  const { get } = await start(t);
  const { tags, ...envelope } = (await get('/cost/tags')).json<{ tags: Tag[] }>();
  for (const [number, key] of KEYS.entries()) {
    const answer = await get(`/cost/tags/${encodeURIComponent(key)}`);
    t.equal(answer.status, 200, key);
    t.same(answer.json(), { ...envelope, ...tags[number] }, key);
    t.ok(answer.headers.etag);
    const again = await get(`/cost/tags/${encodeURIComponent(key)}`, {
      headers: { 'if-none-match': answer.headers.etag ?? '' },
    });
    t.equal(again.status, 304);
  }
  t.equal(LONG.length, 128);
});

t.test('a key that is not configured is 404, whatever the bill has', async (t) => {
  const { get } = await start(t);
  for (const key of [
    'App',
    'app ',
    'application',
    'constructor',
    'toString',
    `${LONG}x`.slice(1),
    '%00',
    '%F0%9F%9A%80',
  ]) {
    const answer = await get(`/cost/tags/${/^%/.test(key) ? key : encodeURIComponent(key)}`);
    t.equal(answer.status, 404, key);
    t.match(answer.json(), { statusCode: 404, code: String, error: 'Not Found', message: String });
  }
  t.equal(
    (await get(`/cost/tags/${encodeURIComponent(`${LONG}x`)}`)).status >= 400,
    true,
    'longer than any key',
  );
  t.equal((await get('/cost/tags/%')).status, 400, 'not well-formed');
  t.equal((await get('/cost/tags/app/more')).status, 404);
});

t.test('limit and offset page the values, and nothing else', async (t) => {
  const { get } = await start(t);
  const whole = (await get('/cost/tags/app')).json<Tag>();
  const found: Value[] = [];
  for (let offset = 0; offset < whole.values.length; offset += 7) {
    const page = (await get(`/cost/tags/app?limit=7&offset=${offset}`)).json<Tag>();
    t.same({ ...page, values: [] }, { ...whole, values: [] }, 'the rest stays');
    t.ok(page.values.length <= 7);
    found.push(...page.values);
  }
  t.same(found, whole.values);
  t.same((await get('/cost/tags/app?offset=2')).json<Tag>().values, whole.values.slice(2));
  t.same((await get('/cost/tags/app?limit=0')).json<Tag>().values, []);
  t.same((await get('/cost/tags/app?offset=999')).json<Tag>().values, []);
  const all = (await get('/cost/tags?limit=1')).json<{ tags: Tag[] }>().tags;
  t.same(
    all.map(({ values }) => values.length),
    KEYS.map(() => 1),
    'of each key',
  );
});

t.test('bad parameters are 400 and named', async (t) => {
  const { get } = await start(t);
  for (const path of ['/cost/tags', '/cost/tags/app']) {
    for (const query of [
      'limit=-1',
      'limit=0x5',
      'limit=',
      'limit=1.5',
      'offset=a',
      'limit=1&limit=2',
      'more=1',
      'key=app',
    ]) {
      const answer = await get(`${path}?${query}`);
      t.equal(answer.status, 400, `${path}?${query}`);
      t.match(answer.json().message, query.split('=')[0], 'the message names it');
    }
    t.equal((await get(`${path}?target=nobody`)).status, 404);
    t.equal((await get(`${path}?target=two`)).status, 404, 'the capability is off for this target');
    const post = await get(path, { method: 'POST' });
    t.match([post.status, post.headers.allow], [405, /GET/]);
    t.equal((await get(path, { method: 'HEAD' })).status, 200);
  }
});

t.test('before the first success: 503', async (t) => {
  const { get, metrics } = await startExporter(t, {
    env: { CAPABILITIES: 'tags', TAG_KEYS: 'app' },
    before: ({ faults }) => faults.add({ kind: 'deny', operation: 'GetCostAndUsage' }),
    simulator: { settings: { activeTagKeys: ['app'] } },
  });
  for (const path of ['/cost/tags', '/cost/tags/app']) {
    const answer = await get(path);
    t.equal(answer.status, 503);
    t.match(answer.json(), { code: 'access_denied', message: /ce:GetCostAndUsage/ });
    t.match(answer.headers['retry-after'], /^\d+$/);
  }
  t.same((await metrics()).business(), []);
});

t.test('where Cost Explorer is not enabled', async (t) => {
  const { get, metrics } = await startExporter(t, {
    env: { CAPABILITIES: 'tags', TAG_KEYS: 'app' },
    before: ({ faults }) => {
      for (const operation of ['GetCostAndUsage', 'ListCostAllocationTags']) {
        faults.add({ ...NOT_ENABLED.costExplorer, operation });
      }
    },
  });
  const page = await metrics();
  t.same(page.business(), []);
  t.equal(page.value('aws_cost_exporter_collector_success', { collector: 'tags' }), 1, 'no failure');
  t.match((await get('/cost/tags')).json(), {
    currency: null,
    tags: [{ key: 'app', reason: 'not_enabled', untaggedShare: null, values: [] }],
  });
});
