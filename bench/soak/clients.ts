import { setTimeout as sleep } from 'node:timers/promises';
import { ACCEPT } from '../../test/servers/prometheus.ts';
import { figuresOf, rounded, type Shape } from './page.ts';
import type { Tally } from './tally.ts';

/** Whom the clients ask, and what they tell. */
export interface Asked {
  readonly restUrl: string;
  readonly metricsUrl: string;
  readonly shape: Shape;
  readonly tally: Tally;
  readonly signal: AbortSignal;
}

const SCRAPE_MS = 15_000;
const READ_MS = 1_000;
const TIMEOUT_MS = 30_000;

const today = () => new Date().toISOString().slice(0, 10);

/** Three scrapers: as Prometheus asks (gzip), OpenMetrics, and without compression. Resolves when the signal ends them. */
export async function scrapers(asked: Asked): Promise<void> {
  const kinds = [
    { who: 'gzip', accept: ACCEPT.text, encoding: 'gzip' },
    { who: 'OpenMetrics', accept: ACCEPT.openMetrics, encoding: 'gzip' },
    { who: 'identity', accept: ACCEPT.text, encoding: 'identity' },
  ];
  await Promise.all(
    kinds.map(async ({ who, accept, encoding }, index) => {
      await pause((index * SCRAPE_MS) / kinds.length, asked.signal);
      await repeat(who, SCRAPE_MS, asked, async () => {
        const [at, day] = [Date.now(), today()];
        const text = await read(`${asked.metricsUrl}/metrics`, {
          accept,
          'accept-encoding': encoding,
          'x-prometheus-scrape-timeout-seconds': '30',
        });
        // A page over midnight is of either day.
        if (day === today()) asked.tally.page(who, figuresOf(text, asked.shape, day), at);
      });
    }),
  );
}

interface CostBody {
  readonly total: number;
  readonly daily: readonly { readonly cost: number }[];
  readonly byService: readonly { readonly cost: number }[];
}

/** Bodies by path, and the numbers of the bills that their figures are of. */
const READ: Readonly<Record<string, (body: never, shape: Shape) => number[]>> = {
  '/cost/current': ({ total, daily, byService }: CostBody, { services, accounts }) => [
    total / 30 / services / accounts,
    ...daily.map(({ cost }) => cost / services / accounts),
    ...byService.map(({ cost }) => cost / 30 / accounts),
  ],
  '/cost/forecast': ({ amount }: { amount: number }, { services, accounts }) => [
    amount / 30 / services / accounts,
  ],
  '/cost/tags/team': (
    { values }: { values: { value: string | null; cost: number }[] },
    { services, accounts },
  ) =>
    values.flatMap(({ value, cost }) => (value === null ? [] : [cost / 30 / ((services * accounts) / 10)])),
  '/recommendations': () => [],
  '/wellarchitected': () => [],
  '/targets': () => [],
  '/spend': () => [],
  '/ready': () => [],
};

/** One reader of REST, a document each second in turn. */
export async function reader(asked: Asked): Promise<void> {
  const paths = Object.entries(READ);
  let turn = 0;
  await repeat('REST', READ_MS, asked, async () => {
    const [path, numbersOf] = paths[turn++ % paths.length] ?? ['/health', () => []];
    const at = Date.now();
    const body = JSON.parse(await read(`${asked.restUrl}${path}`, {})) as never;
    asked.tally.document(path, [...new Set(numbersOf(body, asked.shape).map(rounded))], at);
  });
}

/** The text of an answer over a connection that is kept. @throws where it is no 200. */
async function read(url: string, headers: Record<string, string>): Promise<string> {
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  const text = await answer.text();
  if (answer.status !== 200)
    throw new Error(`${new URL(url).pathname}: ${answer.status} ${text.slice(0, 200)}`);
  return text;
}

async function repeat(
  who: string,
  ms: number,
  { signal, tally }: Asked,
  once: () => Promise<void>,
): Promise<void> {
  for (let due = Date.now(); !signal.aborted; due = Math.max(due + ms, Date.now())) {
    await pause(due - Date.now(), signal);
    if (signal.aborted) return;
    await once().catch((error: unknown) => tally.error(who, error));
  }
}

/** Waits; ends at once where the signal says so. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, ms), undefined, { signal }).catch(() => undefined);
}
