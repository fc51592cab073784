/**
 * Stands before a simulated AWS: what it is asked for the first time it asks there, and answers from memory ever after. So what
 * the simulator computes with is in no measured time. Started by `startRecorder`.
 */
import { createServer, type IncomingHttpHeaders } from 'node:http';

interface Recorded {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Headers that are the connection's and not the answer's. */
const OF_CONNECTION = new Set(['connection', 'keep-alive', 'date', 'transfer-encoding', 'host']);

const [, , upstream = ''] = process.argv;
const answers = new Map<string, Promise<Recorded>>();

async function ask(path: string, sent: IncomingHttpHeaders, body: Buffer): Promise<Recorded> {
  const headers = Object.entries(sent)
    .filter(([name]) => !OF_CONNECTION.has(name))
    .map(([name, value]): [string, string] => [name, String(value)]);
  const answer = await fetch(`${upstream}${path}`, { method: 'POST', headers, body: new Uint8Array(body) });
  return {
    status: answer.status,
    headers: Object.fromEntries([...answer.headers].filter(([name]) => !OF_CONNECTION.has(name))),
    body: Buffer.from(await answer.arrayBuffer()),
  };
}

const server = createServer({ keepAliveTimeout: 65_000 }, async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const [asked, path = '/'] = [Buffer.concat(chunks), request.url];
  const key = `${path} ${request.headers['x-amz-target']} ${asked}`;
  const answer = answers.get(key) ?? ask(path, request.headers, asked);
  answers.set(key, answer);
  const { status, headers, body } = await answer;
  response.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  process.send?.({ url: `http://127.0.0.1:${address.port}` });
});
process.on('disconnect', () => process.exit(0));
