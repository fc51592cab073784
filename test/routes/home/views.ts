import type { Test } from 'tap';
import { billOf, type Charge, daysFrom, PAYER, plusDays } from '../../acceptance/bill.ts';
import { type Exporter, startExporter, TODAY } from '../../helper.ts';
import { eventually } from '../../servers/process.ts';

const LONG = `a-target-with-a-name-as-long-as-they-may-be-${'x'.repeat(15)}`;

/** One charge a day. */
function daily(cost: (day: string) => number, service = 'AWS Lambda'): Charge[] {
  const days = daysFrom('2026-09-01', plusDays(TODAY, 1));
  return days.map((day) => ({ day, service, account: PAYER, cost: cost(day) }));
}

const dayOfMonth = (day: string) => Number(day.slice(8));

/** Resolves once no collector of any target is still at its first attempt. */
async function attempted(exporter: Exporter): Promise<Exporter> {
  await eventually('every first attempt has ended', async () =>
    (await exporter.get('/targets')).text.includes('"pending"') ? undefined : true,
  );
  return exporter;
}

/** Everything that the page may have to show, by name: each starts an exporter that is in that state. */
export const VIEWS: Readonly<Record<string, (t: Test) => Promise<Exporter>>> = {
  'all is well': (t) => startExporter(t),
  'before the first success': (t) =>
    startExporter(t, { before: (sim) => sim.faults.add({ kind: 'hang' }), settle: false }),
  'failures beside kept figures': async (t) => {
    const exporter = await startExporter(t);
    exporter.clock.advance(3_600_000);
    exporter.sim.faults.add({ kind: 'deny' });
    for (const collector of ['cost', 'forecast', 'tags']) await exporter.run(collector);
    return exporter;
  },
  'several targets': async (t) => {
    const configFile = `targets:
      - {name: production}
      - {name: ${LONG}, roleArn: "arn:aws:iam::222222222222:role/r", spendBudgetUsd: 0.2}
      - {name: reviews, roleArn: "arn:aws:iam::999999999999:role/r", capabilities: [well-architected]}`;
    return attempted(await startExporter(t, { configFile, settle: false }));
  },
  'no credentials': (t) => {
    const credentials = async () => {
      throw Object.assign(new Error('none'), { name: 'CredentialsProviderError' });
    };
    return startExporter(t, { app: { credentials } });
  },
  'no budget': async (t) =>
    attempted(await startExporter(t, { env: { AWS_SPEND_BUDGET_USD: '0.01' }, settle: false })),
  'a day of credits': (t) =>
    startExporter(t, {
      bill: billOf(daily((day) => (day === '2026-11-10' ? -1250.5 : 100 + 11 * dayOfMonth(day)))),
    }),
  'an empty bill': (t) => startExporter(t, { bill: [] }),
  'twenty services of long names, and much money': (t) => {
    const services = Array.from({ length: 20 }, (_, index) =>
      daily(
        (day) => 1e6 + 1e3 * index * dayOfMonth(day),
        `${index} A service with a name that nobody thought would ever be this long`,
      ),
    );
    return startExporter(t, { bill: billOf(services.flat()) });
  },
  'another currency': (t) =>
    startExporter(t, {
      bill: billOf(
        daily((day) => 123456789 + 1e6 * dayOfMonth(day)),
        'JPY',
      ),
    }),
  'hardly any money': (t) => startExporter(t, { bill: billOf(daily((day) => 4e-4 * dayOfMonth(day))) }),
};
