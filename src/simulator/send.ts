import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultRule } from './faults.ts';
import type { WireAnswer } from './service.ts';

const DRIP_BYTES = 16;
const DRIP_MS = 100;
const NOT_AWS = '<html><body><h1>Proxy</h1><p>This is not the answer that you asked for.</p></body></html>';

const BLANKS = Buffer.alloc(64 * 1_024, ' ');

/** Resolves when more can be written, or nothing can any more. */
async function drained(response: ServerResponse): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
  over.abort();
}

/** Sends an answer as it is. */
export function send(response: ServerResponse, answer: WireAnswer): void {
  const body = Buffer.from(answer.body);
  response.writeHead(answer.status, { ...answer.headers, 'content-length': body.length }).end(body);
}

/**
 * Sends an answer in the way that a fault asks for; faults that are no matter of sending change nothing.
 * @param closing ends a drip
 */
export async function sendWith(
  fault: FaultRule | undefined,
  response: ServerResponse,
  answer: WireAnswer,
  closing: AbortSignal,
): Promise<void> {
  const body = Buffer.from(answer.body);
  const half = body.subarray(0, Math.floor(body.length / 2));
  switch (fault?.kind) {
    case 'cut':
      response.writeHead(answer.status, { ...answer.headers, 'content-length': body.length });
      response.write(half, () => response.destroy());
      return;
    case 'truncate':
      send(response, { ...answer, body: half.toString('utf8') });
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'stall':
      response.writeHead(answer.status, { ...answer.headers, 'content-length': body.length });
      response.write(half);
      return;
    case 'corrupt':
      send(response, {
        status: fault.status ?? 200,
        headers: { 'content-type': 'text/html' },
        body: NOT_AWS,
      });
      return;
    case 'redirect':
      send(response, { status: fault.status ?? 302, headers: { location: fault.location }, body: '' });
      return;
    case 'huge':
      response.writeHead(answer.status, { ...answer.headers, 'content-length': fault.bytes });
      response.write(body);
      for (let left = fault.bytes - body.length; left > 0 && !response.destroyed; left -= BLANKS.length) {
        if (!response.write(BLANKS.subarray(0, left))) await drained(response);
      }
      response.end();
      return;
    case 'drip': {
      const { bytes = DRIP_BYTES, ms = DRIP_MS } = fault;
      response.writeHead(answer.status, { ...answer.headers, 'content-length': body.length });
      for (let at = 0; at < body.length && !response.destroyed; at += bytes) {
        if (at > 0) await sleep(ms, undefined, { signal: closing });
        response.write(body.subarray(at, at + bytes));
      }
      response.end();
      return;
    }
    default:
      send(response, answer);
  }
}
