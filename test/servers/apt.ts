import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { findProgram } from './process.ts';

const POLICY = '/usr/sbin/policy-rc.d';
/** Packages whose installation starts a service. */
const SERVICES = ['redis-server', 'prometheus'];

/** Whether this process may install packages: root on Debian, Ubuntu or what is like them. */
export function isDebian(): boolean {
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

/** Installs Debian packages; starts no service of theirs. What fails is printed, and is missed by whoever looks for it. */
export function aptInstall(packages: readonly string[]): void {
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
