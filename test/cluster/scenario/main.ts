/**
 * Runs inside the cluster: every promise of the image and of the chart, in turn. A part that fails does not keep the others from being
 * tried, but for what they all stand on. Exit code 1 where any has failed.
 */
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chartImage } from '../image.ts';
import { describe, Report } from '../report.ts';
import { background } from './background.ts';
import { billFile } from './bill.ts';
import { closed } from './closed.ts';
import type { Context } from './context.ts';
import { installDefaults, scrapeDefaults } from './default-values.ts';
import { fullInstall } from './full-install.ts';
import { loadImages } from './images.ts';
import { leaderChanges } from './leader.ts';
import { type Monitoring, startMonitoring } from './monitoring.ts';
import { networkPolicies } from './network-policy.ts';
import { allObjects } from './objects.ts';
import { onePod } from './one-pod.ts';
import { API_PORT } from './replicas.ts';
import { startSimulator } from './simulator.ts';
import { createVolume } from './storage.ts';
import { uninstalls } from './uninstall.ts';
import { upgrades } from './upgrade.ts';

const DAY_MS = 86_400_000;
/** Longer than the scenario takes. */
const LONGEST_MS = 12 * 60_000;

const { RESULTS = '', IMAGES = '', WORK = '', KUBECTL = '' } = process.env;

async function prepare(report: Report): Promise<Context> {
  const bill = await billFile(WORK);
  let monitoring: Monitoring | undefined;
  await background('kubectl-proxy', join(KUBECTL, 'kubectl'), ['proxy', `--port=${API_PORT}`]);
  await report.step('load the image', async () => {
    await loadImages(IMAGES, WORK);
    return chartImage();
  });
  await report.step('simulator in place of AWS', async () => {
    await startSimulator(await chartImage(), bill);
    return basename(bill);
  });
  await createVolume();
  await report.step('prometheus-operator and Prometheus', async () => {
    monitoring = await startMonitoring();
    return undefined;
  });
  if (monitoring === undefined) throw new Error('no monitoring');
  return { report, bill, monitoring };
}

/** Runs parts one after the other; what fails outside of a step becomes one. */
async function inTurn(
  context: Context,
  parts: readonly ((context: Context) => Promise<void>)[],
): Promise<void> {
  for (const part of parts) {
    try {
      await part(context);
    } catch (error) {
      process.exitCode = 1;
      const told = context.report.steps.some(({ failure }) => failure === describe(error));
      if (!told)
        await context.report.step(part.name || 'scenario', () => Promise.reject(error)).catch(() => {});
    }
  }
}

/** A bill's figures are another day's after midnight (UTC): a run that would cross it begins after it. */
async function passMidnight(report: Report): Promise<void> {
  const left = DAY_MS - (Date.now() % DAY_MS);
  if (left > LONGEST_MS) return;
  await report.step('wait for midnight (UTC)', async () => {
    await sleep(left + 1_000);
    return undefined;
  });
}

await passMidnight(new Report(RESULTS));
const context = await prepare(new Report(RESULTS));
const before = await allObjects();
await inTurn(context, [installDefaults]);
// Two minutes go by until the first scrape at the chart's own interval.
await Promise.all([
  inTurn(context, [scrapeDefaults]),
  inTurn(context, [fullInstall, networkPolicies, leaderChanges, onePod, closed, upgrades]),
]);
await inTurn(context, [(all) => uninstalls(all, before)]);
process.exit();
