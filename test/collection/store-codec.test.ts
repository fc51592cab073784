import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import {
  decode,
  encode,
  isNewer,
  MAX_STORED_BYTES,
  UnreadableSnapshot,
} from '../../src/collection/snapshot-codec.ts';
import { keptOn } from './store-helper.ts';

/** Any UTF-16 text, lone surrogates too. */
const text = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
});
const instant = fc
  .date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString());

t.test('every snapshot comes back as it went in', async () => {
  const kept = fc.record({
    confirmedAt: instant,
    snapshot: fc.record({
      schema: fc.integer(),
      collector: text,
      target: text,
      accountId: text,
      collectedAt: instant,
      requests: fc.nat(),
      fingerprint: text,
      partial: fc.boolean(),
      data: fc.oneof(fc.jsonValue({ stringUnit: 'binary' }), fc.dictionary(text, text), fc.array(text)),
    }),
  });
  await fc.assert(
    fc.asyncProperty(kept, async (one) => {
      const back = await decode(await encode(one));
      return (
        JSON.stringify(back) === JSON.stringify({ snapshot: one.snapshot, confirmedAt: one.confirmedAt })
      );
    }),
    { numRuns: 200 },
  );
});

t.test('what is not a whole snapshot of this format is refused', async (t) => {
  const good = await encode(keptOn(1));
  const value = JSON.parse(gunzipSync(good).toString());
  const packed = (change: object) => gzipSync(JSON.stringify({ ...value, ...change }));
  const bad: [string, Buffer, RegExp][] = [
    ['nothing', Buffer.alloc(0), /gzip/],
    ['text', Buffer.from('{"format":1}'), /gzip/],
    ['half', good.subarray(0, good.length / 2), /gzip/],
    [
      'a flipped bit',
      Buffer.from(good.map((byte, at) => (at === good.length - 12 ? byte ^ 1 : byte))),
      /gzip/,
    ],
    ['not JSON', gzipSync('{'), /JSON/],
    ['null', gzipSync('null'), /not a snapshot/],
    ['an older format', packed({ format: 0 }), /format 0, not 1/],
    ['a later format', packed({ format: 2 }), /format 2, not 1/],
    ['no snapshot', packed({ snapshot: undefined }), /not a snapshot/],
    ['no data', packed({ snapshot: { ...value.snapshot, data: undefined } }), /not a snapshot/],
    ['a number for a name', packed({ snapshot: { ...value.snapshot, target: 7 } }), /not a snapshot/],
    ['a broken date', packed({ confirmedAt: '2026-13-45T00:00:00Z' }), /no such date/],
    ['a local date', packed({ confirmedAt: '2026-03-01T00:00:00' }), /not a snapshot/],
    ['too many bytes', Buffer.alloc(MAX_STORED_BYTES + 1), /more than/],
  ];
  for (const [name, bytes, message] of bad) {
    await t.rejects(decode(bytes), { name: UnreadableSnapshot.name, message }, name);
  }
  t.same(await decode(good), keptOn(1));
});

t.test('newer is what was collected later, then what was confirmed later', async (t) => {
  const [first, second] = [keptOn(1), keptOn(2)];
  t.ok(isNewer(second, first));
  t.notOk(isNewer(first, second));
  t.notOk(isNewer(first, first));
  t.ok(isNewer({ ...first, confirmedAt: second.confirmedAt }, first));
  t.notOk(isNewer({ ...first, confirmedAt: '2027-01-01T00:00:00Z' }, second));
});
