import { get } from 'node:http';
import { get as getByTls } from 'node:https';
import { isIPv6 } from 'node:net';
import { type Config, loadConfig } from './config.ts';

/** Longest wait for the answer, in milliseconds. */
const PATIENCE_MS = 4_000;
/** What a listener on every address answers on. */
const EVERYWHERE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** `/health` of the exporter that this configuration starts on this machine, on its metrics listener. */
export function healthUrl({ host, metricsPort, web }: Pick<Config, 'host' | 'metricsPort' | 'web'>): string {
  const address = EVERYWHERE[host] ?? host;
  const scheme = web.config?.read.value?.tls === undefined ? 'http' : 'https';
  return `${scheme}://${isIPv6(address) ? `[${address}]` : address}:${metricsPort}/health`;
}

/** The status that is answered. @throws Error where nothing is. */
function statusOf(url: string): Promise<number | undefined> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  return new Promise((resolve, reject) => {
    const answered = ({ statusCode }: { statusCode?: number | undefined }) => resolve(statusCode);
    // It is itself that it asks: whom the certificate is made out to does not matter here.
    const request = url.startsWith('https:')
      ? getByTls(url, { signal, rejectUnauthorized: false, agent: false }, answered)
      : get(url, { signal, agent: false }, answered);
    request.on('error', reject);
  });
}

// The image's health check, for engines that have no probes of their own: exit code 0 where the exporter answers, else 1 and why.
if (import.meta.main) {
  const url = healthUrl(loadConfig());
  try {
    const status = await statusOf(url);
    if (status !== 200) throw new Error(`status ${status}`);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${url}: ${(error as Error).message}\n`);
    process.exit(1);
  }
}
