import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { Exposition, type Page } from '../../src/metrics/exposition.ts';
import type { Family } from '../../src/metrics/family.ts';
import { type Part, writePart } from '../../src/metrics/line-writer.ts';
import { anySamples, linesOf, writeParts } from './helper.ts';

const cost: Family = {
  name: 'aws_cost',
  type: 'gauge',
  help: 'Cost "so far",\nin \\dollars.',
  labels: ['service'],
};
const seen: Family = { name: 'aws_seen_total', type: 'counter', help: 'Seen.', labels: ['type'] };
const plain: Family = { name: 'aws_plain', type: 'gauge', help: 'Plain.', labels: [] };
const families = [cost, seen, plain];
const owners = ['cost/a', 'cost/b', 'tags/a'];
const live =
  '# HELP up_total Ups.\n# TYPE up_total counter\nup_total 1\n\n# HELP y Y.\n# TYPE y gauge\ny 2\n';

const heads = {
  text: [
    '# HELP aws_cost Cost "so far",\\nin \\\\dollars.\n# TYPE aws_cost gauge\n',
    '# HELP aws_seen_total Seen.\n# TYPE aws_seen_total counter\n',
    '# HELP aws_plain Plain.\n# TYPE aws_plain gauge\n',
  ],
  openmetrics: [
    '# HELP aws_cost Cost \\"so far\\",\\nin \\\\dollars.\n# TYPE aws_cost gauge\n',
    '# HELP aws_seen Seen.\n# TYPE aws_seen counter\n',
    '# HELP aws_plain Plain.\n# TYPE aws_plain gauge\n',
  ],
};
const liveIn = {
  text: live,
  openmetrics: '# HELP up Ups.\n# TYPE up counter\nup_total 1\n# HELP y Y.\n# TYPE y gauge\ny 2\n# EOF\n',
};

const bodyOf = (page: Page) => Buffer.concat(page.chunks);

/** What the page must be, from nothing but the parts. */
function expected(format: 'text' | 'openmetrics', published: ReadonlyMap<string, readonly Part[]>): string {
  const sections = families.map((family, index) => {
    const parts = owners.flatMap((owner) => published.get(owner) ?? []);
    const lines = parts.filter((part) => part.family === family.name).map(({ bytes }) => bytes.toString());
    return lines.join('') === '' ? '' : heads[format][index] + lines.join('');
  });
  return sections.join('') + liveIn[format];
}

const anyParts = fc.record({ cost: anySamples(1), seen: anySamples(1), plain: anySamples(0) });
const anySwaps = fc.array(fc.dictionary(fc.constantFrom(...owners), anyParts, { maxKeys: 3 }), {
  maxLength: 4,
});

t.test('random swaps: every page is what the parts say, in both formats and encodings', async (t) => {
  await fc.assert(
    fc.asyncProperty(anySwaps, async (swaps) => {
      const exposition = new Exposition(families, owners);
      const published = new Map<string, readonly Part[]>();
      for (const swap of [{}, ...swaps]) {
        const update = new Map<string, readonly Part[]>();
        for (const [owner, samples] of Object.entries(swap)) {
          const parts = await writeParts([
            [plain, samples.plain],
            [seen, samples.seen],
            [cost, samples.cost],
          ]);
          update.set(owner, parts);
          published.set(owner, parts);
        }
        exposition.swap(update);
        for (const format of ['text', 'openmetrics'] as const) {
          const identity = await exposition.page(format, 'identity', live);
          const gzip = await exposition.page(format, 'gzip', live);
          t.equal(bodyOf(identity).toString(), expected(format, published));
          // gunzip checks both the length and the checksum of the trailer.
          t.ok(gunzipSync(bodyOf(gzip)).equals(bodyOf(identity)));
          t.equal(identity.length, bodyOf(identity).length);
          t.equal(gzip.length, bodyOf(gzip).length);
        }
      }
    }),
    { numRuns: 30 },
  );
});

