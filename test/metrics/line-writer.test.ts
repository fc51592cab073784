import { setImmediate } from 'node:timers/promises';
import { constants, crc32, inflateRawSync } from 'node:zlib';
import { Gauge, Registry } from '@prometheus-io/client';
import fc from 'fast-check';
import t from 'tap';
import type { Family, Sample } from '../../src/metrics/family.ts';
import { escapeLabelValue, formatValue, writePart } from '../../src/metrics/line-writer.ts';
import { anySamples, anyText, anyValue, linesOf, onPage, parseLine } from './helper.ts';

const family: Family = { name: 'aws_cost', type: 'gauge', help: 'Cost.', labels: ['service', 'account_id'] };

t.test('lines are the metrics library’s, for all that both can render', async () => {
  // The library merges series whose values contain `|`, and writes NUL and lone surrogates that no parser takes.
  const text = anyText.map((any) => onPage(any).replaceAll('|', '/'));
  await fc.assert(
    fc.asyncProperty(anySamples(2, text), async (samples) => {
      const registry = new Registry();
      const { name, help, labels } = family;
      const gauge = new Gauge<string>({ name, help, labelNames: [...labels], registers: [registry] });
      for (const [[service, account], value] of samples) {
        gauge.set({ service: service!, account_id: account! }, value);
      }
      const rendered = (await registry.metrics()).split('\n').slice(2, -1).join('\n');
      const part = await writePart(family, samples);
      return linesOf(part.bytes).join('\n') === rendered && part.series === samples.length;
    }),
  );
});

t.test('any label values and any value survive', async (t) => {
  await fc.assert(
    fc.asyncProperty(anySamples(2), async (samples) => {
      const { bytes } = await writePart(family, samples);
      t.strictSame(
        linesOf(bytes).map(parseLine),
        samples.map(([[service, account], value]) => ({
          name: 'aws_cost',
          labels: { service: onPage(service!), account_id: onPage(account!) },
          value: value === 0 ? 0 : value,
        })),
      );
    }),
  );
});

t.test('escapes by the format’s rules', async (t) => {
  t.equal(escapeLabelValue('a\\b\nc"d'), 'a\\\\b\\nc\\"d');
  t.equal(escapeLabelValue('\\n'), '\\\\n', 'a backslash and an n are not a newline');
  t.equal(escapeLabelValue('\ud800x\0\udc00😀'), '\ufffdx\ufffd\ufffd😀');
  t.equal(escapeLabelValue(' \r\t|,{}=#é'), ' \r\t|,{}=#é', 'nothing else is touched');
});

t.test('formats values as Prometheus reads them', async (t) => {
  t.equal(formatValue(Number.POSITIVE_INFINITY), '+Inf');
  t.equal(formatValue(Number.NEGATIVE_INFINITY), '-Inf');
  t.equal(formatValue(1e21), '1e+21');
  t.equal(formatValue(-0), '0');
  fc.assert(fc.property(anyValue, (value) => /^[+-]Inf$|^-?\d/.test(formatValue(value))));
});

t.test('a part says what it holds', async (t) => {
  const part = await writePart(family, [
    [['Amazon EC2', '1'], 1.5],
    [['é', '2'], -2],
  ]);
  const text = 'aws_cost{service="Amazon EC2",account_id="1"} 1.5\naws_cost{service="é",account_id="2"} -2\n';
  t.equal(part.bytes.toString(), text);
  t.equal(part.family, 'aws_cost');
  t.equal(part.series, 2);
  t.equal(part.crc, crc32(text));
  t.equal(inflateRawSync(part.deflated, { finishFlush: constants.Z_SYNC_FLUSH }).toString(), text);
  t.same(part.deflated.subarray(-4), Buffer.from([0, 0, 0xff, 0xff]), 'ends in a sync flush');
});

t.test('no labels, no samples', async (t) => {
  const plain: Family = { name: 'x', type: 'gauge', help: 'X.', labels: [] };
  t.equal((await writePart(plain, [[[], 1]])).bytes.toString(), 'x 1\n');
  t.match(await writePart(plain, []), { series: 0, crc: 0, bytes: Buffer.alloc(0) });
});

