import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';

/** Longer than any answer takes, on a busy machine too. */
const TIMEOUT_MS = 5_000;

/**
 * The total of the window by `/cost/current`, asked over a connection of its own, so that the Service chooses a pod each time.
 * @throws Error where the answer is not 200.
 */
export async function totalOf(restUrl: string): Promise<number> {
  const request = get(`${restUrl}/cost/current`, { agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  const body = (await json(answer)) as { total: number };
  if (answer.statusCode !== 200) throw new Error(`/cost/current: ${answer.statusCode}`);
  return body.total;
}
