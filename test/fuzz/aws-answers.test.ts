// Whatever AWS answers: right figures or a classified failure, the last good figures stay, and nothing that is no number.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { CAUSES } from '../../src/errors.ts';
import { generateBill } from '../../src/simulator/index.ts';
import { parsePage } from '../e2e/page.ts';
import { type Exporter, startExporter, TODAY } from '../helper.ts';
import { AnswerCheck } from '../openapi/document.ts';
import { startAnswerProxy } from './answer-proxy.ts';
import { runsOf } from './runs.ts';
import { anySpoil, at, type Spoil } from './spoil.ts';
import { unsupported } from './supported.ts';

t.setTimeout(3_600_000);

/** Exporters that are tried at once: most of the time is spent waiting for retries. */
const LANES = 3;
/** Longest time for one collection; far more than all retries take. */
const LONGEST_MS = 60_000;
const COLLECTORS = ['cost', 'forecast', 'tags', 'optimization', 'well-architected'] as const;
const ROUTES = {
  cost: '/cost/current',
  forecast: '/cost/forecast',
  tags: '/cost/tags',
  optimization: '/recommendations',
  'well-architected': '/wellarchitected',
} as const;
type Collector = (typeof COLLECTORS)[number];

/** What is changed: the answers to one operation of a collection, one after the other. */
interface Case {
  readonly collector: Collector;
  /** Which of the collection's operations, in [0, 1). */
  readonly which: number;
  readonly spoils: readonly Spoil[];
  /** How many of the answers are changed. */
  readonly times: number;
}

const anyCase: fc.Arbitrary<Case> = fc.record({
  collector: fc.constantFrom(...COLLECTORS),
  which: at,
  spoils: fc.array(anySpoil, { minLength: 1, maxLength: 3 }),
  times: fc.constantFrom(1, 100),
});

const rejections: unknown[] = [];
process.on('unhandledRejection', (reason) => rejections.push(reason));

/** An exporter whose AWS can be spoilt, and the operations of each of its collectors. */
async function start(t: Test) {
  const proxy = await startAnswerProxy(t);
  const bill = generateBill({ seed: 3, today: new Date(`${TODAY}T08:00:00Z`), days: 60, services: 6 });
  const exporter = await startExporter(t, {
    bill,
    simulator: { pageSize: 400 },
    app: { limits: { loopDelayMs: 3_600_000 } },
    env: { AWS_ENDPOINT_URL: proxy.url, CAPABILITIES: '', TAG_KEYS: 'application,team' },
    before: ({ url }) => {
      proxy.aws = url;
    },
  });
  const operations = new Map<Collector, readonly string[]>();
  for (const collector of COLLECTORS) {
    const from = proxy.answers.length;
    exporter.clock.advance(24 * 60_000);
    assert.equal(await exporter.run(collector), 'collected', collector);
    const called = new Set(proxy.answers.slice(from).map(({ operation }) => operation));
    called.delete('GetCallerIdentity');
    operations.set(collector, [...called]);
    const page = parsePage((await exporter.scrape()).text);
    assert.deepEqual(unsupported(collector, page, proxy.answers.slice(from), TODAY), [], collector);
  }
  const document = (await exporter.get('/docs/json')).json();
  return { exporter, proxy, operations, check: new AnswerCheck(document as never) };
}

type Lane = Awaited<ReturnType<typeof start>>;

/** The lines of a page that are of one collector. */
function linesOf(exporter: Exporter, collector: string): string {
  const parts = exporter.app.rest.collections.current(collector, 'default')?.parts ?? [];
  return parts.map(({ bytes }) => bytes.toString()).join('');
}

const outcomes = new Map<string, number>();
const count = (name: string) => outcomes.set(name, (outcomes.get(name) ?? 0) + 1);

