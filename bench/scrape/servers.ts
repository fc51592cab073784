import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { SHRINKING_MS } from '../../src/heap.ts';
import type { TestScope } from '../../test/servers/process.ts';
import { seriesOf, shapeFor, startAws } from '../lib/aws.ts';
import { startChild } from '../lib/child.ts';
import { startExporter } from '../lib/exporter.ts';
import { startPromhttp } from '../lib/promhttp.ts';

/** What is scraped: the exporter, the limit, and the peer. */
export const SERVERS = ['exporter', 'static buffer', 'promhttp'] as const;

export type ServerName = (typeof SERVERS)[number];

/** A server of a page of metrics, in a process of its own. */
export interface Server {
  readonly pid: number;
  readonly url: string;
}

/** Starts the three with the same series, the exporter with what it has collected from a simulated AWS. */
export async function startServers(
  scope: TestScope,
  promhttp: string,
  series: number,
): Promise<Record<ServerName, Server>> {
  const shape = shapeFor(series);
  const aws = await startAws(scope, shape);
  const { pid, metricsUrl } = await startExporter(scope, aws.url, seriesOf(shape));
  // As it is but for half a minute after each collection.
  await delay(SHRINKING_MS);
  const peer = await startPromhttp(scope, promhttp, metricsUrl);
  return {
    exporter: { pid, url: metricsUrl },
    'static buffer': await startStatic(scope, metricsUrl),
    promhttp: { pid: peer.pid, url: peer.metricsUrl },
  };
}

async function startStatic(scope: TestScope, exporterUrl: string): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'pages-'));
  scope.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const files: string[] = [];
  for (const encoding of ['identity', 'gzip']) {
    const file = join(folder, encoding);
    writeFileSync(file, await rawBody(exporterUrl, encoding));
    files.push(file);
  }
  const program = new URL('./static-process.ts', import.meta.url);
  const { child, hello } = await startChild<{ url: string }>(scope, program, files);
  return { pid: child.pid, url: hello.url };
}

/** The body of a page as it is on the wire. */
function rawBody(url: string, encoding: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    get(`${url}/metrics`, { headers: { 'accept-encoding': encoding } }, (response) => {
      buffer(response).then(resolve, reject);
    }).on('error', reject);
  });
}
