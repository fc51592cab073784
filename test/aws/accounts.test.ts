import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { ACCOUNT_TTL_MS, Accounts } from '../../src/aws/accounts.ts';
import type { Target } from '../../src/config.ts';

/** Accounts whose STS is a table; undefined: STS fails. */
function accountsOf(
  table: Record<string, { is: string | undefined; expects?: string }>,
  now: () => number = () => 0,
) {
  const asked: string[] = [];
  const told: string[] = [];
  const sources = Object.entries(table).map(([name, entry]) => ({
    target: { name, capabilities: [], regions: [], tagKeys: [], accountId: entry.expects } satisfies Target,
    async ask() {
      asked.push(name);
      await setImmediate();
      if (entry.is === undefined) throw new Error(`STS refuses ${name}`);
      return entry.is;
    },
  }));
  const accounts = new Accounts(sources, (name, accountId) => told.push(`${name} ${accountId}`), now);
  const code = (name: string) =>
    accounts.resolve(name).then(
      (accountId) => accountId,
      (error: Error & { code?: string }) => error.code ?? error.message,
    );
  return { accounts, asked, told, code, table };
}

t.test('an account is asked for once, and believed for a while', async (t) => {
  let now = 0;
  const { accounts, asked, told, code } = accountsOf({ one: { is: '1' } }, () => now);
  t.equal(accounts.known('one'), undefined);
  t.same(await Promise.all([code('one'), code('one'), code('one')]), ['1', '1', '1']);
  t.same(asked, ['one'], 'three at once ask once');
  now = ACCOUNT_TTL_MS - 1;
  await code('one');
  t.same(asked, ['one']);
  now = ACCOUNT_TTL_MS;
  await code('one');
  t.same(asked, ['one', 'one']);
  t.same(told, ['one 1', 'one 1']);
  t.equal(accounts.known('one'), '1');
});

t.test('another account than the configured one is refused', async (t) => {
  const { code } = accountsOf({ one: { is: '1', expects: '2' }, two: { is: '2', expects: '2' } });
  t.equal(await code('one'), 'wrong_account');
  t.equal(await code('two'), '2');
  const same = accountsOf({ one: { is: '1', expects: '9' }, two: { is: '1' } });
  t.equal(await same.code('one'), 'wrong_account');
  t.equal(await same.code('two'), '1', 'the refused target does not stand in the way of the right one');
});

t.test('of two targets of one account the later is refused, whoever asks first', async (t) => {
  for (const order of [
    ['one', 'two'],
    ['two', 'one'],
  ] as const) {
    const { code } = accountsOf({ one: { is: '1' }, two: { is: '1' } });
    const results: Record<string, string> = {};
    for (const name of order) results[name] = await code(name);
    t.same(results, { one: '1', two: 'wrong_account' }, `${order}`);
  }
  const { code } = accountsOf({ one: { is: '1' }, two: { is: '1' } });
  t.same(await Promise.all([code('two'), code('one')]), ['wrong_account', '1'], 'both at once');
});

t.test('a target whose STS fails fails alone', async (t) => {
  const { code, table } = accountsOf({ one: { is: undefined }, two: { is: '2' }, three: { is: '3' } });
  t.equal(await code('one'), 'STS refuses one');
  t.equal(await code('two'), '2');
  t.equal(await code('three'), '3');
  table.one!.is = '1';
  t.equal(await code('one'), '1', 'a failure is not remembered');
});

t.test('a change of account is seen: the twin of a target is free once that is another', async (t) => {
  let now = 0;
  const { code, table } = accountsOf({ one: { is: '1' }, two: { is: '1' } }, () => now);
  t.equal(await code('two'), 'wrong_account');
  table.one!.is = '9';
  now = ACCOUNT_TTL_MS;
  t.equal(await code('two'), '1');
});

t.test('a target that is not configured is a mistake of the program', async (t) => {
  t.match(await accountsOf({}).code('none'), /no target none/);
});
