import type { Test } from 'tap';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/index.ts';
import { awayFromMidnight, type Served } from '../e2e/command.ts';
import { numberedBill } from '../e2e/numbered-bill.ts';
import { ofFamily, pageText, parsePage, readJson, total, valueIn } from '../e2e/page.ts';
import type { TargetView } from '../helper.ts';
import { eventually } from '../servers/process.ts';

const SHAPE = { days: 70, services: 3, accounts: 2 } as const;
const PAIRS = SHAPE.services * SHAPE.accounts;
const WINDOW_DAYS = 30;
/** How long a row waits for what must come. */
const LONG_MS = 30_000;

/** A bill of which every pair costs the same number on every day up to `today`: figures tell which bill they are of. */
export const billOf = (number: number, today = new Date()) => numberedBill({ number, today, ...SHAPE });

/** A simulated AWS with bill 1; it ends with the test. */
export async function startAws(t: Test, options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  await awayFromMidnight();
  const simulator = await startSimulator({ bill: billOf(1), ...options });
  t.teardown(() => simulator.close());
  return simulator;
}

/** Settings of a process that buys cost alone from a simulated AWS, and when the row has it buy. */
export const buying = ({ url }: Simulator): NodeJS.ProcessEnv => ({
  AWS_ENDPOINT_URL: url,
  CAPABILITIES: 'cost',
  CHANGE_DETECTION: 'off',
  AWS_SPEND_BUDGET_USD: '100000',
});

/** The same, and it buys every second. */
export const buyingOften = (simulator: Simulator): NodeJS.ProcessEnv => ({
  ...buying(simulator),
  COST_INTERVAL: '1s',
  CACHE_TTL_SECONDS: '0',
});

/** Pages that AWS has answered: what is paid for. */
export const paidPages = ({ requests }: Simulator) =>
  requests.filter(({ service, status }) => service === 'ce' && status === 200).length;

/** Queries for cost that have reached AWS. */
export const costQueries = ({ requests }: Simulator) =>
  requests.filter(({ operation }) => operation === 'GetCostAndUsage').length;

/** The number of the bill that the page shows; undefined where it shows none. @throws Error where it shows two. */
export async function shownBill({ metricsUrl }: Pick<Served, 'metricsUrl'>): Promise<number | undefined> {
  const page = parsePage(await pageText(metricsUrl));
  const numbers = new Set([
    ...ofFamily(page, 'aws_cost_total').map(({ value }) => value / WINDOW_DAYS),
    ...ofFamily(page, 'aws_cost_daily').map(({ value }) => value),
  ]);
  if (numbers.size > 1) throw new Error(`the page is of bills ${[...numbers]}`);
  const [number] = numbers;
  if (number !== undefined && total(page, 'aws_cost_total') !== number * WINDOW_DAYS * PAIRS)
    throw new Error(`the page has not all of bill ${number}`);
  return number;
}

/** Waits until the page shows a bill. */
export const showsBill = (served: Pick<Served, 'metricsUrl'>, number: number, timeoutMs = LONG_MS) =>
  eventually(
    `bill ${number} is shown`,
    async () => ((await shownBill(served)) === number ? true : undefined),
    timeoutMs,
  );

/** Asserts that page and REST both have the figures of a bill, whole. */
export async function figuresAre(
  t: Test,
  served: Pick<Served, 'metricsUrl' | 'restUrl'>,
  number: number,
): Promise<void> {
  t.equal(await shownBill(served), number, `/metrics has bill ${number}`);
  const { total: sum } = await readJson<{ total: number }>(`${served.restUrl}/cost/current`);
  t.equal(sum, number * WINDOW_DAYS * PAIRS, `REST has bill ${number}`);
}

/** Asserts that neither page nor REST has a figure. */
export async function noFigures(t: Test, served: Pick<Served, 'metricsUrl' | 'restUrl'>): Promise<void> {
  t.equal(await shownBill(served), undefined, '/metrics has no cost');
  t.equal((await fetch(`${served.restUrl}/cost/current`)).status, 503, 'REST says that it has none yet');
}

/** How the cost collector stands, as `/ready` says it. */
export async function costState({ restUrl }: Pick<Served, 'restUrl'>) {
  const { targets } = await readJson<{ targets: TargetView[] }>(`${restUrl}/ready`);
  const found = targets[0]?.collectors.find(({ collector }) => collector === 'cost');
  if (found === undefined) throw new Error('/ready has no cost');
  return found;
}

/** The value of one of the exporter's own metrics. */
export async function self(
  { metricsUrl }: Pick<Served, 'metricsUrl'>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number | undefined> {
  return valueIn(parsePage(await pageText(metricsUrl)), `aws_cost_exporter_${name}`, labels);
}

/** A line of the log, as the table shows it: its words, and its reason where it has one. */
function inWords(line: Readonly<Record<string, unknown>>): string {
  return typeof line.reason === 'string' ? `${line.msg} (${line.reason})` : String(line.msg);
}

/** The lines of the log that have these words in message or reason. */
export const linesWith = (served: Pick<Served, 'log'>, words: RegExp) =>
  served
    .log()
    .map(inWords)
    .filter((line) => words.test(line));

/** Waits for a line of the log with these words in message or reason, and gives it. */
export const said = (served: Pick<Served, 'log'>, words: RegExp, timeoutMs = LONG_MS) =>
  eventually(`the log says ${words}`, () => linesWith(served, words)[0], timeoutMs);
