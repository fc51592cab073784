import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Runs every bench that docs/performance.md has a table of, one after the other, each in a process of its own. What is on the command
 * line (`--write`) is handed on. Exit code 1 where a bench could not be run to its end; no measured time decides.
 */
const BENCHES = ['scrape', 'memory', 'collect', 'stall', 'rest', 'start', 'scale'];

const failed = BENCHES.filter((name) => {
  const path = fileURLToPath(new URL(`./${name}/run.ts`, import.meta.url));
  const { status } = spawnSync(process.execPath, [path, ...process.argv.slice(2)], { stdio: 'inherit' });
  return status !== 0;
});
if (failed.length > 0) {
  process.stderr.write(`not run to their end: ${failed.join(', ')}\n`);
  process.exitCode = 1;
}
