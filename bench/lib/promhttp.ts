import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pageText, parsePage } from '../../test/e2e/page.ts';
import {
  eventually,
  type Launched,
  launch,
  requireProgram,
  type TestScope,
} from '../../test/servers/process.ts';

/** A program on Prometheus' own Go client, with the series of an exporter. */
export interface Promhttp {
  readonly pid: number;
  readonly metricsUrl: string;
}

/** Builds the Go module beside this folder. @throws Error with the compiler's words. */
export async function buildPromhttp(scope: TestScope): Promise<string> {
  const go = requireProgram(scope, 'go');
  if (go === undefined) throw new Error('go is absent: the exporter is held against a program in Go');
  const folder = mkdtempSync(join(tmpdir(), 'promhttp-'));
  scope.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'promhttp');
  const cwd = fileURLToPath(new URL('../go', import.meta.url));
  await promisify(execFile)(go, ['build', '-trimpath', '-o', path, '.'], {
    cwd,
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false' },
  });
  return path;
}

/** Starts it with the cost series that an exporter has on its page now. */
export async function startPromhttp(scope: TestScope, path: string, exporterUrl: string): Promise<Promhttp> {
  const folder = mkdtempSync(join(tmpdir(), 'series-'));
  scope.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'series.csv');
  writeFileSync(file, csv(await pageText(exporterUrl)));
  const server: Launched = await launch(path, [file]);
  scope.teardown(() => server.end());
  const metricsUrl = await eventually('promhttp listens', () => /^http\S+$/m.exec(server.output())?.[0]);
  return { pid: server.pid, metricsUrl };
}

/** The series of a service and account: service, account, its date or else its family, value. */
function csv(page: string): string {
  const rows = parsePage(page).flatMap(({ name, labels, value }) => {
    const { service, account_id: account, date } = labels;
    return service === undefined || account === undefined ? [] : [[service, account, date ?? name, value]];
  });
  return rows
    .map((row) => `${row.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(',')}\n`)
    .join('');
}
