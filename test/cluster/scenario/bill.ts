import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { generateBill, writeFocusFile } from '../../../src/simulator/index.ts';
import { ROOT } from '../../e2e/command.ts';

const SAMPLE = join(ROOT, '../shared/data/focus_1_0_aws_sample.csv.gz');

/**
 * The file of the bill that the run is about: `BILL` of the environment, else the sample, else a generated one, which ends at noon
 * of today.
 * @param folder where a generated one is written.
 */
export async function billFile(folder: string): Promise<string> {
  if (process.env.BILL) return process.env.BILL;
  if (existsSync(SAMPLE)) return SAMPLE;
  const file = join(folder, 'generated.csv.gz');
  const now = new Date();
  const noon = `${now.toISOString().slice(0, 10)}T12`;
  const rows = generateBill({ seed: 3, today: now, days: 70 });
  await writeFocusFile(
    file,
    rows.filter(({ ChargePeriodStart }) => ChargePeriodStart < noon),
  );
  return file;
}
