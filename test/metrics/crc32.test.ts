import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { crc32Combine } from '../../src/metrics/crc32.ts';

t.test('the checksum of two stretches is zlib’s of the bytes', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (a, b) => {
      return crc32Combine(crc32(a), crc32(b), b.length) === crc32(Buffer.concat([a, b]));
    }),
  );
  t.equal(crc32Combine(0, 0, 0), 0);
  t.equal(crc32Combine(7, 0, 0), 7, 'nothing after it changes nothing');
});

t.test('a long stretch, whose length takes many bits', async (t) => {
  const long = Buffer.alloc(3_000_001, 'aws_cost_daily{service="Amazon EC2"} 1\n');
  t.equal(crc32Combine(crc32('head'), crc32(long), long.length), crc32(long, crc32('head')));
});
