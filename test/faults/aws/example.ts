import { startCosts } from '../../helper.ts';
import type { FaultRow } from '../matrix.ts';

export const rows: readonly FaultRow[] = [
  {
    id: 'aws/throttled-then-answered',
    fault: 'GetCostAndUsage answers ThrottlingException twice',
    expected: 'It is tried again within the collection.',
    async run({ t, fired, state, figures, message }) {
      const { sim, run, metrics, collector } = await startCosts(t);
      const before = await metrics();
      sim.faults.add({ kind: 'throttle', operation: 'GetCostAndUsage', times: 2 });
      t.equal(await run('cost'), 'collected');
      fired('ThrottlingException', sim.requests.filter(({ fault }) => fault === 'throttle').length);
      const page = await metrics();
      t.equal(page.businessText(), before.businessText());
      figures('unchanged');
      const view = await collector('cost');
      t.equal(view.state, 'ok');
      state(`cost ${view.state}`);
      message('none');
    },
  },
];