t.test('says what a page is', async (t) => {
  const exposition = new Exposition(families);
  const text = await exposition.page('text', 'identity', '');
  t.equal(text.contentType, 'text/plain; version=0.0.4; charset=utf-8');
  t.notOk('contentEncoding' in text);
  t.equal(text.length, 0, 'nothing published, nothing live: an empty page');
  const gzip = await exposition.page('openmetrics', 'gzip', '');
  t.equal(gzip.contentType, 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  t.equal(gzip.contentEncoding, 'gzip');
  t.equal(gunzipSync(bodyOf(gzip)).toString(), '# EOF\n');
});

async function numbered(family: Family, value: number, count = 3): Promise<Part> {
  return writePart(
    family,
    Array.from({ length: count }, (_, index) => [[`${index}`], value]),
  );
}

t.test('no page shows half of a swap', async (t) => {
  const exposition = new Exposition(families, owners);
  const both = async (value: number) =>
    new Map([
      ['cost/a', [await numbered(cost, value, 2_000), await numbered(seen, value)]],
      ['cost/b', [await numbered(cost, value)]],
    ]);
  const valuesOf = (page: Page) => {
    const body = page.contentEncoding === 'gzip' ? gunzipSync(bodyOf(page)) : bodyOf(page);
    return new Set(
      linesOf(body)
        .filter((line) => line.startsWith('aws_'))
        .map((line) => line.split(' ').at(-1)),
    );
  };
  exposition.swap(await both(0));
  const pending: Promise<Page>[] = [];
  for (let value = 1; value <= 20; value++) {
    const next = await both(value);
    // Asked for before the swap and finished after it.
    pending.push(exposition.page('text', 'gzip', live), exposition.page('openmetrics', 'gzip', live));
    exposition.swap(next);
    pending.push(exposition.page('text', 'identity', live));
  }
  const pages = await Promise.all(pending);
  t.ok(pages.every((page) => valuesOf(page).size === 1));
  t.same([...valuesOf(pages[0]!)], ['0'], 'a page is of the moment when it was asked for');
  t.same([...valuesOf(pages.at(-1)!)], ['20']);
});

t.test('owners are in the order given, the others in that of their first swap', async (t) => {
  const exposition = new Exposition([cost], ['one', 'two']);
  const part = async (value: number) => [await writePart(cost, [[[`of ${value}`], value]])];
  exposition.swap(new Map([['four', await part(4)]]));
  exposition.swap(
    new Map([
      ['three', await part(3)],
      ['two', await part(2)],
    ]),
  );
  exposition.swap(new Map([['one', await part(1)]]));
  exposition.swap(new Map([['four', await part(5)]]));
  const lines = linesOf(bodyOf(await exposition.page('text', 'identity', ''))).slice(2);
  t.same(
    lines.map((line) => line.split(' ').at(-1)),
    ['1', '2', '5', '3'],
  );
});

t.test('an owner may have several parts of a family; an empty list takes it off', async (t) => {
  const exposition = new Exposition(families);
  const part = async (key: string) => writePart(cost, [[[key], 1]]);
  exposition.swap(new Map([['tags/a', [await part('Name'), await part('Team')]]]));
  t.match(bodyOf(await exposition.page('text', 'identity', '')).toString(), /Name.*\n.*Team/);
  exposition.swap(new Map([['tags/a', []]]));
  t.equal((await exposition.page('text', 'identity', '')).length, 0);
});

t.test('a swap that cannot be is refused whole', async (t) => {
  const exposition = new Exposition([cost]);
  const before = await numbered(cost, 1);
  exposition.swap(new Map([['a', [before]]]));
  const update = new Map([
    ['a', [await numbered(cost, 2)]],
    ['b', [await numbered(seen, 2)]],
  ]);
  t.throws(() => exposition.swap(update), { name: 'TypeError', message: /aws_seen_total/ });
  const page = bodyOf(await exposition.page('text', 'identity', '')).toString();
  t.ok(page.endsWith(before.bytes.toString()));
});

t.test('what the caller does to its list later changes no page', async (t) => {
  const exposition = new Exposition(families);
  const parts = [await numbered(cost, 1)];
  exposition.swap(new Map([['a', parts]]));
  parts.push(await numbered(seen, 2));
  t.notMatch(bodyOf(await exposition.page('text', 'identity', '')).toString(), /aws_seen/);
});

t.test('families that would be one are refused', async (t) => {
  t.throws(() => new Exposition([cost, cost]), /two metric families are named aws_cost/);
  t.throws(
    () => new Exposition([seen, { ...plain, name: 'aws_seen' }]),
    /named aws_seen/,
    'in OpenMetrics only',
  );
  t.throws(() => new Exposition([{ ...plain, name: 'a b' }]), /not a metric name/);
});

t.test('large parts are neither copied nor kept twice', async (t) => {
  const exposition = new Exposition(families);
  const large = await numbered(cost, 0.125, 20_000);
  exposition.swap(new Map([['a', [large, await numbered(seen, 1)]]]));
  const text = await exposition.page('text', 'identity', live);
  t.ok(text.chunks.includes(large.bytes));
  const gzip = await exposition.page('openmetrics', 'gzip', live);
  t.ok(gunzipSync(bodyOf(gzip)).includes(large.bytes));
  const again = await exposition.page('text', 'identity', live);
  t.equal(again.chunks[0], text.chunks[0], 'laid out once for all scrapes');
});
