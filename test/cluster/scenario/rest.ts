import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet, type RequestOptions } from 'node:https';
import { json } from 'node:stream/consumers';

/** Longer than any answer takes, on a busy machine too. */
const TIMEOUT_MS = 5_000;

/** What `/cost/current` says, as far as it is looked at here. */
export interface Cost {
  readonly collectedAt: string;
  readonly total: number;
}

/** The status of an answer and its body, asked over a connection of its own, so that a Service chooses a pod each time. */
export async function ask(url: string, options: RequestOptions = {}): Promise<[number, IncomingMessage]> {
  const get = url.startsWith('https:') ? httpsGet : httpGet;
  const request = get(url, { ...options, agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return [answer.statusCode ?? 0, answer];
}

/** The bill by REST. @throws Error where the answer is not 200. */
export async function cost(restUrl: string, options: RequestOptions = {}): Promise<Cost> {
  const [status, answer] = await ask(`${restUrl}/cost/current`, options);
  const body = (await json(answer)) as Cost;
  if (status !== 200) throw new Error(`/cost/current: ${status}`);
  return body;
}

/** The total of the window by REST. @throws Error where the answer is not 200. */
export async function totalOf(restUrl: string): Promise<number> {
  return (await cost(restUrl)).total;
}
