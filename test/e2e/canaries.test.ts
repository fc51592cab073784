// No secret in any log, error, metric, REST body, `check` or crash output: canaries in every secret setting, real processes, and all that they say.
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { SETTING_NAMES } from '../../src/config/settings.ts';
import { generateBill, type Simulator, startSimulator } from '../../src/simulator/index.ts';
import { ask } from '../helper.ts';
import { eventually, freePort } from '../servers/process.ts';
import { type RedisServer, startRedis } from '../servers/redis.ts';
import { basic, bearer, hashOf, pki, tokenLine } from '../web/helper.ts';
import { type Canaries, canary, isSilent, SECRET_PLACES, shapesOf } from './canaries.ts';
import { CLI, runCommand, startServe } from './command.ts';

t.setTimeout(300_000);

const PAYER = '111122223333';
const MEMBER = '444455556666';
const ROLE = `arn:aws:iam::${MEMBER}:role/costs`;

/** A machine with a canary in every secret place, and what is needed to use them. */
interface Planted {
  readonly canaries: Map<string, string>;
  readonly env: Record<string, string>;
  readonly simulator: Simulator;
  readonly redis: RedisServer;
  readonly folder: string;
  readonly trust: string;
  readonly password: string;
  readonly token: string;
}

async function plant(t: Test): Promise<Planted | undefined> {
  const made = await pki(t);
  const redisPassword = canary();
  const redis = made && (await startRedis(t, { password: redisPassword }));
  if (made === undefined || redis === undefined) return undefined;
  const { folder, trust } = made;
  const canaries = new Map<string, string>();
  const fresh = (place: string) => {
    const secret = canary();
    canaries.set(place, secret);
    return secret;
  };
  canaries.set('REDIS_URL', redisPassword);
  const proxy = fresh('HTTPS_PROXY');
  const externalId = fresh('CONFIG_FILE targets.externalId');
  const accessKeyId = `AKIA${fresh('AWS_ACCESS_KEY_ID').toUpperCase()}`;
  canaries.set('AWS_ACCESS_KEY_ID', accessKeyId);
  const password = fresh('a password');
  const token = fresh('a token');
  const hash = hashOf(password);
  canaries.set('WEB_CONFIG_FILE.basic_auth_users', hash.slice(7));
  // In the file itself: what is marked secret is the text, not the path.
  const pem = (name: string) => readFileSync(join(folder, name), 'utf8');
  const key = pem('server.key');
  canaries.set('WEB_CONFIG_FILE.tls_server_config.key', key.split('\n')[1]?.slice(8, 56) ?? '');
  const bill = generateBill({ seed: 3, today: new Date(), days: 40 });
  const simulator = await startSimulator({
    bill,
    accounts: [
      { accountId: PAYER, accessKeyId },
      { accountId: MEMBER, roles: [{ arn: ROLE, externalId }] },
    ],
  });
  t.teardown(() => simulator.close());
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const env = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: fresh('AWS_SECRET_ACCESS_KEY'),
    AWS_ENDPOINT_URL: simulator.url,
    CHANGE_DETECTION: 'off',
    LOG_LEVEL: 'trace',
    REDIS_URL: redis.url,
    HTTPS_PROXY: `http://someone:${proxy}@127.0.0.1:${await freePort()}`,
    CONFIG_FILE: file(
      'targets.yaml',
      `targets: [{name: payer}, {name: member, roleArn: "${ROLE}", externalId: ${externalId}}]`,
    ),
    WEB_CONFIG_FILE: file(
      'web.yaml',
      `tls_server_config: {cert: ${JSON.stringify(pem('server.crt'))}, key: ${JSON.stringify(key)}, client_ca: ${JSON.stringify(pem('ca.crt'))}, client_auth_type: VerifyClientCertIfGiven}\nbasic_auth_users: {alice: ${hash}}`,
    ),
    API_TOKENS_FILE: file('tokens', tokenLine('grafana', token)),
  };
  return { canaries, env, simulator, redis, folder, trust, password, token };
}

