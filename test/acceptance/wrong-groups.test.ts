// What is about no account, and groups that come twice. AWS groups: the same keys twice in one period are no figure, but an answer that went wrong; summed they would be a wrong one.
import t from 'tap';
import { startCosts, startExporter, TODAY } from '../helper.ts';
import { billOfTags } from '../plugins/tags/bill.ts';
import { plusDays } from './bill.ts';

type Body = Record<string, unknown>;
interface Day {
  TimePeriod: { Start: string; End: string };
  Groups: { Keys: string[]; Metrics: object }[];
}

const days = (body: Body) => body.ResultsByTime as Day[];

const REPEATS: Readonly<Record<string, (body: Body) => Body>> = {
  'a group': (body) => {
    const groups = days(body)[9]?.Groups;
    groups?.push(structuredClone(groups[0]!));
    return body;
  },
  'a group, with another amount': (body) => {
    const groups = days(body)[9]?.Groups;
    groups?.push({ ...groups[0]!, Metrics: { BlendedCost: { Amount: '0', Unit: 'USD' } } });
    return body;
  },
  "a day's row": (body) => ({ ...body, ResultsByTime: [...days(body), days(body)[3]!] }),
  'all of it': (body) => ({ ...body, ResultsByTime: [...days(body), ...days(body)] }),
};

t.test('cost: what repeats is refused, and the last good figures stay', async (t) => {
  const { sim, run, metrics, collector } = await startCosts(t, {
    env: { CAPABILITIES: 'cost', CHANGE_DETECTION: 'off' },
  });
  const before = (await metrics()).businessText();
  for (const [what, mutate] of Object.entries(REPEATS)) {
    sim.faults.add({ kind: 'mutate', operation: 'GetCostAndUsage', mutate });
    t.equal(await run('cost'), 'failed', what);
    t.match(await collector('cost'), { cause: { code: 'invalid_response' } }, what);
    t.equal((await metrics()).businessText(), before, what);
    sim.faults.clear();
  }
  t.not(await run('cost'), 'failed');
});

t.test('cost: a page that comes again under a new token', async (t) => {
  const { sim, run, collector } = await startCosts(t, {
    env: { CAPABILITIES: 'cost', CHANGE_DETECTION: 'off' },
    simulator: { pageSize: 20 },
  });
  t.not(await run('cost'), 'failed', 'days that go on on the next page are no repeats');
  let first: unknown;
  sim.faults.add({
    kind: 'mutate',
    operation: 'GetCostAndUsage',
    page: 1,
    mutate(body) {
      first = structuredClone(body.ResultsByTime);
      return body;
    },
  });
  sim.faults.add({
    kind: 'mutate',
    operation: 'GetCostAndUsage',
    page: 2,
    mutate: (body) => ({ ...body, ResultsByTime: first }) as typeof body,
  });
  t.equal(await run('cost'), 'failed');
  t.match(await collector('cost'), { cause: { code: 'invalid_response' } });
});

t.test('tags: the same value and service twice in a month', async (t) => {
  const bill = billOfTags([
    { day: plusDays(TODAY, -1), service: 'AWS Lambda', cost: '1', tags: { Team: 'a\0b' } },
    { day: plusDays(TODAY, -1), service: 'AWS Lambda', cost: '2', tags: { Team: 'a\ufffdb' } },
  ]);
  const { sim, run, metrics } = await startExporter(t, {
    bill,
    env: { CAPABILITIES: 'tags', TAG_KEYS: 'Team', CHANGE_DETECTION: 'off' },
  });
  const costs = async () => (await metrics()).table('aws_tag_cost_total', 'tag_value');
  t.same(await costs(), { 'a\ufffdb': 3 }, 'values that become equal when they are well-formed are summed');
  sim.faults.add({
    kind: 'mutate',
    operation: 'GetCostAndUsage',
    mutate(body) {
      const groups = days(body)[0]?.Groups;
      groups?.push(structuredClone(groups[0]!));
      return body;
    },
  });
  t.equal(await run('tags'), 'failed');
  t.same(await costs(), { 'a\ufffdb': 3 });
});

t.test('cost: a group of no account', async (t) => {
  const { sim, run, metrics, collector } = await startCosts(t, {
    env: { CAPABILITIES: 'cost', CHANGE_DETECTION: 'off' },
  });
  const before = (await metrics()).businessText();
  const named = (account: string) => (body: Body) => {
    const [group] = days(body)[9]?.Groups ?? [];
    if (group !== undefined) group.Keys[1] = account;
    return body;
  };
  sim.faults.add({ kind: 'mutate', operation: 'GetCostAndUsage', mutate: named('') });
  t.equal(await run('cost'), 'failed');
  t.match(await collector('cost'), { cause: { code: 'invalid_response' } });
  t.equal((await metrics()).businessText(), before);
  sim.faults.clear();
  sim.faults.add({ kind: 'mutate', operation: 'GetCostAndUsage', mutate: named('No linked account') });
  t.not(await run('cost'), 'failed', 'AWS may write words there');
});

t.test('STS: an account is digits', async (t) => {
  for (const [Account, right] of [
    ['11353890204', true],
    ['1234567890123', true],
    ['', false],
    ['arn:aws:iam::1:root', false],
    ['1'.repeat(21), false],
    ['111122223333\n', false],
  ] as const) {
    const { target } = await startCosts(t, {
      env: { CAPABILITIES: 'cost' },
      before: ({ faults }) =>
        faults.add({
          kind: 'mutate',
          operation: 'GetCallerIdentity',
          mutate: (body) => ({ ...body, Account }),
        }),
    });
    const { collectors } = await target();
    t.match(
      collectors,
      right ? [{ state: 'ok' }] : [{ state: 'failed', cause: { code: 'invalid_response' } }],
      JSON.stringify(Account),
    );
  }
});
