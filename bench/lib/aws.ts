import type { TestScope } from '../../test/servers/process.ts';
import { startChild } from './child.ts';

/** Series of each (service, account): seven figures, and one for each of 31 days. */
const SERIES_PER_PAIR = 7 + 31;
/** Series that no pair has: the currency, and which day is the settled one. */
const OTHER_SERIES = 2;

/** A bill in which every service of every account is charged on every day. */
export interface BillShape {
  readonly accounts: number;
  readonly services: number;
  /** Groups on a page; AWS's 5,000 unless said otherwise. */
  readonly pageSize?: number;
}

/** Series on the page of metrics that the cost of such a bill makes with the default settings: each account has a name. */
export function seriesOf({ accounts, services }: BillShape): number {
  return accounts * services * SERIES_PER_PAIR + accounts + OTHER_SERIES;
}

/** The shape, of 13 to 60 services, whose cost makes nearly as many series as that, and never more. */
export function shapeFor(series: number): BillShape {
  const shapes = Array.from({ length: 48 }, (_, index): BillShape => {
    const services = 13 + index;
    return { services, accounts: Math.floor((series - OTHER_SERIES) / (services * SERIES_PER_PAIR + 1)) };
  });
  return shapes.reduce((best, shape) => (seriesOf(shape) >= seriesOf(best) ? shape : best));
}

/** A simulated AWS in a process of its own. */
export interface Aws {
  /** Endpoint for AWS clients. */
  readonly url: string;
  readonly pid: number;
  /** Puts a bill of the same shape with other amounts in place. */
  setBill(seed: number): Promise<void>;
}

/** Starts a simulated AWS with a generated bill. */
export async function startAws(scope: TestScope, shape: BillShape): Promise<Aws> {
  const program = new URL('./aws-process.ts', import.meta.url);
  const large = ['--max-old-space-size=8192'];
  const { child, hello } = await startChild<{ url: string }>(scope, program, [JSON.stringify(shape)], large);
  return {
    url: hello.url,
    pid: child.pid,
    async setBill(seed) {
      await child.ask(seed);
    },
  };
}
