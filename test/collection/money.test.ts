import assert from 'node:assert/strict';
import { Value } from '@sinclair/typebox/value';
import { Decimal as Decimals } from 'decimal.js';
import fc from 'fast-check';
import t from 'tap';
import { Amount, Sum, sumOf } from '../../src/collection/money.ts';

const Decimal = Decimals.clone({ precision: 400 });
const amount = fc.oneof(
  fc.double({ min: -1e9, max: 1e9, noNaN: true }),
  fc.constantFrom(0, -0, 1e9, -1e9, 1e-10, -1e-10, 0.1, 0.2, 0.0000300172),
);

function exact(amounts: readonly number[]): number {
  return amounts.reduce((sum, one) => sum.plus(one), new Decimal(0)).toNumber();
}

t.test('a sum is that of exact decimals to 1e-6', async (t) => {
  fc.assert(
    fc.property(fc.array(amount, { maxLength: 200 }), (amounts) => {
      assert.ok(Math.abs(sumOf(amounts) - exact(amounts)) <= 1e-6);
    }),
  );
  t.equal(sumOf([]), 0);
  t.equal(sumOf([1e16, 1, -1e16]), 1, 'small amounts survive large ones');
  t.equal(sumOf(Array.from({ length: 1_000_000 }, () => 0.1)), 100_000, 'a million of a dime');
});

t.test('however the amounts are grouped, the parts sum up to the whole', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(amount, fc.nat(5)), { maxLength: 200 }), (entries) => {
      const groups = Map.groupBy(entries, ([, group]) => group);
      const parts = [...groups.values()].map((some) => sumOf(some.map(([one]) => one)));
      assert.ok(Math.abs(sumOf(parts) - sumOf(entries.map(([one]) => one))) <= 1e-6);
    }),
  );
  t.pass();
});

t.test('zero is never negative', async (t) => {
  t.ok(Object.is(sumOf([-0]), 0));
  t.ok(Object.is(sumOf([1, -1]), 0));
  t.ok(Object.is(new Sum().value, 0));
});

t.test('amounts as AWS writes them, and nothing else', async (t) => {
  for (const text of [
    '0',
    '-0',
    '12',
    '-12.5',
    '0.0000300172',
    '1.23E-8',
    '-1.23e+8',
    '+4',
    '.5',
    '5.',
    '1e3',
  ]) {
    t.ok(Value.Check(Amount, text), text);
    t.equal(Number(text), new Decimal(text).toNumber());
  }
  for (const text of [
    '',
    ' ',
    '.',
    '-',
    'e5',
    '1e',
    '1,000',
    '1 ',
    ' 1',
    '1\n',
    '0x1',
    'NaN',
    '1E999',
    // Two of them are infinite.
    '1e308',
    '-1e308',
    'Infinity',
    '1e5.5',
    '--1',
    '1.2.3',
    '１',
  ]) {
    t.notOk(Value.Check(Amount, text), JSON.stringify(text));
  }
  fc.assert(
    fc.property(fc.double({ min: -1e300, max: 1e300, noNaN: true }), (value) =>
      Value.Check(Amount, String(value)),
    ),
  );
});
