// A recommendation is counted once in its life; what is remembered for that is bounded.
import fc from 'fast-check';
import t from 'tap';
import type { Recommendation, Seen, Source } from '../../../plugins/optimization/model.ts';
import { countNew as countFound } from '../../../plugins/optimization/seen.ts';

const THRESHOLDS = { high: 100, medium: 10 };

/** A recommendation for a resource. */
const of = (resource: string, more: Partial<Recommendation> = {}): Recommendation => ({
  type: 'Rightsize',
  category: 'Ec2Instance',
  resource,
  product: null,
  region: 'us-east-1',
  account: '111111111111',
  savings: 50,
  cost: 80,
  effort: null,
  restart: null,
  rollback: null,
  generatedAt: null,
  ...more,
});

const countNew = (
  before: Seen | undefined,
  recommendations: readonly Recommendation[],
  thresholds: typeof THRESHOLDS,
  max?: number,
) => countFound(before, { source: 'cost-optimization-hub', recommendations }, thresholds, max);

const total = ({ counts }: Seen) => counts.reduce((sum, { count }) => sum + count, 0);

t.test('account, resource, type and category make it another one; nothing else does', (t) => {
  const first = countNew(undefined, [of('i-1')], THRESHOLDS);
  t.equal(total(first), 1);
  const same = [
    of('i-1', { savings: 5_000 }),
    of('i-1', { cost: 1, region: 'eu-central-1' }),
    of('i-1', { effort: 'High', restart: true, rollback: true }),
  ];
  for (const recommendation of same) t.equal(total(countNew(first, [recommendation], THRESHOLDS)), 1);
  const others = [
    of('i-2'),
    of('i-1', { account: '222222222222' }),
    of('i-1', { type: 'Stop' }),
    of('i-1', { category: 'EbsVolume' }),
  ];
  for (const recommendation of others) t.equal(total(countNew(first, [recommendation], THRESHOLDS)), 2);
  t.end();
});

t.test('it is counted under the priority that it had when it was first seen', (t) => {
  const list = [of('a', { savings: 100 }), of('b', { savings: 99.99 }), of('c', { savings: 9.99 })];
  const seen = countNew(undefined, list, THRESHOLDS);
  t.same(
    seen.counts.map(({ priority, count }) => [priority, count]),
    [
      ['high', 1],
      ['medium', 1],
      ['low', 1],
    ],
  );
  const later = countNew(seen, [of('a', { savings: 1 }), of('c', { savings: 1_000 })], THRESHOLDS);
  t.same(later.counts, seen.counts);
  t.end();
});

t.test('identities do not run into each other', (t) => {
  const list = [
    of('ab', { type: 'c' }),
    of('a', { type: 'bc' }),
    of('a","b', { type: 'c' }),
    of('', { type: 'abc' }),
    of('a,b', { type: 'c' }),
  ];
  t.equal(total(countNew(undefined, list, THRESHOLDS)), list.length);
  t.end();
});

t.test('it does not change what it was given', (t) => {
  const before = countNew(undefined, [of('i-1')], THRESHOLDS);
  const copy = structuredClone(before);
  countNew(before, [of('i-2')], THRESHOLDS);
  t.same(before, copy);
  t.end();
});

t.test('what is remembered is bounded; what was not seen for the longest time is forgotten', (t) => {
  let seen = countNew(undefined, [of('1'), of('2'), of('3')], THRESHOLDS, 3);
  // Seen again, the first is younger than the second.
  seen = countNew(seen, [of('1')], THRESHOLDS, 3);
  seen = countNew(seen, [of('4')], THRESHOLDS, 3);
  t.equal(seen.identities.length, 3);
  t.equal(total(seen), 4);
  t.equal(total(countNew(seen, [of('1'), of('3'), of('4')], THRESHOLDS, 3)), 4, 'those are remembered');
  t.equal(total(countNew(seen, [of('2')], THRESHOLDS, 3)), 5, 'the second is not');
  t.end();
});

t.test('what is open now is not forgotten, however much it is', (t) => {
  const open = Array.from({ length: 10 }, (_, number) => of(`i-${number}`));
  let seen: Seen | undefined;
  for (let run = 0; run < 3; run++) seen = countNew(seen, open, THRESHOLDS, 4);
  t.equal(seen && total(seen), 10, 'no collection counts it again');
  t.end();
});

t.test('any course of collections counts each recommendation once', (t) => {
  const some = fc.array(
    fc.record({ resource: fc.constantFrom('a', 'b', 'c', ''), type: fc.constantFrom('x', 'y') }),
  );
  fc.assert(
    fc.property(fc.array(some), (runs) => {
      let seen: Seen | undefined;
      const known = new Set<string>();
      for (const run of runs) {
        seen = countNew(
          seen,
          run.map(({ resource, type }) => of(resource, { type })),
          THRESHOLDS,
        );
        for (const { resource, type } of run) known.add(`${resource}/${type}`);
        if (total(seen) !== known.size) return false;
      }
      return true;
    }),
  );
  t.pass('it holds');
  t.end();
});

/** A commitment, as a source words it. */
const commitment = (resource: string, more: Partial<Recommendation> = {}) =>
  of(resource, {
    type: 'PurchaseReservedInstances',
    category: 'RdsReservedInstances',
    product: 'db.m5.large',
    ...more,
  });

type Run = readonly [source: Source, ...recommendations: Recommendation[]];

/** Collections one after the other, by source. */
const course = (...runs: readonly Run[]) =>
  runs.reduce<Seen | undefined>(
    (seen, [source, ...recommendations]) => countFound(seen, { source, recommendations }, THRESHOLDS),
    undefined,
  );

t.test('commitments: AWS names no resource, what it says of them tells them apart', (t) => {
  const [hub, explorer] = ['cost-optimization-hub', 'cost-explorer'] as const;
  const both = [commitment('db.m5.large MySQL'), commitment('db.m5.large Oracle')];
  const counted = (...runs: readonly Run[]) => {
    const seen = course(...runs);
    return seen && total(seen);
  };
  t.equal(counted([explorer, ...both]), 2, 'both are counted');
  t.equal(counted([explorer, ...both], [explorer, ...both.toReversed()]), 2, 'in any order');
  t.equal(counted([explorer, both[0]!], [explorer, both[1]!]), 2, 'one after the other');
  t.equal(counted([explorer, ...both], [explorer, both[1]!], [explorer, both[0]!]), 2, 'none twice');
  const alike = [commitment(''), commitment('', { savings: 1 })];
  t.equal(counted([hub, ...alike]), 2, 'alike in all but the amounts');
  t.equal(counted([hub, ...alike], [hub, ...alike.toReversed()]), 2);
  t.equal(
    counted([hub, commitment('')], [explorer, both[0]!]),
    1,
    'what two sources call differently is one',
  );
  t.equal(counted([hub, commitment('')], [explorer, ...both]), 2, 'one for one');
  t.equal(
    counted([hub, ...alike], [explorer, ...both], [hub, ...alike], [explorer, ...both]),
    2,
    'and back again',
  );
  t.equal(
    counted([hub, commitment('')], [explorer, commitment('', { product: 'db.m5.xlarge' })]),
    2,
    'another product is another one',
  );
  t.equal(counted([hub, commitment('')], [explorer, commitment('', { region: 'eu-central-1' })]), 2);
  t.end();
});