async function tryOne(
  { exporter, proxy, operations, check }: Lane,
  { collector, which, spoils, times }: Case,
) {
  const known = operations.get(collector) ?? [];
  // STS answers in XML: most changes do nothing there.
  const spoilt = which < 0.05 ? 'GetCallerIdentity' : (known[Math.floor(which * known.length)] ?? '');
  const before = linesOf(exporter, collector);
  // STS is asked again.
  exporter.clock.advance(20 * 60_000);
  // The day stays the same.
  if (exporter.clock.now() > Date.parse(`${TODAY}T22:00:00Z`)) exporter.clock.set(`${TODAY}T01:00:00Z`);
  const from = proxy.answers.length;
  let left = times;
  let changed = 0;
  proxy.spoil = (operation, body) => {
    if (operation !== spoilt || left === 0) return body;
    left--;
    const text = spoils.reduce((one, spoil) => spoil.apply(one), body);
    if (text !== body) changed++;
    return text;
  };
  const timer = AbortSignal.timeout(LONGEST_MS);
  const kind = await Promise.race([
    exporter.run(collector),
    new Promise<string>((resolve) => timer.addEventListener('abort', () => resolve('it hangs'))),
  ]);
  proxy.spoil = undefined;
  const answers = proxy.answers.slice(from);
  const { text } = await exporter.scrape();
  const page = parsePage(text);
  const view = await exporter.collector(collector);
  const told = `${collector}, ${spoilt}: ${kind}, ${view.state}, ${view.cause?.code} ${view.cause?.message ?? ''}`;
  assert.notEqual(kind, 'it hangs', told);
  if (changed > 0) count(`${collector}: ${view.cause?.code ?? view.state}`);
  // An account's number is text, is shown as AWS says it, and has a counter for as long as the process lives.
  const isAccount = (label: string) =>
    proxy.answers.some(({ body }) => body.includes(`"accountId":"${label}"`));
  const business = page.filter(({ name }) => /^aws_(?!cost_exporter)/.test(name));
  for (const { name, labels, value } of business) {
    assert.ok(Number.isFinite(value), `${told}: ${name} ${JSON.stringify(labels)} ${value}`);
    if (/_(count|risks|open|total)$/.test(name) && !name.endsWith('cost_total'))
      assert.ok(value >= 0, `${name} ${value}`);
    if (name === 'aws_wellarchitected_score') assert.ok(value >= 0 && value <= 100, `${name} ${value}`);
    assert.ok(
      !Object.values(labels).some((one) => /^(undefined|NaN|\[object)/.test(one) && !isAccount(one)),
      JSON.stringify(labels),
    );
  }
  for (const path of ['/ready', '/targets', ROUTES[collector]]) {
    assert.deepEqual(check.operation(path, await exporter.get(path)), [], `${told}: ${path}`);
  }
  if (kind === 'collected' && view.state === 'ok') {
    assert.deepEqual(unsupported(collector, page, answers, TODAY).slice(0, 3), [], told);
  } else if (kind === 'failed') {
    const code = view.cause?.code ?? '';
    assert.ok((CAUSES as readonly string[]).includes(code), told);
    // AWS itself refuses a request that was made from a spoilt answer.
    const refused = answers.some(({ status }) => status !== 200);
    if (!refused) assert.notEqual(code, 'error', told);
    assert.equal(linesOf(exporter, collector), before, `${told}: the figures stay`);
  }
  assert.deepEqual(rejections.splice(0), [], told);
  // Every case begins with the right figures.
  exporter.clock.advance(60_000);
  assert.equal(await exporter.run(collector), 'collected', `after ${told}`);
  assert.equal((await exporter.collector(collector)).state, 'ok', `after ${told}`);
}

t.test('answers of AWS, changed at random', async (t) => {
  const { seed, numRuns, path } = runsOf(t, 150);
  const lanes = await Promise.all(Array.from({ length: path === undefined ? LANES : 1 }, () => start(t)));
  const results = await Promise.all(
    lanes.map((lane, index) =>
      fc.check(
        fc.asyncProperty(anyCase, (one) => tryOne(lane, one)),
        {
          seed: seed + index,
          numRuns: Math.ceil(numRuns / lanes.length),
          ...(path === undefined ? {} : { path }),
        },
      ),
    ),
  );
  for (const [name, times] of [...outcomes].toSorted()) t.comment(`${name}: ${times}`);
  for (const result of results) {
    const { failed, counterexample, counterexamplePath, seed: own, errorInstance } = result;
    t.notOk(failed, `SEED=${own} FUZZ_PATH=${counterexamplePath}`, {
      case: JSON.stringify(counterexample, (key, value) => (key === 'apply' ? undefined : value)),
      why: String(errorInstance instanceof Error ? errorInstance.stack : errorInstance).slice(0, 4_000),
    });
  }
  for (const code of ['cost: invalid_response', 'forecast: invalid_response']) {
    t.ok((outcomes.get(code) ?? 0) > 0 || path !== undefined, code);
  }
  // Of cost alone one in a hundred is: no run has one for certain.
  t.ok(
    [...outcomes.keys()].some((outcome) => outcome.endsWith(': ok')) || path !== undefined,
    'some are accepted',
  );
});