const SOUNDS_SECRET = /PASS|SECRET|TOKEN|KEY|CREDENTIAL|AUTH|PROXY|URL|DSN|EXTERNAL/;

/** Secret by the schema of the file, though it is public: a key may be pasted where a certificate belongs. */
const PUBLIC = ['WEB_CONFIG_FILE.tls_server_config.cert', 'WEB_CONFIG_FILE.tls_server_config.client_ca'];

/** Every path of REST, from its own document, and some that it has not. */
async function paths(url: string, trust: string, token: string): Promise<string[]> {
  const answer = await ask(`${url}/docs/json`, { tls: { ca: trust }, headers: bearer(token) });
  const documented = Object.keys(answer.json<{ paths: object }>().paths);
  return [
    ...documented.map((path) => path.replace('{key}', 'Name')),
    ...documented.map((path) => `${path.replace('{key}', 'Name')}?target=member`),
    ...[
      '/',
      '/docs/',
      '/docs/json',
      '/none',
      '/cost/current?x=1',
      '/cost/current?target=%22',
      '/cost/%zz',
      '/cost/tags/none',
    ],
  ];
}

/** Asks all there is, with and without credentials; everything that was answered, heads too. */
async function hear(urls: { restUrl: string; metricsUrl: string }, planted: Planted): Promise<string> {
  const { trust, token, password } = planted;
  const heard: string[] = [];
  const callers = [
    {},
    bearer(token),
    basic('alice', password),
    basic('grafana', token),
    basic('alice', canary()),
    bearer(canary()),
  ];
  for (const path of await paths(urls.restUrl, trust, token)) {
    for (const headers of callers) {
      const answer = await ask(`${urls.restUrl}${path}`, { headers, tls: { ca: trust } });
      heard.push(JSON.stringify(answer.headers), answer.text);
    }
  }
  for (const headers of callers) {
    for (const path of ['/metrics', '/ready', '/health', '/none']) {
      const answer = await ask(`${urls.metricsUrl}${path}`, { headers, tls: { ca: trust } });
      heard.push(JSON.stringify(answer.headers), answer.text);
    }
  }
  return heard.join('\n');
}

/** All keys and values of a Redis, as redis-cli shows them. */
async function dump(redis: RedisServer): Promise<string> {
  const script = `local out = {} for _, key in ipairs(redis.call('KEYS', '*')) do
    local kind = redis.call('TYPE', key).ok out[#out + 1] = key
    local read = {string = {'GET', key}, hash = {'HGETALL', key}, list = {'LRANGE', key, 0, -1}, set = {'SMEMBERS', key}, zset = {'ZRANGE', key, 0, -1}}
    local found = redis.call(unpack(read[kind] or {'TYPE', key}))
    for _, item in ipairs(type(found) == 'table' and found or {found}) do out[#out + 1] = item end end return out`;
  return redis.cli(['EVAL', script, '0']);
}

t.test('every place that is marked secret has a canary', async (t) => {
  const planted = await plant(t);
  if (planted === undefined) return;
  t.same(
    SECRET_PLACES.filter((place) => !planted.canaries.has(place) && !PUBLIC.includes(place)),
    [],
  );
  t.ok(SECRET_PLACES.includes('REDIS_URL') && SECRET_PLACES.length >= 5, SECRET_PLACES.join(', '));
  for (const [place, secret] of planted.canaries) t.ok(secret.length >= 24, place);
  // A new setting that sounds like a secret is marked as one, or stands here.
  const harmless = /^(AWS_ENDPOINT_URL\w*|NO_PROXY|API_TOKENS_FILE|TAG_KEYS|REDIS_KEY_PREFIX)$/;
  t.same(
    SETTING_NAMES.filter((name) => SOUNDS_SECRET.test(name) && !harmless.test(name)),
    SECRET_PLACES.filter((place) => /^\w+$/.test(place)).toSorted(),
  );
  const carried = `x ${Buffer.from(`user:${planted.token}`).toString('base64')}`;
  t.ok(
    shapesOf(planted.token).some((shape) => carried.includes(shape)),
    'a canary is heard in other clothes too',
  );
});

