/** A simulated AWS in a process of its own, so that its work counts for nobody else. Started by `startAws`. */
import { generateBill, startSimulator } from '../../src/simulator/index.ts';
import type { BillShape } from './aws.ts';

const { accounts, services, pageSize } = JSON.parse(process.argv[2] ?? '{}') as BillShape;
const bill = (seed: number) => generateBill({ seed, today: new Date(), days: 46, accounts, services });

const simulator = await startSimulator({ bill: bill(1), ...(pageSize === undefined ? {} : { pageSize }) });
process.on('message', (seed: number) => {
  simulator.setBill(bill(seed));
  process.send?.({ seed });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ url: simulator.url });
