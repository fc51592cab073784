import { type AddressInfo, createServer } from 'node:net';
import { type App, type AppOptions, buildApp } from './app.ts';

/** Longest time from a stop signal to the end of the process, in milliseconds. */
const STOP_MS = 1_800;

/**
 * Runs an exporter until SIGTERM, SIGINT or SIGHUP; the process then ends with exit code 0. A port in use, or an address that
 * is not this machine's, ends it with exit code 1 and one clear line.
 */
export async function serve(options: AppOptions): Promise<App> {
  const app = await buildApp(options);
  stopOnSignals(app);
  try {
    await app.listen();
  } catch (error) {
    const { code, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string };
    const place = `${address ?? options.config.host}:${port ?? ''}`;
    const why =
      code === 'EADDRINUSE'
        ? 'is in use: set PORT or METRICS_PORT'
        : `cannot be listened on (${code}): set HOST`;
    process.stderr.write(`aws-cost-exporter: ${place} ${why}\n`);
    await app.close();
    process.exit(1);
  }
  return app;
}

/** Closes the app on the first stop signal; a second one, or a close that takes too long, ends the process at once. */
export function stopOnSignals(app: Pick<App, 'close' | 'rest'>): void {
  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) process.exit(0);
    stopping = true;
    app.rest.log.info({ signal }, 'stopping');
    setTimeout(() => process.exit(0), STOP_MS).unref();
    await app.close();
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // The terminal is gone.
  process.on('SIGHUP', stop);
}

/** The port itself where it is free on `host`, else a free one. */
export async function freePort(host: string, wanted: number): Promise<number> {
  return (await tryPort(host, wanted)) ?? (await tryPort(host, 0)) ?? wanted;
}

function tryPort(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ host, port, exclusive: true }, () => {
      const { port: taken } = server.address() as AddressInfo;
      server.close(() => resolve(taken));
    });
  });
}
