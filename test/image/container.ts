import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, type Launched, launch, type Ran, run, type TestScope } from '../servers/process.ts';
import type { ImageConfig } from './archive.ts';
import { command } from './buildah.ts';

/** Longest time for a program in a container that ends by itself, in milliseconds. */
const PATIENCE_MS = 120_000;

/** A container that runs. */
export interface Container extends Launched {
  /** The process id, on this machine, of the container's first process. */
  processId(): Promise<number>;
  /** Runs one more program inside, as the container's user. */
  exec(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
  /** The exit code of the container's first process. */
  readonly exitCode: Promise<number>;
}

/** Lays an image's layers over each other. */
export async function unpackRoot(layers: readonly string[], root: string): Promise<void> {
  mkdirSync(root);
  for (const layer of layers) await command('tar', ['-xpf', layer, '--numeric-owner', '-C', root]);
}

/**
 * Runs an image as strictly as Kubernetes' restricted standard and more: the image's own user, no capability, no new privileges, a root file
 * system that is only read, nothing writable at all, and a network of loopback alone.
 * @param args in place of the image's default command.
 */
export async function runContainer(
  t: TestScope,
  { root, config }: { root: string; config: ImageConfig['config'] },
  args: readonly string[] = config.Cmd,
  env: Readonly<Record<string, string>> = {},
): Promise<Container> {
  const folder = mkdtempSync(join(tmpdir(), 'aws-cost-exporter-container-'));
  const id = folder.split('/').at(-1) ?? '';
  const state = join(folder, 'state');
  const added = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const spec = specification(root, config, [...config.Entrypoint, ...args], added);
  writeFileSync(join(folder, 'config.json'), JSON.stringify(spec));
  const runc = ['--root', state];
  const launched = await launch('runc', [...runc, 'run', '--bundle', folder, id]);
  t.teardown(async () => {
    await run('runc', [...runc, 'delete', '--force', id]);
    await launched.end();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    ...launched,
    exitCode: launched.exit.then(() => launched.code() ?? 1),
    processId: () =>
      eventually('the container runs', async () => {
        const { code, stdout } = await run('runc', [...runc, 'state', id]);
        return code === 0 ? (JSON.parse(stdout).pid as number) : undefined;
      }),
    exec: (program, more = {}) => {
      const settings = Object.entries(more).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
      return run('runc', [...runc, 'exec', ...settings, id, ...program], { timeoutMs: PATIENCE_MS });
    },
  };
}

function specification(
  root: string,
  { User, Env, WorkingDir }: ImageConfig['config'],
  args: readonly string[],
  env: readonly string[],
) {
  const [uid, gid] = User.split(':').map(Number);
  const none: readonly string[] = [];
  const readOnly = ['nosuid', 'noexec', 'nodev', 'ro'];
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid, gid },
      args,
      env: [...Env, ...env],
      cwd: WorkingDir,
      capabilities: { bounding: none, effective: none, permitted: none, inheritable: none, ambient: none },
      noNewPrivileges: true,
    },
    root: { path: root, readonly: true },
    hostname: 'container',
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=64k'] },
      { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: readOnly },
    ],
    linux: { namespaces: ['pid', 'network', 'ipc', 'uts', 'mount'].map((type) => ({ type })) },
  };
}