t.test('`|` and `,` inside values do not merge series', async (t) => {
  const part = await writePart(family, [
    [['a|b', 'c'], 1],
    [['a', 'b|c'], 2],
    [['a",account_id="b', 'c'], 3],
    [['a', 'b",account_id="c'], 4],
  ]);
  t.equal(new Set(linesOf(part.bytes).map((line) => JSON.stringify(parseLine(line).labels))).size, 4);
});

t.test('refuses what must never be on a page', async (t) => {
  const refused = (samples: Sample[], message: RegExp) =>
    t.rejects(writePart(family, samples), { name: 'TypeError', message });
  await refused([[['a', 'b'], Number.NaN]], /aws_cost\{service="a",account_id="b"\}: the value is NaN/);
  await refused([[['a'], 1]], /1 label values for 2 labels/);
  await refused([[['a', 'b', 'c'], 1]], /3 label values for 2 labels/);
  await refused(
    [
      [['a', 'b'], 1],
      [['a', 'c'], 1],
      [['a', 'b'], 2],
    ],
    /aws_cost\{service="a",account_id="b"\} is there twice/,
  );
  await refused(
    [
      [['\ud800', 'b'], 1],
      [['\ufffd', 'b'], 2],
    ],
    /is there twice/,
  );
  const bad = (change: Partial<Family>) => writePart({ ...family, ...change }, []);
  await t.rejects(bad({ name: '1x' }), TypeError);
  await t.rejects(bad({ type: 'counter' }), /ends in _total/);
  await t.rejects(bad({ labels: ['a', 'a'] }), /two labels/);
  await t.rejects(bad({ labels: ['__name__'] }), /not a label name/);
  await t.rejects(bad({ labels: ['a-b'] }), /not a label name/);
  await t.rejects(bad({ help: ' ' }), /help is empty/);
});

function* numbered(count: number): Generator<Sample> {
  for (let index = 0; index < count; index++) yield [[`service ${index}`, 'é"\\'], index / 7];
}

t.test('100,000 series: whole, and the event loop turns meanwhile', async (t) => {
  let turns = 0;
  let turnsAtEnd = 0;
  let done = false;
  function* noted(): Generator<Sample> {
    yield* numbered(100_000);
    turnsAtEnd = turns;
  }
  const writing = writePart(family, noted()).finally(() => {
    done = true;
  });
  while (!done) {
    turns += 1;
    await setImmediate();
  }
  const part = await writing;
  t.ok(turnsAtEnd > 3, `${turnsAtEnd} turns while the lines were written`);
  t.equal(part.series, 100_000);
  t.equal(part.crc, crc32(part.bytes));
  t.ok(inflateRawSync(part.deflated, { finishFlush: constants.Z_SYNC_FLUSH }).equals(part.bytes));
  const lines = linesOf(part.bytes);
  t.equal(lines.length, 100_000);
  t.ok(
    lines.every((line, index) => parseLine(line).labels.service === `service ${index}`),
    'every line in order',
  );
  t.equal(part.bytes.buffer.byteLength, part.bytes.length, 'keeps no more memory than its lines');
  t.ok(part.deflated.length < part.bytes.length / 5, `${part.deflated.length} bytes deflated`);
});

t.test('one part is written at a time, and one that fails holds up none', async (t) => {
  const begun: string[] = [];
  function* noted(name: string, samples: Iterable<Sample>): Generator<Sample> {
    begun.push(name);
    yield* samples;
    begun.push(`${name} read`);
  }
  const results = await Promise.allSettled([
    writePart(family, noted('first', numbered(20_000))),
    writePart(family, noted('bad', [[['x'], 1]])),
    writePart(family, noted('last', numbered(1))),
  ]);
  t.same(begun, ['first', 'first read', 'bad', 'last', 'last read']);
  t.same(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});