t.test('serve: at work, in trouble, and at its end', async (t) => {
  const planted = await plant(t);
  if (planted === undefined) return;
  const { env, canaries, redis, simulator, trust } = planted;
  const served = await startServe(t, env);
  const ready = () =>
    ask(`${served.restUrl}/ready`, { tls: { ca: trust }, headers: bearer(planted.token) }).then((answer) =>
      answer.json<{ targets: { target: string; accountId: string; collectors: { state: string }[] }[] }>(),
    );
  await eventually(
    'both targets have collected',
    async () => {
      const { targets } = await ready();
      return targets.every(({ collectors }) => collectors.every(({ state }) => state !== 'pending'))
        ? true
        : undefined;
    },
    60_000,
  );
  t.same(
    (await ready()).targets.map(({ accountId }) => accountId),
    [PAYER, MEMBER],
    'keys, secret and ExternalId are in use',
  );
  t.ok((await dump(redis)).length > 10_000, 'Redis is, with its password');
  isSilent(t, canaries, await hear(served, planted), 'every answer');
  isSilent(t, canaries, await dump(redis), 'Redis');
  await served.end('SIGTERM');

  for (const kind of ['deny', 'error500', 'corrupt', 'throttle', 'reset'] as const)
    simulator.faults.add({ kind, probability: 0.5 } as never);
  const troubled = await startServe(t, {
    ...env,
    CACHE_TTL_SECONDS: '0',
    COST_INTERVAL: '1s',
    TAGS_INTERVAL: '1s',
  });
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  await redis.stop();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  isSilent(t, canaries, await hear(troubled, planted), 'every answer in trouble');
  await redis.restart({ keepData: false });
  await eventually('Redis is found again', () =>
    troubled.log().some(({ msg }) => /up|again|connected|reached/i.test(String(msg))) ? true : undefined,
  );
  await troubled.end('SIGTERM');
  const logs = served.stdout() + served.stderr() + troubled.stdout() + troubled.stderr();
  t.match(logs, /"level":[45]0/, 'there was something to complain about');
  isSilent(t, canaries, logs, 'the logs');
});

