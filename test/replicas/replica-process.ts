/**
 * A replica as a process of its own, to be paused and killed. Prints a JSON line whenever what it believes changes, and at
 * least every 50 ms: `{held, exposes, said}`, where `said` is what the ledger says to a page that is to be bought.
 *
 * Arguments: the port of Redis on loopback.
 */
import { openReplica } from './helper.ts';

const replica = openReplica({ teardown: () => {}, pass: () => {} }, { port: Number(process.argv[2]) });
await replica.start();
const buyer = { target: 'default', collector: 'cost' };

function report(said: string): void {
  const line = { held: replica.leases.holds('default'), exposes: replica.leases.exposes(), said };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function work(): Promise<void> {
  const said = await replica.ledger.authorize(buyer, 'GetCostAndUsage').then(
    () => 'ok',
    (error: { code?: string }) => error.code ?? 'error',
  );
  report(said);
  setTimeout(work, 50);
}

process.once('SIGTERM', () => {
  void replica.stop().then(() => process.exit(0));
});
await work();
