// AWS facts: the hub is in two partitions alone, Cost Explorer is not in GovCloud; money is in the bill's own currency.
import t from 'tap';
import {
  BILL,
  EXPLORER,
  HUB,
  passedOver,
  recommendations,
  sourcesOn,
  startOptimization,
} from '../plugins/optimization/exporter.ts';

t.test('in China: Cost Explorer, in its own region and currency', async (t) => {
  const exporter = await startOptimization(t, {
    enrolled: true,
    bill: BILL.map((row) => ({ ...row, BillingCurrency: 'CNY' })),
    env: { AWS_REGION: 'cn-north-1' },
  });
  t.same(await sourcesOn(exporter), [EXPLORER]);
  t.match(await recommendations(exporter), { source: EXPLORER, currency: 'CNY' });
  t.match(await passedOver(exporter), [{ part: HUB, cause: { code: 'not_enabled', message: /aws-cn/ } }]);
  const regions = new Set(exporter.sim.requests.map(({ region }) => region));
  t.same([...regions].toSorted(), ['cn-north-1', 'cn-northwest-1'], 'no other partition is asked');
});

t.test('in GovCloud there is nothing to ask: a state, not a failure', async (t) => {
  const exporter = await startOptimization(t, { enrolled: true, env: { AWS_REGION: 'us-gov-west-1' } });
  t.same(await sourcesOn(exporter), []);
  const view = await exporter.collector('optimization');
  t.ok(['not_enabled', 'no_data'].includes(view.state), view.state);
  const answer = await exporter.get('/recommendations');
  t.equal(answer.status, 200);
  t.match(answer.json(), { source: null, recommendations: [], reason: view.state });
  t.equal(exporter.paid(), 0);
});
