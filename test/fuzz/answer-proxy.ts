import { createServer, request } from 'node:http';
import type { TestScope } from '../servers/process.ts';

/** An answer of AWS as it went to the exporter. */
export interface Answered {
  readonly operation: string;
  /** What was asked, as it was sent. */
  readonly asked: string;
  readonly status: number;
  readonly body: string;
}

/** A proxy in front of an AWS that changes answers. */
export interface AnswerProxy {
  readonly url: string;
  /** URL of the AWS behind it. */
  aws: string;
  /** Changes the body of a good answer; none: all answers pass as they are. */
  spoil: ((operation: string, body: string) => string) | undefined;
  /** All answers so far. */
  readonly answers: Answered[];
}

/** AWS's name of what is asked, in each of its protocols. */
function operationOf(target: string | undefined, path: string, body: string): string {
  if (target !== undefined) return target.split('.').at(-1) ?? '';
  return /^Action=(\w+)/.exec(body)?.[1] ?? /&Action=(\w+)/.exec(body)?.[1] ?? path.split('?')[0] ?? '';
}

/** Starts one; it is told later where AWS is. Closed with the test. */
export async function startAnswerProxy(t: TestScope): Promise<AnswerProxy> {
  const answers: Answered[] = [];
  const proxy: AnswerProxy & { url: string } = { url: '', aws: '', spoil: undefined, answers };
  const server = createServer(async (incoming, outgoing) => {
    const asked: Buffer[] = [];
    for await (const chunk of incoming) asked.push(chunk as Buffer);
    const text = Buffer.concat(asked).toString();
    const operation = operationOf(incoming.headers['x-amz-target']?.toString(), incoming.url ?? '', text);
    const { method = 'GET', headers } = incoming;
    const forwarded = request(
      new URL(incoming.url ?? '/', proxy.aws),
      { method, headers, agent: false },
      async (answer) => {
        const chunks: Buffer[] = [];
        for await (const chunk of answer) chunks.push(chunk as Buffer);
        const { statusCode: status = 502 } = answer;
        const whole = Buffer.concat(chunks).toString();
        const body = status === 200 ? (proxy.spoil?.(operation, whole) ?? whole) : whole;
        answers.push({ operation, asked: text, status, body });
        outgoing
          .writeHead(status, { ...answer.headers, 'content-length': Buffer.byteLength(body) })
          .end(body);
      },
    );
    forwarded.on('error', () => outgoing.destroy());
    forwarded.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  proxy.url = `http://127.0.0.1:${address.port}`;
  return proxy;
}
