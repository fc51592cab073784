import { Decimal } from 'decimal.js';
import { type Charge, tagLabel } from './bill.ts';
import { type Expectation, type Known, ofTarget } from './expected.ts';

const ZERO = new Decimal(0);
const keyOf = ({ choice }: Known) => choice.tag_key?.[0] ?? '';

const byValue = (known: Known, key = keyOf(known)) =>
  [...known.whole.sums(known.whole.window, (charge) => tagLabel(charge, key))].map(([value, sum]) => ({
    labels: { tag_key: key, tag_value: value },
    sum,
  }));

const byValueAndService = (known: Known) => {
  const key = keyOf(known);
  const narrowed = known.whole.only(undefined, known.choice.service);
  const found = narrowed.sums(narrowed.window, (charge) =>
    JSON.stringify([tagLabel(charge, key), charge.service]),
  );
  return [...found].map(([pair, sum]) => {
    const [value = '', service = ''] = JSON.parse(pair) as string[];
    return { labels: { tag_key: key, tag_value: value, service }, sum };
  });
};

/** Without the name of the account: tables show its number. */
const unnamed = (map: ReadonlyMap<string, number>) =>
  new Map(
    [...map].map(([key, value]) => [
      JSON.stringify((JSON.parse(key) as [string, string][]).filter(([label]) => label !== 'account_name')),
      value,
    ]),
  );

const untagged = (known: Known, key: string) => {
  const total = known.whole.total(known.whole.window);
  const without = byValue(known, key).find(({ labels }) => labels.tag_value === 'untagged')?.sum ?? ZERO;
  // A share: credits make it neither negative nor more than all.
  return [{ tag_key: key }, Decimal.min(1, Decimal.max(0, without.div(total)))] as const;
};

const ratios: Expectation = (known) => ({
  rows: ofTarget(
    known,
    known.tags.tags.map(({ key }) => untagged(known, key)),
  ),
});

const ofKey = (known: Known) => known.tags.tags.find(({ key }) => key === keyOf(known));
const resources = (known: Known) =>
  (ofKey(known)?.values ?? []).flatMap(({ value, resources: count }) =>
    count === null
      ? []
      : [
          {
            labels: {
              tag_key: keyOf(known),
              tag_value: tagLabel(
                { tags: { [keyOf(known)]: value ?? '' } } as unknown as Charge,
                keyOf(known),
              ),
            },
            count,
          },
        ],
  );

const valueRows = (known: Known) =>
  ofTarget(
    known,
    byValue(known).map(({ labels, sum }) => [labels, sum]),
  );

/** The queries of the tags' panels. */
export const tags: Readonly<Record<string, readonly Expectation[]>> = {
  'Untagged share, $tag_key': [(known) => ({ rows: ofTarget(known, [untagged(known, keyOf(known))]) })],
  'Untagged cost, $tag_key': [
    (known) => ({
      rows: ofTarget(
        known,
        byValue(known).flatMap(({ labels, sum }) => (labels.tag_value === 'untagged' ? [[labels, sum]] : [])),
      ),
      zeros: 'free',
    }),
  ],
  'Tagged resources, $tag_key': [
    (known) => ({
      rows: ofTarget(known, [[{}, resources(known).reduce((sum, { count }) => sum + count, 0)]]),
    }),
  ],
  'Counts that are estimates': [
    (known) => ({
      rows: ofTarget(known, [[{ tag_key: keyOf(known) }, ofKey(known)?.resourcesEstimated ? 1 : 0]]),
    }),
  ],
  'Untagged share of every tag key': [ratios],
  'Untagged cost by service, $tag_key': [
    (known) => ({
      rows: ofTarget(
        known,
        byValueAndService(known).flatMap(({ labels, sum }) =>
          labels.tag_value === 'untagged' ? [[labels, sum]] : [],
        ),
      ),
      top: 10,
      zeros: 'free',
    }),
  ],
  'Cost by value of $tag_key': [(known) => ({ rows: valueRows(known), top: 20, zeros: 'free' })],
  'Values of $tag_key': [
    (known) => ({ rows: unnamed(valueRows(known)), zeros: 'free' }),
    (known) => {
      const total = Number(known.whole.total(known.whole.window));
      return {
        rows: new Map([...unnamed(valueRows(known))].map(([key, sum]) => [key, sum / total])),
        zeros: 'free',
      };
    },
    (known) => ({
      rows: unnamed(
        ofTarget(
          known,
          resources(known).map(({ labels, count }) => [labels, count]),
        ),
      ),
    }),
  ],
  'Values of $tag_key by service': [
    (known) => ({
      rows: unnamed(
        ofTarget(
          known,
          byValueAndService(known).map(({ labels, sum }) => [labels, sum]),
        ),
      ),
      top: 100,
      zeros: 'free',
    }),
  ],
  'Untagged share over time': [ratios],
};
