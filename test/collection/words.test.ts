import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { labelValue, OTHER, UNTAGGED, wellFormed } from '../../src/collection/words.ts';

const word = fc.oneof(
  fc
    .tuple(fc.nat(3), fc.constantFrom(UNTAGGED, OTHER, 'other', ''), fc.nat(3))
    .map(([before, middle, after]) => '"'.repeat(before) + middle + '"'.repeat(after)),
  fc.string({ unit: fc.constantFrom('"', '_', 'u', 'n', '\n') }),
  fc.string({ unit: 'binary' }),
);

t.test('two values never become one, and none becomes a reserved word', async (t) => {
  fc.assert(
    fc.property(word, word, (one, other) => {
      assert.equal(labelValue(one) === labelValue(other), one === other);
      assert.ok(![UNTAGGED, OTHER].includes(labelValue(one)));
    }),
    { numRuns: 2_000 },
  );
  t.pass();
});

t.test('reserved words get a pair of quotes more, whatever pairs enclose them; others stay', async (t) => {
  for (const reserved of [UNTAGGED, OTHER]) {
    for (let pairs = 0; pairs < 5; pairs++) {
      const quotes = '"'.repeat(pairs);
      t.equal(labelValue(quotes + reserved + quotes), `"${quotes}${reserved}${quotes}"`);
    }
    for (const other of [
      `"${reserved}`,
      `${reserved}"`,
      `""${reserved}"`,
      ` ${reserved}`,
      reserved.toUpperCase(),
      `${reserved}\n`,
    ]) {
      t.equal(labelValue(other), other);
    }
  }
  for (const other of ['', '"', '""', 'AmazonCloudWatch']) t.equal(labelValue(other), other);
});

t.test('text becomes well-formed: lone surrogates and NUL are U+FFFD, the rest stays', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (units) => {
      const text = wellFormed(String.fromCharCode(...units));
      assert.ok(text.isWellFormed() && !text.includes('\0'));
      assert.equal(text.length, units.length);
      assert.equal(wellFormed(text), text);
    }),
  );
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => wellFormed(text) === text));
  t.equal(wellFormed('a\ud800b\0c\udc00\ud83d\ude00'), 'a\ufffdb\ufffdc\ufffd\ud83d\ude00');
});
