import fc from 'fast-check';
import { plusDays } from '../../acceptance/bill.ts';
import { TODAY } from '../../helper.ts';
import { ODD, type TaggedCharge } from './bill.ts';

/** The tag keys of arbitrary bills. */
export const KEYS = ['application', 'Cost$Center'] as const;

const value = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b') },
  { weight: 4, arbitrary: fc.constantFrom('', '\ud800', 'nul\u0000', 'nul\ufffd', ...ODD) },
  { weight: 1, arbitrary: fc.string({ maxLength: 200 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
);

/** Amounts as Cost Explorer writes them; few whole ones, so that some cancel each other. */
const cost = fc.oneof(
  fc.constantFrom('0', '1', '-1', '5', '-5', '1.23E-8', '0.0000300172'),
  fc
    .tuple(fc.integer({ min: -99_999_999, max: 99_999_999 }), fc.integer({ min: 0, max: 10 }))
    .map(([digits, shift]) => (digits / 10 ** shift).toFixed(shift)),
);

const charge: fc.Arbitrary<TaggedCharge> = fc.record({
  // The window is the last 30 days: some charges are before it, some of today.
  day: fc.integer({ min: -33, max: 0 }).map((days) => plusDays(TODAY, days)),
  service: fc.constantFrom('AWS Lambda', 'Tax', '__other__', 'untagged', 'say "hi", \\ $'),
  cost,
  tags: fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: KEYS.length }),
});

/** Any bill; never without a charge. */
export const anyCharges = fc.array(charge, { minLength: 1, maxLength: 40 });
