import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { PAGE_LIMIT, pages } from '../../src/aws/pages.ts';
import { CollectionError } from '../../src/errors.ts';

interface Request {
  readonly query: string;
  readonly NextPageToken?: string;
}

/** Reads pages whose tokens are given, and what was asked for. */
async function read(tokens: readonly (string | undefined)[], limit?: number) {
  const asked: Request[] = [];
  const read: number[] = [];
  const request: Request = Object.freeze({ query: 'q' });
  const send = async (page: Request) => {
    asked.push(page);
    return { number: asked.length, NextPageToken: tokens[asked.length - 1] };
  };
  let code: string | undefined;
  try {
    for await (const { number } of pages('NextPageToken', request, send, limit)) read.push(number);
  } catch (error) {
    if (!(error instanceof CollectionError)) throw error;
    code = error.code;
  }
  return { asked, read, code };
}

t.test('every page comes once, in order; the request stays the same, the token aside', async (t) => {
  const tokens = fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(tokens, fc.constantFrom(undefined, ''), async (list, end) => {
      const { asked, read: numbers, code } = await read([...list, end]);
      assert.equal(code, undefined);
      assert.deepEqual(asked, [
        { query: 'q' },
        ...list.map((NextPageToken) => ({ query: 'q', NextPageToken })),
      ]);
      assert.deepEqual(
        numbers,
        asked.map((_, index) => index + 1),
      );
    }),
  );
  t.pass();
});

t.test('a token that comes twice ends it', async (t) => {
  t.match(await read(['a', 'a']), { code: 'invalid_response', asked: { length: 2 } });
  t.match(
    await read(['a', 'b', 'c', 'a']),
    { code: 'invalid_response', asked: { length: 4 } },
    'a cycle too',
  );
});

t.test('pages that do not end are ended at the limit', async (t) => {
  const endless = Array.from({ length: 500 }, (_, index) => `token ${index}`);
  t.match(await read(endless, 3), { code: 'invalid_response', asked: { length: 3 } });
  t.match(await read(endless), { code: 'invalid_response', asked: { length: PAGE_LIMIT } });
  t.match(await read([...endless.slice(0, 2), undefined], 3), { code: undefined, asked: { length: 3 } });
});

t.test('what a page throws goes through, and nothing more is asked', async (t) => {
  let asked = 0;
  const send = async () => {
    asked++;
    if (asked === 2) throw new Error('no second page');
    return { NextPageToken: 'next' };
  };
  await t.rejects(async () => {
    for await (const _ of pages('NextPageToken', {}, send));
  }, /no second page/);
  t.equal(asked, 2);
});
