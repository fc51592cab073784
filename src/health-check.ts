import { isIPv6 } from 'node:net';
import { type Config, loadConfig } from './config.ts';

/** Longest wait for the answer, in milliseconds. */
const PATIENCE_MS = 4_000;
/** What a listener on every address answers on. */
const EVERYWHERE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** `/health` of the exporter that this configuration starts on this machine, on its metrics listener. */
export function healthUrl({ host, metricsPort }: Pick<Config, 'host' | 'metricsPort'>): string {
  const address = EVERYWHERE[host] ?? host;
  return `http://${isIPv6(address) ? `[${address}]` : address}:${metricsPort}/health`;
}

// The image's health check, for engines that have no probes of their own: exit code 0 where the exporter answers, else 1 and why.
if (import.meta.main) {
  const url = healthUrl(loadConfig());
  try {
    const { status } = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (status !== 200) throw new Error(`status ${status}`);
  } catch (error) {
    const { message, cause } = error as Error;
    process.stderr.write(`${url}: ${cause instanceof Error ? cause.message : message}\n`);
    process.exitCode = 1;
  }
}
