/** The limit: node:http and buffers that are there already. Started with the files of the two bodies. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const [identity, gzip] = process.argv.slice(2).map((path) => readFileSync(path));
if (identity === undefined || gzip === undefined) throw new Error('usage: static-process.ts IDENTITY GZIP');

const server = createServer((request, response) => {
  const zipped = request.headers['accept-encoding'] === 'gzip';
  const body = zipped ? gzip : identity;
  response.writeHead(200, {
    'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    'content-length': body.length,
    ...(zipped ? { 'content-encoding': 'gzip' } : {}),
  });
  response.end(body);
});
server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
process.on('disconnect', () => process.exit(0));
