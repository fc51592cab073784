import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { constants, createInflateRaw, inflateRawSync } from 'node:zlib';
import t from 'tap';
import { Exposition } from '../../src/metrics/exposition.ts';
import type { Family, Sample } from '../../src/metrics/family.ts';
import { gzipHeader, gzipTrailer } from '../../src/metrics/gzip-member.ts';
import { requireProgram } from '../servers/process.ts';
import { writeParts } from './helper.ts';

const families: Family[] = Array.from({ length: 5 }, (_, index) => ({
  name: `aws_family_${index}`,
  type: 'gauge',
  help: 'One of five.',
  labels: ['service', 'date'],
}));

function samples(from: number): Sample[] {
  return Array.from({ length: 2_000 }, (_, index) => [[`service ${from} é`, `day ${index}`], index / 3]);
}

const exposition = new Exposition(families);
for (const [owner, from] of [
  ['cost/a', 0],
  ['cost/b', 1],
] as const) {
  exposition.swap(new Map([[owner, await writeParts(families.map((family) => [family, samples(from)]))]]));
}
const live = '# HELP y Y.\n# TYPE y gauge\ny 2\n';
const plain = Buffer.concat((await exposition.page('openmetrics', 'identity', live)).chunks);
const gzip = Buffer.concat((await exposition.page('openmetrics', 'gzip', live)).chunks);

/** Runs a program with `input` on its standard input and gives what it writes. */
async function filter(program: string, args: readonly string[], input: Buffer): Promise<Buffer> {
  const running = promisify(execFile)(program, args, { encoding: 'buffer', maxBuffer: 1 << 27 });
  running.child.stdin?.end(input);
  return (await running).stdout;
}

t.test('is one member: the deflate stream ends where the trailer begins', async (t) => {
  const inflate = createInflateRaw();
  inflate.end(gzip.subarray(gzipHeader.length));
  t.ok(Buffer.concat(await inflate.toArray()).equals(plain));
  t.equal(inflate.bytesWritten, gzip.length - gzipHeader.length - 8);
  t.ok(gzip.length < plain.length / 4, `${gzip.length} of ${plain.length} bytes`);
});

t.test('any part is decodable by itself', async (t) => {
  const [part] = await writeParts([[families[0]!, samples(0)]]);
  const inflated = inflateRawSync(part!.deflated, { finishFlush: constants.Z_SYNC_FLUSH });
  t.ok(inflated.equals(part!.bytes));
});

t.test('the length in the trailer is modulo 2^32', async (t) => {
  t.equal(gzipTrailer(0xffffffff, 2 ** 32 + 5).readUInt32LE(4), 5);
  t.equal(gzipTrailer(0xffffffff, 1).readUInt32LE(0), 0xffffffff);
});

t.test('gzip reads it', async (t) => {
  const program = requireProgram(t, 'gzip');
  if (program === undefined) return;
  await filter(program, ['-t'], gzip);
  t.ok((await filter(program, ['-dc'], gzip)).equals(plain));
  const broken = Buffer.from(gzip);
  broken[broken.length - 5]! ^= 1;
  await t.rejects(filter(program, ['-t'], broken), 'and would find a wrong checksum');
});

t.test('Python reads it', async (t) => {
  const program = requireProgram(t, 'python3');
  if (program === undefined) return;
  const script = 'import gzip,sys; sys.stdout.buffer.write(gzip.decompress(sys.stdin.buffer.read()))';
  t.ok((await filter(program, ['-c', script], gzip)).equals(plain));
  const oneMember = [
    'import sys,zlib; d=zlib.decompressobj(31); out=d.decompress(sys.stdin.buffer.read())',
    'assert d.eof and d.unused_data == b""; sys.stdout.buffer.write(out)',
  ].join('\n');
  t.ok((await filter(program, ['-c', oneMember], gzip)).equals(plain), 'with nothing after the first member');
});

t.test('curl and fetch read it', async (t) => {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': gzip.length }).end(gzip);
  }).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  const url = `http://127.0.0.1:${address.port}/`;
  const response = await fetch(url, { headers: { connection: 'close' } });
  t.ok(Buffer.from(await response.arrayBuffer()).equals(plain));
  const program = requireProgram(t, 'curl');
  if (program === undefined) return;
  t.ok((await filter(program, ['--silent', '--show-error', '--compressed', url], gzip)).equals(plain));
});