t.test('check, plan, openapi, demo and help', async (t) => {
  const planted = await plant(t);
  if (planted === undefined) return;
  const { env, canaries, folder } = planted;
  for (const args of [
    ['check'],
    ['plan'],
    ['plan', '--json'],
    ['openapi'],
    ['demo', '--once'],
    ['help'],
    ['nonsense'],
  ]) {
    const { code, stdout, stderr } = await runCommand(t, [CLI, ...args], { env });
    // A plan of two targets is above the budget of a dollar.
    const expected = { nonsense: 2, plan: 1 }[args[0] ?? ''] ?? 0;
    t.equal(code, expected, args.join(' '), { stderr });
    isSilent(t, canaries, stdout + stderr, args.join(' '));
  }
  const endpoint = canary();
  const at = env.AWS_ENDPOINT_URL?.replace('://', `://user:${endpoint}@`) ?? '';
  const { stdout, stderr } = await runCommand(t, [CLI, 'check'], { env: { ...env, AWS_ENDPOINT_URL: at } });
  t.match(stdout, 'AWS_ENDPOINT_URL=http://***@127.0.0.1');
  isSilent(t, new Map([['AWS_ENDPOINT_URL', endpoint]]), stdout + stderr, 'check of an endpoint with a user');
  // What lies on the disk of a process that has a folder.
  const stateDir = join(folder, 'state');
  const { REDIS_URL: _, ...withoutRedis } = env;
  const served = await startServe(t, { ...withoutRedis, STATE_DIR: stateDir });
  await eventually('something is kept', () => (readdirSync(stateDir).length > 2 ? true : undefined), 60_000);
  await served.end('SIGTERM');
  const files = readdirSync(stateDir, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  const kept = files.map((one) => readFileSync(join(one.parentPath, one.name), 'latin1')).join('\n');
  isSilent(t, canaries, kept, 'STATE_DIR');
});

t.test('a proxy and a Redis that refuse, and say back what they were told', async (t) => {
  const planted = await plant(t);
  if (planted === undefined) return;
  const { env, canaries } = planted;
  const told: string[] = [];
  const proxy = createServer();
  proxy.on('connect', ({ headers }, socket) => {
    told.push(String(headers['proxy-authorization']));
    socket.end(
      `HTTP/1.1 407 ${headers['proxy-authorization']}\r\nx-was: ${headers['proxy-authorization']}\r\n\r\n`,
    );
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.teardown(() => proxy.close());
  const { port } = proxy.address() as { port: number };
  const through = {
    ...env,
    AWS_ENDPOINT_URL: 'https://aws.invalid',
    HTTPS_PROXY: env.HTTPS_PROXY?.replace(/\d+$/, String(port)) ?? '',
  };
  const { stdout, stderr } = await runCommand(t, [CLI, 'check'], { env: through });
  t.ok(
    told.some((one) =>
      Buffer.from(one.slice(6), 'base64')
        .toString()
        .includes(canaries.get('HTTPS_PROXY') ?? '-'),
    ),
    'it was told',
  );
  isSilent(t, canaries, stdout + stderr, 'check');

  const wrong = { ...through, REDIS_URL: env.REDIS_URL?.replace('@', 'wrong@') ?? '' };
  const served = await startServe(t, wrong);
  await eventually(
    'Redis refuses',
    () => (/WRONGPASS|password|credentials/i.test(served.stdout()) ? true : undefined),
    60_000,
  );
  await eventually('so does the proxy', () => (told.length > 2 ? true : undefined), 60_000);
  isSilent(t, canaries, await hear(served, planted), 'every answer');
  await served.end('SIGTERM');
  isSilent(t, canaries, served.stdout() + served.stderr(), 'the log');
});

t.test('settings that are wrong: exit code 2, and not a word of them', async (t) => {
  const planted = await plant(t);
  if (planted === undefined) return;
  const { env, canaries, folder, token, password } = planted;
  const secret = canary();
  const all: Canaries = new Map([...canaries, ['a wrong value', secret]]);
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const web = (content: string) => ({ WEB_CONFIG_FILE: file('bad-web.yaml', content) });
  const targets = (content: string) => ({ CONFIG_FILE: file('bad-targets.yaml', content) });
  const tokens = (content: string) => ({ API_TOKENS_FILE: file('bad-tokens', content) });
  const cases: Record<string, Record<string, string>> = {
    'REDIS_URL: no URL': { REDIS_URL: secret },
    'REDIS_URL: another scheme': { REDIS_URL: `http://user:${secret}@redis` },
    'REDIS_URL: a query': { REDIS_URL: `redis://user:${secret}@redis/0?password=${secret}` },
    'REDIS_URL and REDIS_HOST': { REDIS_HOST: 'redis' },
    'REDIS_HOST: a whole address, beside REDIS_URL': { REDIS_HOST: `redis://user:${secret}@redis:6379` },
    'REDIS_HOST: an address without a scheme': { REDIS_URL: '', REDIS_HOST: `:${secret}@redis` },
    'REDIS_SENTINELS: a password': { REDIS_SENTINELS: `one:26379,user:${secret}@two:26379` },
    'PORT: an address': { PORT: `http://user:${secret}@proxy:3128` },
    'HTTPS_PROXY: no URL': { HTTPS_PROXY: secret },
    'https_proxy: another scheme': { HTTPS_PROXY: '', https_proxy: `socks5://user:${secret}@proxy` },
    'HTTPS_PROXY: another scheme': { HTTPS_PROXY: `socks5://user:${secret}@proxy` },
    'AWS_ENDPOINT_URL with a user': { AWS_ENDPOINT_URL: `ftp://user:${secret}@aws` },
    'AWS_ENDPOINT_URL: a password that should be percent-encoded': {
      AWS_ENDPOINT_URL: `http://user:${secret}/@${secret}@aws`,
    },
    'CONFIG_FILE: broken near a secret': targets(`targets: [{name: a, externalId: "${secret}`),
    'CONFIG_FILE: a list in place of a secret': targets(
      `targets: [{name: a, roleArn: "${ROLE}", externalId: [${secret}]}]`,
    ),
    'CONFIG_FILE: a secret without a role': targets(`targets: [{name: a, externalId: ${secret}}]`),
    'CONFIG_FILE: a secret as a whole': targets(secret),
    'WEB_CONFIG_FILE: broken near a secret': web(`basic_auth_users: {alice: "${secret}`),
    'WEB_CONFIG_FILE: a password in place of its hash': web(`basic_auth_users: {alice: ${secret}}`),
    'WEB_CONFIG_FILE: a list of passwords': web(`basic_auth_users: [${secret}]`),
    'WEB_CONFIG_FILE: a secret as a whole': web(secret),
    'WEB_CONFIG_FILE: a key that is none': web(`tls_server_config: {cert: ${secret}, key: ${secret}}`),
    'WEB_CONFIG_FILE: a key in place of the certificate': web(
      `tls_server_config: {cert: ${JSON.stringify(readFileSync(join(folder, 'server.key'), 'utf8'))}, key_file: server.crt}`,
    ),
    'API_TOKENS_FILE: a token in place of its hash': tokens(`grafana ${secret}\n`),
    'API_TOKENS_FILE: a token alone': tokens(`${secret}\n`),
    'API_TOKENS_FILE: a token in place of its name': tokens(`${secret}/ ${'a'.repeat(64)}\n`),
    'API_TOKENS_FILE: a key': { API_TOKENS_FILE: join(folder, 'server.key') },
  };
  for (const [name, wrong] of Object.entries(cases)) {
    const { code, stdout, stderr } = await runCommand(t, [CLI, 'serve'], { env: { ...env, ...wrong } });
    t.equal(code, 2, name, { stderr });
    isSilent(t, all, stdout + stderr, name);
  }
  t.ok(token !== password);
});

t.test(
  'ends that nobody wanted: a port in use, a folder that is none, an exception, no memory, SIGABRT',
  async (t) => {
    const planted = await plant(t);
    if (planted === undefined) return;
    const { env, canaries, folder, token } = planted;
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    t.teardown(() => taken.close());
    const { port } = taken.address() as { port: number };
    const { REDIS_URL: _, ...withoutRedis } = env;
    writeFileSync(join(folder, 'file'), '');
    const exits: [what: string, env: Record<string, string>, code: number][] = [
      ['a port in use', { ...env, PORT: String(port) }, 1],
      ['a folder that is none', { ...withoutRedis, STATE_DIR: join(folder, 'file', 'state') }, 1],
    ];
    for (const [what, wrong, expected] of exits) {
      const { code, stdout, stderr } = await runCommand(t, [CLI, 'serve'], { env: wrong });
      t.equal(code, expected, what, { stderr });
      isSilent(t, canaries, stdout + stderr, what);
    }
    const crashes: Record<string, string> = {
      'an exception': 'throw new Error("made to crash");',
      'a rejection': 'Promise.reject(new Error("made to crash"));',
      'no memory': 'const all = []; for (;;) all.push(new Array(1e6).fill(all.length));',
      SIGABRT: 'process.abort();',
    };
    for (const [what, source] of Object.entries(crashes)) {
      const crash = join(folder, 'crash.mjs');
      writeFileSync(crash, `process.on('SIGUSR2', () => { ${source} });`);
      const args = ['--max-old-space-size=200', '--import', crash, CLI, 'serve'];
      const served = await startServe(t, env, { args, cwd: folder });
      await ask(`${served.restUrl}/spend`, { tls: { ca: planted.trust }, headers: bearer(token) });
      const { code, signal } = await served.end('SIGUSR2');
      t.ok(code !== 0, `${what}: ${code ?? signal}`);
      if (/exception|rejection/.test(what)) t.match(served.stderr(), /made to crash/);
      isSilent(t, canaries, served.stdout() + served.stderr(), what);
      // Its memory would hold all of them.
      const left = readdirSync(folder).filter((name) => /^report\.|heap/i.test(name));
      t.same(left, [], `${what}: no report and no picture of the heap is left`);
    }
  },
);
