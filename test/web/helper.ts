import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import type { Test } from 'tap';
import {
  type Answer,
  ask,
  type Exporter,
  type ExporterOptions,
  type RequestOptions,
  startExporter,
} from '../helper.ts';
import { eventually } from '../servers/process.ts';
import { type Authority, makeAuthority } from './certificates.ts';

/** A cheap hash: what a test waits for is not the checking. */
export const hashOf = (password: string, cost = 4) => hashSync(password, cost);

/** A line of an `API_TOKENS_FILE`. */
export const tokenLine = (name: string, token: string) =>
  `${name} ${createHash('sha256').update(token).digest('hex')}\n`;

export const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** A folder with an authority and `server.crt`, `server.key`; undefined, with a visible skip, where OpenSSL is absent. */
export async function pki(t: Test): Promise<{ folder: string; ca: Authority; trust: string } | undefined> {
  const folder = t.testdir();
  const ca = await makeAuthority(t, folder);
  if (ca === undefined) return undefined;
  await ca.issue('server');
  return { folder, ca, trust: readFileSync(ca.cert, 'utf8') };
}

/** How a test wants its exporter closed. */
export interface WebOptions extends ExporterOptions {
  /** Where the files are written; default a folder of the test's own. */
  readonly folder?: string;
  /** Content of the `WEB_CONFIG_FILE`. */
  readonly web?: string;
  /** Content of the `API_TOKENS_FILE`. */
  readonly tokens?: string;
}

/** An exporter behind locks, and its log. */
export interface WebExporter extends Exporter {
  /** Writes the `WEB_CONFIG_FILE` anew. */
  writeWeb(content: string): void;
  writeTokens(content: string): void;
  /** Its log lines, parsed. */
  log(): Record<string, unknown>[];
  /** Waits for a log line with these words. */
  logged(words: RegExp): Promise<Record<string, unknown>>;
  /** Asks the metrics listener. */
  getMetrics(path: string, options?: RequestOptions): Promise<Answer>;
}

/** Starts an exporter with a web configuration and tokens; it has collected cost when this resolves. */
export async function startWeb(t: Test, options: WebOptions): Promise<WebExporter> {
  const { folder = t.testdir(), web, tokens } = options;
  const [webFile, tokensFile] = [join(folder, 'web.yaml'), join(folder, 'tokens')];
  const writeWeb = (content: string) => writeFileSync(webFile, content);
  const writeTokens = (content: string) => writeFileSync(tokensFile, content);
  if (web !== undefined) writeWeb(web);
  if (tokens !== undefined) writeTokens(tokens);
  const lines: string[] = [];
  const { app: appOptions, env, ...others } = options;
  const exporter = await startExporter(t, {
    ...others,
    settle: false,
    env: {
      CAPABILITIES: 'cost',
      ...(web === undefined ? {} : { WEB_CONFIG_FILE: webFile }),
      ...(tokens === undefined ? {} : { API_TOKENS_FILE: tokensFile }),
      ...env,
    },
    app: {
      logger: { level: 'info', stream: { write: (line: string) => void lines.push(line) } },
      ...appOptions,
      limits: { rereadMs: 20, ...appOptions?.limits },
    },
  });
  await eventually('cost is collected', async () =>
    (await exporter.app.rest.inject('/cost/current')).statusCode === 200 ? true : undefined,
  );
  const log = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    ...exporter,
    writeWeb,
    writeTokens,
    log,
    logged: (words) =>
      eventually(`the log says ${words}`, () => log().find(({ msg }) => words.test(String(msg)))),
    getMetrics: (path, how) => ask(`${exporter.metricsUrl}${path}`, how),
  };
}
