import assert from 'node:assert/strict';
import { Value } from '@sinclair/typebox/value';
import fc from 'fast-check';
import t from 'tap';
import { readSettings } from '../../src/config/faults.ts';
import { parseDuration } from '../../src/config/kinds.ts';
import { SETTING_NAMES, Settings, settingDoc } from '../../src/config/settings.ts';
import { ConfigError, loadConfig } from '../../src/config.ts';

const faultsOf = (env: NodeJS.ProcessEnv) => readSettings(env).faults.map(({ where }) => where);

t.test('every setting is documented: what it does, what is right, and an example that is', async (t) => {
  for (const name of SETTING_NAMES) {
    const doc = settingDoc(name);
    t.match(doc.description, /^[A-Z].*\.$/s, `${name}: a sentence`);
    t.ok(doc.expects.length > 0, `${name}: what is expected`);
    if (name !== 'NODE_EXTRA_CA_CERTS' && name !== 'CONFIG_FILE') {
      t.same(faultsOf({ [name]: doc.example }), [], `${name}: the example is right`);
    }
    const fallback: unknown = doc.default;
    if (fallback !== undefined)
      t.ok(Value.Check(Settings.properties[name], fallback), `${name}: so is the default`);
  }
});

t.test('numbers: their ends are right, what lies beyond is not, and nothing is coerced', async (t) => {
  for (const name of SETTING_NAMES.filter((one) => settingDoc(one).type === 'integer')) {
    const { minimum, maximum } = settingDoc(name) as { minimum?: number; maximum?: number };
    const accepts = (text: string) => faultsOf({ [name]: text }).length === 0;
    t.ok(accepts(String(minimum)) && accepts(String(maximum)), `${name}: ${minimum} to ${maximum}`);
    t.equal(readSettings({ [name]: ` ${maximum} ` }).settings[name], maximum, `${name}: trimmed`);
    for (const text of [
      `${minimum! - 1}`,
      `${maximum! + 1}`,
      '1.5',
      '0x5',
      '1e3',
      '٣',
      'five',
      '-0',
      '+5',
      '5 5',
    ]) {
      t.notOk(accepts(text), `${name}=${text}`);
    }
  }
});

t.test('the ends of COST_*, as the contract has them', async (t) => {
  const ends = {
    COST_WINDOW_DAYS: '1',
    COST_DAILY_DAYS: '0',
    COST_SETTLED_DAYS: '1',
    CACHE_TTL_SECONDS: '0',
    MAX_SERIES: '0',
  };
  t.match(loadConfig(ends), {
    cost: { windowDays: 1, dailyDays: 0, settledDays: 1 },
    cacheTtlMs: 0,
    maxSeries: 0,
  });
});

t.test('durations: <n>ms|s|m|h|d, 1s to 24d', async (t) => {
  const right = {
    '1s': 1_000,
    '1000ms': 1_000,
    '90m': 5_400_000,
    '1h': 3_600_000,
    '24d': 2_073_600_000,
    '576h': 2_073_600_000,
  };
  for (const [text, ms] of Object.entries(right)) t.equal(parseDuration(text), ms, text);
  for (const text of [
    '999ms',
    '0s',
    '25d',
    '577h',
    '1',
    'h',
    '1.5h',
    '-1h',
    '1H',
    '1 h',
    ' 1h',
    '1h30m',
    '',
    '1w',
    '1e9d',
  ]) {
    t.equal(parseDuration(text), undefined, JSON.stringify(text));
  }
  fc.assert(
    fc.property(fc.nat(40_000_000), fc.constantFrom('ms', 's', 'm', 'h', 'd'), (count, unit) => {
      const ms = parseDuration(`${count}${unit}`);
      assert.ok(ms === undefined || (ms >= 1_000 && ms <= 2_073_600_000));
    }),
  );
});

t.test('lists are trimmed, without doubles; an empty value is unset', async (t) => {
  t.same(readSettings({ CAPABILITIES: ' forecast ,, cost,cost ' }).settings.CAPABILITIES, [
    'forecast',
    'cost',
  ]);
  t.same(faultsOf({ CAPABILITIES: ' , ' }), ['CAPABILITIES']);
  const empty = Object.fromEntries(SETTING_NAMES.map((name) => [name, '']));
  t.same(readSettings(empty), readSettings({}));
});

