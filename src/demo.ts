import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type App, buildApp } from './app.ts';
import { loadConfig } from './config.ts';
import { demoTable } from './demo-table.ts';
import { UsageError } from './errors.ts';
import type { FocusRow } from './focus.ts';
import { freePort, stopOnSignals } from './server.ts';
import { BillFileError, generateBill, readFocusFile, startSimulator } from './simulator/index.ts';

export interface DemoOptions {
  /** End after the table. */
  readonly once: boolean;
  /** A FOCUS 1.0 file in place of the generated bill. */
  readonly bill?: string | undefined;
  /** Seed of the generated bill. */
  readonly seed: number;
}

/** Longest time for the first collections, in milliseconds. */
const PATIENCE_MS = 60_000;
/** Settings of the environment that would lead the demo away from this machine. */
const FOREIGN = /^(AWS_|REDIS_|STATE_DIR$|CONFIG_FILE$|HTTPS?_PROXY$)/i;

/**
 * The whole product without AWS: a simulated endpoint on loopback, the exporter that buys from it through the real SDK,
 * a table of what it found, and the addresses to look at. Serves until a signal, or ends after the table with `once`.
 *
 * @throws {UsageError} where the bill file is wrong.
 */
export async function runDemo({ once, bill, seed }: DemoOptions): Promise<void> {
  const rows = await readBill(bill, seed);
  const simulator = await startSimulator({ bill: rows });
  say(`Simulated AWS with ${rows.length} charges at ${simulator.url}`);
  const config = loadConfig(await demoEnvironment(simulator.url, rows));
  const app = await buildApp({
    config,
    credentials: async () => ({ accessKeyId: 'AKIADEMODEMODEMODEMO', secretAccessKey: 'demo' }),
  });
  const { restUrl, metricsUrl } = await app.listen();
  say('Buying the bill through the AWS SDK ...');
  await collected(app);
  say(`\n${await demoTable(app.rest)}`);
  if (once) {
    await app.close();
    await simulator.close();
    return;
  }
  say(
    `\n  metrics     ${metricsUrl}/metrics\n  API docs    ${restUrl}/docs\n  cost now    ${restUrl}/cost/current\n`,
  );
  say('Serving until Ctrl-C.');
  stopOnSignals({
    rest: app.rest,
    async close() {
      await app.close();
      await simulator.close();
    },
  });
}

async function readBill(file: string | undefined, seed: number): Promise<FocusRow[]> {
  if (file === undefined) {
    say(`Generating a bill (seed ${seed}) ...`);
    return generateBill({ seed, today: new Date() });
  }
  say(`Reading ${basename(file)} ...`);
  try {
    return await readFocusFile(file, { today: new Date() });
  } catch (error) {
    if (error instanceof BillFileError) throw new UsageError(`--bill ${error.message}`, { cause: error });
    throw error;
  }
}

/** The environment as it is, but on loopback, against the simulator, and with free ports where the usual ones are taken. */
async function demoEnvironment(endpoint: string, bill: readonly FocusRow[]): Promise<NodeJS.ProcessEnv> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOREIGN.test(name)));
  // An empty setting counts as unset.
  const host = env.HOST || '127.0.0.1';
  return {
    LOG_LEVEL: 'warn',
    ...seenIn(bill),
    ...env,
    HOST: host,
    PORT: await port(host, env.PORT || '5000'),
    METRICS_PORT: await port(host, env.METRICS_PORT || '8080'),
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
  };
}

/** The bill's own commonest tag keys and regions, in place of defaults that it may not know. */
function seenIn(bill: readonly FocusRow[]): NodeJS.ProcessEnv {
  const commonest = (words: readonly string[], most: number) =>
    [...Map.groupBy(words, (word) => word)]
      .toSorted(([, one], [, other]) => other.length - one.length)
      .slice(0, most)
      .map(([word]) => word)
      .join(',');
  const keys = bill.flatMap(({ Tags }) => Object.keys(Tags)).filter((key) => !key.includes(','));
  const regions = bill.flatMap(({ RegionId }) =>
    RegionId !== null && /^[a-z]+(-[a-z]+)+-\d$/.test(RegionId) ? RegionId : [],
  );
  return { TAG_KEYS: commonest(keys, 5), AWS_REGIONS: commonest(regions, 4) };
}

async function port(host: string, wanted: string): Promise<string> {
  const number = Number(wanted);
  // What is no port is for the configuration to refuse.
  if (!Number.isInteger(number) || number < 1 || number > 65_535) return wanted;
  const free = await freePort(host, number);
  if (free !== number) say(`Port ${wanted} is in use: taking ${free}.`);
  return String(free);
}

async function collected({ rest }: App): Promise<void> {
  const told = new Set<object>();
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const states = rest.collections.states.all();
    for (const state of states.filter(({ lastAttempt }) => lastAttempt !== undefined)) {
      if (told.has(state)) continue;
      told.add(state);
      const requests = state.kept?.snapshot.requests ?? 0;
      const cause = state.cause ? `: ${state.cause.message}` : '';
      say(
        `  ${state.capability.name}: ${state.status}, ${requests} request${requests === 1 ? '' : 's'}${cause}`,
      );
    }
    if (told.size === states.length) return;
    if (Date.now() > until) throw new Error('the first collection did not end in time');
    await sleep(20);
  }
}

function say(line: string): void {
  // Names come from a bill: no control characters of theirs reach the terminal.
  process.stdout.write(`${line.replaceAll(/[^\P{Cc}\n]/gu, '?')}\n`);
}
