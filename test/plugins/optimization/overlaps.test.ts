// What can be saved in all, overlaps counted once, where AWS does not say it.
import fc from 'fast-check';
import t from 'tap';
import type { Recommendation } from '../../../plugins/optimization/model.ts';
import { withoutOverlaps } from '../../../plugins/optimization/overlaps.ts';

const of = (
  type: string,
  category: string,
  savings: number,
  { resource = '', account = '111111111111' } = {},
): Recommendation => ({
  type,
  category,
  resource,
  product: null,
  region: null,
  account,
  savings,
  cost: null,
  effort: null,
  restart: null,
  rollback: null,
  generatedAt: null,
});

const stop = (resource: string, savings: number, account?: string) =>
  of('Stop', 'Ec2Instance', savings, { resource, ...(account && { account }) });
const plans = (savings: number, category = 'ComputeSavingsPlans') =>
  of('PurchaseSavingsPlans', category, savings);
const reserve = (category: string, savings: number, resource = '') =>
  of('PurchaseReservedInstances', category, savings, { resource });

const CASES: Readonly<Record<string, readonly [total: number, ...Recommendation[]]>> = {
  nothing: [0],
  'two resources': [30, stop('i-1', 10), stop('i-2', 20)],
  'one resource, several ways': [
    20,
    stop('i-1', 20),
    of('Rightsize', 'Ec2Instance', 10, { resource: 'i-1' }),
    of('MigrateToGraviton', 'Ec2Instance', 5, { resource: 'i-1' }),
  ],
  'one id in two accounts': [30, stop('i-1', 10), stop('i-1', 20, '222222222222')],
  'Savings Plans against reservations of the same instances': [
    50,
    plans(50),
    reserve('Ec2ReservedInstances', 20, 'm5.large us-east-1'),
    reserve('Ec2ReservedInstances', 20, 'm5.xlarge us-east-1'),
  ],
  'the reservations together are more': [
    60,
    plans(50),
    reserve('Ec2ReservedInstances', 30, 'm5.large'),
    reserve('Ec2ReservedInstances', 30, 'm5.xlarge'),
  ],
  'two kinds of Savings Plans': [50, plans(50), plans(40, 'Ec2InstanceSavingsPlans')],
  'a commitment against what is done to instances, over all accounts': [
    50,
    plans(50),
    stop('i-1', 10),
    stop('i-2', 20, '222222222222'),
  ],
  'functions, tasks and groups of instances are compute too': [
    50,
    plans(50),
    of('Rightsize', 'LambdaFunction', 1, { resource: 'f' }),
    of('Rightsize', 'EcsService', 2, { resource: 's' }),
    of('Rightsize', 'Ec2AutoScalingGroup', 3, { resource: 'g' }),
  ],
  'kinds of usage add up': [
    175,
    plans(50),
    stop('i-1', 10),
    of('Rightsize', 'RdsDbInstance', 70, { resource: 'db' }),
    reserve('RdsReservedInstances', 60),
    reserve('ElastiCacheReservedInstances', 20),
    of('Rightsize', 'ElastiCacheCluster', 15, { resource: 'c' }),
    reserve('RedshiftReservedInstances', 10),
    reserve('OpenSearchReservedInstances', 20),
    of('Delete', 'EbsVolume', 5, { resource: 'v' }),
  ],
};

for (const [what, [total, ...list]] of Object.entries(CASES)) {
  t.test(what, (t) => {
    t.equal(withoutOverlaps(list), total);
    t.equal(withoutOverlaps(list.toReversed()), total, 'in any order');
    t.end();
  });
}

t.test('less than the sum wherever two compete, never less than the greatest', (t) => {
  const COMPUTE = ['ComputeSavingsPlans', 'Ec2InstanceSavingsPlans', 'Ec2ReservedInstances'];
  const savings = fc.integer({ min: 1, max: 1_000 });
  const competing = fc.uniqueArray(fc.constantFrom(...COMPUTE, 'Ec2Instance'), {
    minLength: 2,
    maxLength: 4,
  });
  const compute = competing.chain((categories) =>
    fc.tuple(
      ...categories.map((category) =>
        fc.array(savings, { minLength: 1, maxLength: 4 }).map((amounts) =>
          amounts.map((amount, number) =>
            of(category === 'Ec2Instance' ? 'Rightsize' : 'PurchaseIt', category, amount, {
              resource: `${category} ${number}`,
            }),
          ),
        ),
      ),
    ),
  );
  const others = fc.array(
    fc.tuple(fc.constantFrom('EbsVolume', 'NatGateway', 'RdsReservedInstances'), savings),
  );
  fc.assert(
    fc.property(compute, others, (parts, rest) => {
      const list = [
        ...parts.flat(),
        ...rest.map(([category, amount], number) =>
          of('Delete', category, amount, { resource: `${number}` }),
        ),
      ];
      const sum = list.reduce((all, item) => all + item.savings, 0);
      const total = withoutOverlaps(list);
      const greatest = Math.max(...list.map((item) => item.savings));
      return total < sum && total >= greatest;
    }),
  );
  t.pass('it holds');
  t.end();
});
