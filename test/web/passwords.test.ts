import { compareSync } from 'bcryptjs';
import fc from 'fast-check';
import t from 'tap';
import { Passwords } from '../../src/web/passwords.ts';
import { hashOf } from './helper.ts';

t.setTimeout(120_000);

t.test('right and wrong, as bcrypt itself says', async (t) => {
  const passwords = new Passwords(16);
  t.teardown(() => passwords.close());
  const word = fc.string({ unit: 'grapheme', maxLength: 80 });
  await fc.assert(
    fc.asyncProperty(word, word, async (right, other) => {
      const users = { alice: hashOf(right) };
      for (const shown of [right, other]) {
        const expected = compareSync(shown, users.alice);
        if ((await passwords.check(users, 'alice', shown)) !== expected) return false;
        if (passwords.known(users, 'alice', shown) !== expected) return false;
      }
      return !(await passwords.check(users, 'bob', right));
    }),
    { numRuns: 60 },
  );
});

t.test('the three names of the algorithm: $2a$, $2b$, and $2y$ of htpasswd', async (t) => {
  const passwords = new Passwords(16);
  t.teardown(() => passwords.close());
  const made = {
    y: hashOf('correct horse', 5).replace('$2b$', '$2y$'),
    a: hashOf('correct horse', 5).replace('$2b$', '$2a$'),
  };
  for (const user of Object.keys(made)) {
    t.equal(await passwords.check(made, user, 'correct horse'), true, user);
    t.equal(await passwords.check(made, user, 'correct hors'), false, user);
  }
});

t.test('the event loop turns while a password is checked, and one answer serves all who ask', async (t) => {
  const passwords = new Passwords(16);
  t.teardown(() => passwords.close());
  const users = { alice: hashOf('word', 12) };
  await passwords.check({ warm: hashOf('up') }, 'warm', 'up');
  let turns = 0;
  const turning = setInterval(() => turns++, 1);
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => passwords.check(users, 'alice', 'word')),
  );
  clearInterval(turning);
  t.ok(answers.every(Boolean));
  t.notOk(passwords.full, 'fifty askers were one check');
  t.ok(turns >= 10, `${turns} turns of the event loop`);
});

t.test('an unknown user is checked against a hash of the same cost, in vain', async (t) => {
  const passwords = new Passwords(16);
  t.teardown(() => passwords.close());
  const users = { alice: hashOf('word', 10) };
  await passwords.check({ warm: hashOf('up') }, 'warm', 'up');
  const timed = async (user: string, word: string) => {
    const start = performance.now();
    t.equal(await passwords.check(users, user, word), false);
    return performance.now() - start;
  };
  const times = { known: [] as number[], unknown: [] as number[] };
  for (let round = 0; round < 7; round++) {
    times.known.push(await timed('alice', `wrong ${round}`));
    times.unknown.push(await timed(`nobody ${round}`, 'word'));
  }
  const median = (list: number[]) => list.toSorted((one, other) => one - other)[3] ?? Number.NaN;
  // No figure decides: a shortcut would be a thousand times faster, and that shows on any machine.
  const [known, unknown] = [median(times.known), median(times.unknown)];
  t.ok(
    unknown > known / 10,
    `${known.toFixed(1)} ms for a known user, ${unknown.toFixed(1)} ms for an unknown one`,
  );
});

t.test(
  'many wrong ones do not push a right one out, and no more is kept than there is room for',
  async (t) => {
    const passwords = new Passwords(16);
    t.teardown(() => passwords.close());
    const users = { alice: hashOf('word') };
    await passwords.check(users, 'alice', 'word');
    for (let guess = 0; guess < 1_100; guess++) await passwords.check(users, 'alice', `guess ${guess}`);
    t.equal(passwords.known(users, 'alice', 'word'), true);
    t.equal(passwords.known(users, 'alice', 'guess 0'), undefined);
    t.equal(passwords.known(users, 'alice', 'guess 1099'), false);
    t.equal(
      passwords.known({ alice: hashOf('word') }, 'alice', 'word'),
      undefined,
      'another hash is another user',
    );
  },
);

t.test('the queue has an end, and a thread that ends is replaced', async (t) => {
  const passwords = new Passwords(4);
  const users = { alice: hashOf('word', 12) };
  const waiting = Array.from({ length: 4 }, (_, guess) => passwords.check(users, 'alice', `guess ${guess}`));
  t.equal(passwords.full, true);
  const outcomes = Promise.allSettled(waiting);
  await passwords.close();
  t.ok(
    (await outcomes).some(({ status }) => status === 'rejected'),
    'who waits when it ends is told',
  );
  t.equal(passwords.full, false);
  t.equal(await passwords.check(users, 'alice', 'word'), true, 'the next one gets a new thread');
  await passwords.close();
});
