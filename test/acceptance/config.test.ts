// What the environment decides, and what is said of a wrong one.
import { join } from 'node:path';
import t from 'tap';
import { ConfigError, loadConfig } from '../../src/config.ts';

/** The faults of an environment, as the user reads them. */
function faultsOf(env: Record<string, string>): string {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

t.test('defaults', async (t) => {
  const config = loadConfig({});
  t.match(config, {
    host: '0.0.0.0',
    port: 5_000,
    metricsPort: 8_080,
    logLevel: 'info',
    capabilities: ['cost', 'forecast'],
    cost: { metric: 'BlendedCost', windowDays: 30, dailyDays: 30, settledDays: 2, intervalMs: 3_600_000 },
    forecast: { intervalMs: 3_600_000 },
    cacheTtlMs: 3_600_000,
    maxSeries: 100_000,
    redis: undefined,
  });
  t.match(config.targets, [{ name: 'default', capabilities: ['cost', 'forecast'] }]);
  t.equal(config.targets.length, 1);
  t.throws(() => Object.assign(config, { port: 1 }), 'it is frozen');
  t.throws(() => Object.assign(config.cost, { windowDays: 1 }), 'all of it');
});

t.test('every setting has its effect', async (t) => {
  const pem = join(t.testdir({ 'ca.pem': 'x' }), 'ca.pem');
  const config = loadConfig({
    PORT: '1',
    METRICS_PORT: '65535',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'debug',
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    AWS_ENDPOINT_URL_STS: 'https://sts.example.com',
    HTTPS_PROXY: 'http://user:word@proxy.example.com:3128',
    NO_PROXY: 'localhost,.example.com',
    NODE_EXTRA_CA_CERTS: pem,
    COST_METRIC: 'NetAmortizedCost',
    COST_WINDOW_DAYS: '7',
    COST_DAILY_DAYS: '0',
    COST_SETTLED_DAYS: '3',
    COST_INTERVAL: '90m',
    FORECAST_INTERVAL: '1d',
    CACHE_TTL_SECONDS: '0',
    CAPABILITIES: ' forecast , cost,cost',
    MAX_SERIES: '0',
    REDIS_HOST: 'redis.example.com',
    REDIS_PORT: '6380',
    REDIS_DB: '3',
    REDIS_KEY_PREFIX: 'finops:',
  });
  t.match(config, {
    host: '127.0.0.1',
    port: 1,
    metricsPort: 65_535,
    logLevel: 'debug',
    capabilities: ['cost', 'forecast'],
    aws: {
      endpoints: { costExplorer: 'http://127.0.0.1:1', sts: 'https://sts.example.com' },
      proxy: 'http://user:word@proxy.example.com:3128',
    },
    cost: { metric: 'NetAmortizedCost', windowDays: 7, dailyDays: 0, settledDays: 3, intervalMs: 5_400_000 },
    forecast: { intervalMs: 86_400_000 },
    cacheTtlMs: 0,
    maxSeries: 0,
    redis: { host: 'redis.example.com', port: 6_380, db: 3, keyPrefix: 'finops:' },
  });
  t.equal(config.targets[0]?.region, 'eu-central-1');
  t.match(loadConfig({ AWS_ENDPOINT_URL_COST_EXPLORER: 'http://ce' }).aws.endpoints, {
    costExplorer: 'http://ce',
    sts: undefined,
  });
  t.equal(loadConfig({ REDIS_URL: 'rediss://u:p@r:1/2' }).redis?.url, 'rediss://u:p@r:1/2');
  t.equal(loadConfig({ https_proxy: 'http://lower' }).aws.proxy, 'http://lower');
  t.equal(loadConfig({ PORT: '' }).port, 5_000, 'an empty value is unset');
  t.same(loadConfig({ CAPABILITIES: 'cost' }).capabilities, ['cost']);
  t.equal(loadConfig({ COST_INTERVAL: '1s' }).cost.intervalMs, 1_000, 'the shortest interval');
  t.equal(loadConfig({ COST_INTERVAL: '1000ms' }).cost.intervalMs, 1_000);
  t.equal(loadConfig({ COST_INTERVAL: '24d' }).cost.intervalMs, 24 * 86_400_000, 'the longest');
});

t.test('a wrong value is named, shown and explained, with an example', async (t) => {
  const wrong: Record<string, readonly string[]> = {
    PORT: ['65536', '-1', '5e3', '0x1388', '5000.0', 'http', ' 5 0 '],
    METRICS_PORT: ['70000', 'x'],
    HOST: ['a b', 'http://x'],
    LOG_LEVEL: ['verbose', 'INFO'],
    AWS_REGION: ['mars', 'us_east_1'],
    AWS_ENDPOINT_URL: ['127.0.0.1:4566', 'ftp://x'],
    AWS_ENDPOINT_URL_COST_EXPLORER: ['x'],
    AWS_ENDPOINT_URL_STS: ['x'],
    NODE_EXTRA_CA_CERTS: ['/nowhere/ca.pem'],
    COST_METRIC: ['Blended', 'UsageQuantity', 'blendedcost'],
    COST_WINDOW_DAYS: ['0', '-1', '1000', '7d', '30.5'],
    COST_DAILY_DAYS: ['-1', '1000'],
    COST_SETTLED_DAYS: ['-2', 'two'],
    COST_INTERVAL: ['60', '999ms', '25d', '0s', '1w', '-1h', '1.5h', 'NaN'],
    FORECAST_INTERVAL: ['60', '577h'],
    CACHE_TTL_SECONDS: ['-1', '1h', '1.5'],
    CAPABILITIES: ['costs', 'cost,wrong', ',', 'cost;forecast'],
    MAX_SERIES: ['-1', 'many'],
    REDIS_HOST: ['a b', 'user@host', 'redis://x'],
    REDIS_PORT: ['0', '65536'],
    REDIS_DB: ['-1', 'x'],
    REDIS_KEY_PREFIX: ['x'.repeat(129)],
    CONFIG_FILE: ['/nowhere/targets.yaml'],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const text = faultsOf({ [name]: value });
      const line = text.split('\n').find((candidate) => candidate.includes(name)) ?? '';
      t.ok(line.includes(JSON.stringify(value)), `${name}=${value} is refused, and shown`);
      t.match(line, /\(example: .+\)/, `${name} has an example`);
    }
  }
});

