/**
 * Run by npm before the tests: gets the servers that they need. On Debian and Ubuntu as root it installs what is missing,
 * elsewhere it says in one line each how to get it. With CI=true anything missing at the end is exit code 1.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { IAM_TOOLS } from '../docs/python-tools.ts';
import { ensureHelm } from '../helm/helm.ts';
import { KUBERNETES_SCHEMAS } from '../helm/schemas.ts';
import { CHROMIUM_ABSENT, CHROMIUM_PACKAGE, findChromium } from './chromium.ts';
import { findProgram, howToGet, PROGRAMS } from './process.ts';
import { BOTO3, ensurePython, isPythonReady } from './python.ts';

const POLICY = '/usr/sbin/policy-rc.d';
/** Packages whose installation starts a service. */
const SERVICES = ['redis-server', 'prometheus'];

const missing = () => PROGRAMS.filter(({ program }) => findProgram(program) === undefined);

function isDebian(): boolean {
  if (process.getuid?.() !== 0 || findProgram('apt-get') === undefined) return false;
  try {
    return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

/** Runs a command in silence; prints what it said, and is false, where it fails. */
function quiet(command: string, args: readonly string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stdout, stderr, error } = spawnSync(command, args, { env, encoding: 'utf8' });
  if (status === 0) return true;
  console.error(`${command} ${args.join(' ')} failed: ${error?.message ?? `${stdout}${stderr}`.trim()}`);
  return false;
}

function aptInstall(packages: readonly string[]): void {
  console.log(`Installing for the tests: ${packages.join(', ')} (apt-get) ...`);
  const apt = ['-qq', '-y', '-o', 'DPkg::Lock::Timeout=300'];
  // Where the machine has a policy of its own it stays in force; else no service may start.
  const ownPolicy = !existsSync(POLICY);
  if (ownPolicy) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    quiet('apt-get', [...apt, 'update']);
    quiet('apt-get', [...apt, 'install', '--no-install-recommends', ...packages]);
  } finally {
    if (ownPolicy) rmSync(POLICY, { force: true });
  }
  // They were absent a minute ago: a service that runs now was started by their installation.
  for (const service of SERVICES.filter((name) => packages.includes(name))) {
    spawnSync('service', [service, 'stop']);
    spawnSync('update-rc.d', [service, 'disable']);
  }
}

async function preparePython(requirements: readonly string[], debian: boolean): Promise<string | undefined> {
  const attempt = () =>
    ensurePython(requirements).then(
      () => undefined,
      (error: Error) => error.message,
    );
  console.log(`Making a Python environment for the tests: ${requirements.join(', ')} ...`);
  const first = await attempt();
  if (first === undefined || !debian || !first.includes('python3-venv')) return first;
  aptInstall(['python3-venv']);
  return attempt();
}

const debian = isDebian();
const packages = new Set(missing().map(({ debianPackage }) => debianPackage));
if (findChromium() === undefined) packages.add(CHROMIUM_PACKAGE);
if (debian && packages.size > 0) aptInstall([...packages]);

const problems = missing().map(({ program }) => howToGet(program));
if (findChromium() === undefined) problems.push(CHROMIUM_ABSENT);
for (const requirements of [[BOTO3], IAM_TOOLS, KUBERNETES_SCHEMAS]) {
  if (!debian || isPythonReady(requirements)) continue;
  const problem = await preparePython(requirements, debian);
  if (problem !== undefined) problems.push(problem);
}
await ensureHelm().catch((error: Error) => problems.push(error.message));
for (const problem of problems) console.error(problem);
if (problems.length > 0 && process.env.CI === 'true') process.exitCode = 1;