t.test('whatever the environment holds: every fault at once, no crash, and no secret is told', async (t) => {
  const secrets = SETTING_NAMES.filter((name) => settingDoc(name).secret);
  t.ok(secrets.includes('REDIS_URL') && secrets.includes('HTTPS_PROXY'));
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('-1', '1e9', 'redis://u:p@h', 'http://u:p@h', 'x'),
  );
  const names = SETTING_NAMES.filter((name) => name !== 'CONFIG_FILE');
  const environment = fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] });
  fc.assert(
    fc.property(environment, (env) => {
      const marked = Object.fromEntries(
        Object.entries(env).map(([name, text]) => [
          name,
          secrets.some((one) => one === name) ? `${text} hunter2` : text,
        ]),
      );
      const single = names.filter((name) => faultsOf({ [name]: marked[name] }).length > 0);
      try {
        loadConfig(marked);
        assert.deepEqual(single, []);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        const named = new Set(error.faults.map(({ where }) => where));
        for (const name of single) assert.ok(named.has(name), `${name} is not told`);
        assert.doesNotMatch(error.message, /hunter2/);
        for (const { reason } of error.faults) assert.ok(reason.length > 0);
      }
    }),
    { numRuns: 60 },
  );
  t.pass();
});

/** What a user reads of a wrong environment; empty where it is right. */
function told(env: NodeJS.ProcessEnv): string {
  try {
    loadConfig(env);
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

t.test('REDIS_URL: only what the client of Redis can make use of', async (t) => {
  for (const url of [
    'redis://h',
    'redis://h/',
    'redis://h/0',
    'rediss://u:p%40%2F@h:1/15',
    'redis://:p@[::1]/1023',
  ]) {
    t.equal(told({ REDIS_URL: url }), '', url);
  }
  const paths = ['/abc', '/%ZZ', '/-1', '/1/2', '/2abc', '/1024', '/1.5', '//', '/0/', '/%31'];
  for (const path of [...paths, '?db=x', '/0?db=500', '#1']) {
    const message = told({ REDIS_URL: `redis://u:hunter2@host.example${path}` });
    t.match(message, /REDIS_URL: must be .* database number from 0 to 1023 \(example: rediss/, path);
    t.notMatch(message, /hunter2|host\.example/, `${path}: not shown`);
  }
  for (const user of ['u:%ZZ', '%E0:p', 'u:hunter2%', ':%C3']) {
    t.match(told({ REDIS_URL: `redis://${user}@h` }), /REDIS_URL: must be .*percent-encoded/, user);
  }
});

t.test('REDIS_HOST: a host alone', async (t) => {
  for (const host of ['redis', 'redis.monitoring.svc', '10.0.0.1', '::1', 'fe80::1%eth0', 'réseau.fr'])
    t.equal(told({ REDIS_HOST: host }), '', host);
  for (const host of ['a:b:c', 'redis:6379', '[::1]', 'a/b', 'u@h', 'a b', 'h?x', 'h#x'])
    t.match(told({ REDIS_HOST: host }), /REDIS_HOST=.*: must be a host name or an address alone/, host);
});

t.test('settings of Redis that would have no effect are refused', async (t) => {
  const sentinels = { REDIS_SENTINELS: 's:26379', REDIS_SENTINEL_NAME: 'm' };
  for (const right of [
    { REDIS_HOST: 'h', REDIS_PORT: '1', REDIS_DB: '1' },
    { ...sentinels, REDIS_DB: '1' },
    { ...sentinels, REDIS_URL: 'redis://u:p@x/1' },
    { REDIS_PORT: '', REDIS_DB: '' },
  ]) {
    t.equal(told(right), '', JSON.stringify(right));
  }
  const wrong: [NodeJS.ProcessEnv, RegExp][] = [
    [{ REDIS_PORT: '6379' }, /REDIS_PORT=6379: has no effect without REDIS_HOST/],
    [{ REDIS_DB: '0' }, /REDIS_DB=0: has no effect without REDIS_HOST/],
    [{ REDIS_PORT: '1', REDIS_URL: 'redis://h' }, /REDIS_PORT=1: has no effect beside REDIS_URL/],
    [{ REDIS_DB: '1', REDIS_URL: 'redis://h' }, /REDIS_DB=1: has no effect beside REDIS_URL/],
    [{ ...sentinels, REDIS_PORT: '1' }, /REDIS_PORT=1: has no effect beside REDIS_SENTINELS/],
    [{ ...sentinels, REDIS_HOST: 'h' }, /REDIS_HOST="h": has no effect beside REDIS_SENTINELS/],
  ];
  for (const [env, message] of wrong) {
    t.match(told(env), message, JSON.stringify(env));
    t.equal(told(env).split('\n').length, 2, 'one fault');
  }
  t.equal(told({ REDIS_PORT: 'x' }).split('\n').length, 2, 'a wrong value has one fault');
});

t.test('numbers of a list may be equal', async (t) => {
  t.same(loadConfig({ PRIORITY_THRESHOLDS: '10,10' }).optimization.priorities, { high: 10, medium: 10 });
});

t.test('what is read is frozen, and one configuration does not change the next', async (t) => {
  const config = loadConfig({});
  t.throws(() => Object.assign(config.settings.CAPABILITIES, ['none']));
  t.throws(() => Object.assign(config.targets[0]!, { name: 'other' }));
  t.same(loadConfig({}), config);
});
