/**
 * Run by `npm run build`, and by npm before it packs: compiles the program to `dist/`, because Node.js strips no types below
 * `node_modules`. Exit code 1 where the program does not compile; `dist/` is then empty.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

rmSync(path('../dist'), { recursive: true, force: true });
const compiler = fileURLToPath(new URL('./bin/tsc', import.meta.resolve('typescript/package.json')));
const { status, error } = spawnSync(
  process.execPath,
  [compiler, '--project', path('../tsconfig.build.json')],
  { stdio: 'inherit' },
);
if (error) throw error;
if (status !== 0) {
  rmSync(path('../dist'), { recursive: true, force: true });
  process.exit(1);
}
// npm makes a package's bin executable where it installs it; whoever runs it from the checkout needs it too.
chmodSync(path('../dist/src/cli.js'), 0o755);
