import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { CLI, environment } from '../../test/e2e/command.ts';
import { eventually } from '../../test/servers/process.ts';
import type { Shape } from './page.ts';
import type { Held } from './probe.ts';

/** The simulated AWS. */
export interface Bill {
  readonly url: string;
  /** Puts a bill into force; resolves when it is. */
  set(number: number): Promise<void>;
  end(): Promise<void>;
}

/** The exporter under test. */
export interface Exporter {
  readonly restUrl: string;
  readonly metricsUrl: string;
  readonly pid: number;
  /** What it holds now; with `settle` also after a full garbage collection. @throws where it has ended. */
  held(settle?: boolean): Promise<Held>;
  end(): Promise<number | null>;
}

async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  return child.exitCode;
}

export async function startBill({ services, accounts }: Shape): Promise<Bill> {
  const child = fork(join(import.meta.dirname, 'bill.ts'), [String(services), String(accounts)], {
    execArgv: [],
  });
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  return {
    url,
    async set(number) {
      child.send(number);
      await once(child, 'message');
    },
    end: async () => void (await end(child)),
  };
}

/** Asks a process with the probe. */
function probed(child: ChildProcess): Exporter['held'] {
  return async (settle = false) => {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`a process has ended: ${child.exitCode ?? child.signalCode}`);
    const answered = once(child, 'message');
    child.send({ settle });
    const [held] = (await answered) as [Held];
    return held;
  };
}

const PROBE = ['--import', join(import.meta.dirname, 'probe.ts')];

/** A process that does nothing: how late its event loop is says how much else this machine does. */
export function startIdle(): Pick<Exporter, 'held' | 'end'> {
  const child = fork(join(import.meta.dirname, 'idle.ts'), { execArgv: PROBE });
  return { held: probed(child), end: () => end(child) };
}

/** Starts `serve` with these settings and the probe; what it says goes to a file. */
export async function startExporter(env: NodeJS.ProcessEnv, logFile: string): Promise<Exporter> {
  const child = fork(CLI, ['serve'], {
    env: environment(env),
    execArgv: PROBE,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const log = createWriteStream(logFile);
  let head = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.pipe(log, { end: false });
    stream?.setEncoding('utf8').on('data', (text: string) => {
      if (head.length < 20_000) head += text;
    });
  }
  const [metricsUrl = '', restUrl = ''] = await eventually(
    'the exporter listens',
    () => {
      if (child.exitCode !== null) throw new Error(`the exporter ended: ${head}`);
      const found = [...head.matchAll(/Server listening at (http:\/\/[^"]+)"/g)].map(([, url = '']) => url);
      return found.length >= 2 ? found : undefined;
    },
    60_000,
  );
  return {
    restUrl,
    metricsUrl,
    pid: child.pid ?? 0,
    held: probed(child),
    end: () => end(child),
  };
}
