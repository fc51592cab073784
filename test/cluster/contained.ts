import { type Launched, launch } from '../servers/process.ts';

/**
 * Starts a program as the first process of a PID namespace of its own: when it ends, or when this process ends, however that
 * comes, all that it has started is gone too. Needs root.
 * @param namespaces more namespaces of its own, e.g. `--net`.
 */
export function launchContained(
  command: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; namespaces?: readonly string[] } = {},
): Promise<Launched> {
  const { namespaces = [], ...rest } = options;
  return launch(
    'unshare',
    ['--pid', '--mount', '--mount-proc', ...namespaces, '--fork', '--kill-child', '--', ...command],
    rest,
  );
}

/**
 * Runs such a program to its end.
 * @throws Error with the end of what it has written, where its exit code is not 0 or the signal has ended it.
 */
export async function runContained(
  command: readonly string[],
  { signal, ...options }: { env?: NodeJS.ProcessEnv; cwd?: string; signal: AbortSignal },
): Promise<void> {
  signal.throwIfAborted();
  const program = await launchContained(command, options);
  const kill = () => program.signal('SIGKILL');
  signal.addEventListener('abort', kill);
  const code = await program.exit;
  signal.removeEventListener('abort', kill);
  signal.throwIfAborted();
  if (code !== 0) throw new Error(`${command.join(' ')} failed: ${program.output().slice(-4_000)}`);
}
