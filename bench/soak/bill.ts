import { startSimulator } from '../../src/simulator/index.ts';
import { numberedBill } from '../../test/e2e/numbered-bill.ts';

/**
 * A process of its own: a simulated AWS whose bill's every charge costs the same number, so that each figure tells which bill it is of.
 * It is told the number (and says when that is in force); it says its address once.
 */
const [services = '', accounts = ''] = process.argv.slice(2);
const today = new Date();

function billOf(number: number) {
  const bill = numberedBill({
    number,
    today,
    days: 75,
    services: Number(services),
    accounts: Number(accounts),
  });
  // A tenth of the accounts for each team.
  return bill.map((row) => ({ ...row, Tags: { team: `team ${Number(row.SubAccountId) % 10}` } }));
}

const simulator = await startSimulator({ bill: billOf(1) });
process.on('message', (number: number) => {
  simulator.setBill(billOf(number));
  process.send?.({ number });
});
process.on('disconnect', () => process.exit());
process.send?.({ url: simulator.url });
