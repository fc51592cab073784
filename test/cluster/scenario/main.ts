/**
 * Runs inside the cluster: every promise of the image and of the chart, in turn. A part that fails does not keep the others from being
 * tried, but for what they all stand on. Exit code 1 where any has failed.
 */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { chartImage } from '../image.ts';
import { Report } from '../report.ts';
import { background } from './background.ts';
import { billFile } from './bill.ts';
import type { Context } from './context.ts';
import { defaultValues } from './default-values.ts';
import { ctr } from './kubectl.ts';
import { type Monitoring, startMonitoring } from './monitoring.ts';
import { API_PORT } from './replicas.ts';
import { startSimulator } from './simulator.ts';

const { RESULTS = '', IMAGES = '', WORK = '', KUBECTL = '' } = process.env;

async function prepare(report: Report): Promise<Context> {
  const bill = await billFile(WORK);
  let monitoring: Monitoring | undefined;
  await background('kubectl-proxy', join(KUBECTL, 'kubectl'), ['proxy', `--port=${API_PORT}`]);
  await report.step('load the image', async () => {
    for (const archive of await readdir(IMAGES)) await ctr('images', 'import', join(IMAGES, archive));
    return chartImage();
  });
  await report.step('simulator in place of AWS', async () => {
    await startSimulator(await chartImage(), bill);
    return basename(bill);
  });
  await report.step('prometheus-operator and Prometheus', async () => {
    monitoring = await startMonitoring();
    return undefined;
  });
  if (monitoring === undefined) throw new Error('no monitoring');
  return { report, bill, monitoring };
}

const context = await prepare(new Report(RESULTS));
for (const part of [defaultValues]) {
  try {
    await part(context);
  } catch (error) {
    // The report has it.
    process.exitCode = 1;
    if (!(error instanceof Error)) throw error;
  }
}