t.test('every example is a right value', async (t) => {
  const names = [
    'PORT',
    'COST_METRIC',
    'COST_INTERVAL',
    'CAPABILITIES',
    'AWS_REGION',
    'MAX_SERIES',
    'LOG_LEVEL',
  ];
  for (const name of [...names, 'COST_WINDOW_DAYS', 'CACHE_TTL_SECONDS', 'REDIS_DB', 'AWS_ENDPOINT_URL']) {
    const [, example = ''] = /\(example: (.*)\)$/m.exec(faultsOf({ [name]: '~' })) ?? [];
    const beside: Record<string, string> = name === 'REDIS_DB' ? { REDIS_HOST: 'redis' } : {};
    t.equal(faultsOf({ ...beside, [name]: example }), '', `${name}=${example}`);
  }
});

t.test('all faults at once', async (t) => {
  const text = faultsOf({
    PORT: 'x',
    COST_INTERVAL: 'y',
    CAPABILITIES: 'z',
    CONFIG_FILE: '/nowhere/t.yaml',
    REDIS_DB: 'w',
  });
  for (const name of ['PORT', 'COST_INTERVAL', 'CAPABILITIES', 'CONFIG_FILE', 'REDIS_DB']) {
    t.match(text, new RegExp(`^\\s*${name}\\b`, 'm'));
  }
});

t.test('a secret is named, never shown', async (t) => {
  for (const [name, value] of [
    ['REDIS_URL', 'http://user:hunter2@redis'],
    ['REDIS_URL', 'hunter2'],
    ['HTTPS_PROXY', 'socks://user:hunter2@proxy'],
    // What belongs into REDIS_URL, in other places.
    ['REDIS_HOST', 'user:hunter2@redis'],
    ['REDIS_HOST', 'user:hunter2,/@redis'],
    ['REDIS_SENTINELS', 'one:1,redis://:hunter2@two:2'],
    ['AWS_ENDPOINT_URL', 'user:hunter2@proxy:3128'],
  ] as const) {
    const text = faultsOf({ [name]: value });
    t.match(text, name);
    t.notMatch(text, 'hunter2', name);
  }
  const beside = { REDIS_URL: 'redis://redis', REDIS_HOST: 'user:hunter2@redis', REDIS_SENTINELS: 'one:1' };
  t.notMatch(faultsOf(beside), 'hunter2', 'in what is said of settings beside each other too');
  const both = faultsOf({ REDIS_URL: 'redis://user:hunter2@redis', REDIS_HOST: 'redis' });
  t.match(both, 'REDIS_HOST', 'two addresses of Redis contradict each other');
  t.notMatch(both, 'hunter2');
});
