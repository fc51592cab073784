/**
 * Run by `npm run test:cluster`: the image, the chart and the exporter in a real Kubernetes, from building the tools to an uninstall that
 * leaves nothing. Prints a table of its steps; exit code 1 where one has failed.
 *
 *   --bill FILE   a FOCUS 1.0 file in place of the sample bill
 *   --hold        the cluster alone, to look around in, until Ctrl-C
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { inCluster } from './cluster.ts';
import { runContained } from './contained.ts';
import { chartImage } from './image.ts';
import { ensurePackages } from './packages.ts';
import { Report, table } from './report.ts';
import { ensureTools, type Tools } from './tools/tools.ts';

const LIMIT_MINUTES = 30;
const ROOT = join(import.meta.dirname, '../..');
/** Where the logs of a run that has failed are to be read, until the next run. */
const KEPT = join(ROOT, '.cache/cluster');
const PREFIX = 'aws-cost-exporter-cluster-';

const { values } = parseArgs({ options: { bill: { type: 'string' }, hold: { type: 'boolean' } } });

removeLeftovers();
rmSync(KEPT, { recursive: true, force: true });
const work = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
const results = join(work, 'steps.jsonl');
const report = new Report(results);
const stop = new AbortController();
const limit = setTimeout(
  () => stop.abort(new Error(`the time limit of ${LIMIT_MINUTES} minutes is over`)),
  LIMIT_MINUTES * 60_000,
);
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));
}

const start = performance.now();
let ended = false;
try {
  await everything(stop.signal);
  ended = true;
} catch (error) {
  // A step that has failed has said so.
  const told = report.steps.some(({ failure }) => failure !== undefined);
  if (!told) await report.step('run', () => Promise.reject(error)).catch(() => {});
} finally {
  clearTimeout(limit);
  finish();
}

async function everything(signal: AbortSignal): Promise<void> {
  await report.step('packages', async () => ensurePackages());
  let tools: Tools | undefined;
  const image = join(work, 'image');
  const made = await Promise.allSettled([
    report.step('tools', async () => {
      const found = await ensureTools(console.log, signal);
      tools = found.tools;
      return found.made.length === 0 ? 'all in the cache' : `made: ${found.made.join(', ')}`;
    }),
    report.step('image', async () => {
      const tag = await chartImage();
      const command = [process.execPath, join(ROOT, 'test/image/build.ts'), '--out', image, '--tag', tag];
      await runContained(command, { cwd: ROOT, signal });
      return tag;
    }),
  ]);
  for (const one of made) if (one.status === 'rejected') throw one.reason;
  if (tools === undefined) throw new Error('no tools');
  const scenario = [process.execPath, join(import.meta.dirname, 'scenario/main.ts')];
  const command = values.hold ? ['sleep', 'infinity'] : scenario;
  const env = { IMAGES: image, RESULTS: results, ...(values.bill && { BILL: values.bill }) };
  const code = await inCluster(command, { tools, folder: work, env, signal });
  signal.throwIfAborted();
  if (code !== 0) throw new Error(`the scenario has ended with exit code ${code}`);
}

function finish(): void {
  const { steps } = report;
  const ok = ended && steps.every(({ failure }) => failure === undefined);
  const logs = join(work, 'node/logs');
  if (!ok && existsSync(logs)) {
    mkdirSync(KEPT, { recursive: true });
    cpSync(logs, join(KEPT, 'logs'), { recursive: true });
  }
  rmSync(work, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  if (stop.signal.aborted) console.log(`\n${stop.signal.reason.message}`);
  if (!ok) console.log(`\nLogs: ${KEPT}`);
  console.log(`\n${((performance.now() - start) / 1000).toFixed(1)} s in all\n\n${table(steps)}`);
  process.exitCode = ok ? 0 : 1;
}

/** What runs have left that were killed together with their keeper. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, pid] = new RegExp(`^${PREFIX}(\\d+)-`).exec(name) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    }
  }
}
