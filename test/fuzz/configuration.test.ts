// Whatever the environment and the files hold: a configuration within its documented ranges, or exit code 2 with a sentence.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { type Config, ConfigError, loadConfig } from '../../src/config.ts';
import { ROOT } from '../e2e/command.ts';
import { run } from '../servers/process.ts';
import { hashOf, pki } from '../web/helper.ts';
import { GOOD } from '../web/web-files.ts';
import { runsOf } from './runs.ts';
import { at } from './spoil.ts';

t.setTimeout(3_600_000);

/** What must never be told. */
const SECRETS = {
  proxy: 'qproxyq-canary-zz1',
  redis: 'qredisq-canary-zz2',
  externalId: 'qexternq-canary-zz3',
} as const;
const HASH = hashOf('a password of nobody');
const DIGEST = '7d5b3f1e9c8a6b4d2f0e1c3a5b7d9f8e6c4a2b0d1f3e5c7a9b8d6f4e2c0a1b3d';

/** Settings that are right together, with the secrets in their places. */
const RIGHT: Readonly<Record<string, string>> = {
  HTTPS_PROXY: `http://user:${SECRETS.proxy}@proxy.example.com:3128`,
  REDIS_URL: `redis://user:${SECRETS.redis}@redis.example.com:6379/1`,
  COST_WINDOW_DAYS: '7',
  TAGS_INTERVAL: '15m',
};

const TARGETS = `targets:
  - name: payer
    roleArn: arn:aws:iam::111122223333:role/costs
    externalId: ${SECRETS.externalId}
    accountId: "111122223333"
    regions: [eu-central-1, us-east-1]
    spendBudgetUsd: 0.5
    capabilities: [cost, forecast]
  - name: member
    tagKeys: [Team, "Cost Center"]
estimates:
  ec2: 0.2
  maxResources: 10
`;
const TOKENS = `# who may read\ngrafana ${DIGEST}\nci ${DIGEST.replaceAll('7', '8')}\n`;

/** The documented settings: what is said of their values in docs/configuration.md. */
const DOCUMENTED = new Map(
  [
    ...readFileSync(join(ROOT, 'docs/configuration.md'), 'utf8').matchAll(
      /^\| `([A-Z_]+)` \| .*Must be (.*?)\. (?:Never shown\. )?\| `(.*)` \|$/gm,
    ),
  ].map(([, name = '', must = '', example = '']) => [name, { must: must.replaceAll('\\|', '|'), example }]),
);
const NAMES = [...DOCUMENTED.keys()];

/** Whether a value of the configuration is what the documentation says. */
function isDocumented(value: unknown, must: string): boolean {
  const [, from, to] = /^a (?:whole )?number (?:of US dollars )?from (\d+) to (\d+)$/.exec(must) ?? [];
  if (from !== undefined) {
    const whole = must.startsWith('a whole');
    return (
      typeof value === 'number' &&
      value >= Number(from) &&
      value <= Number(to) &&
      (!whole || Number.isInteger(value))
    );
  }
  const [, words] = /^one of (.*)$/.exec(must) ?? [];
  if (words !== undefined) return words.split(', ').includes(String(value));
  if (must.startsWith('a duration')) {
    const [, count, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(String(value)) ?? [];
    const ms =
      Number(count) * ({ ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit ?? ''] ?? Number.NaN);
    return ms >= 1_000 && ms <= 24 * 86_400_000;
  }
  const [, list] = /^a comma-separated list of ((?:[a-z-]+, )+[a-z-]+)$/.exec(must) ?? [];
  if (list !== undefined)
    return Array.isArray(value) && value.length > 0 && value.every((one) => list.split(', ').includes(one));
  if (must.startsWith('a comma-separated list') && Array.isArray(value))
    return value.every((one) => typeof one === 'string' && one !== '');
  if (must.startsWith('two numbers')) {
    const [high, low] = value as number[];
    return Number.isFinite(high) && Number.isFinite(low) && (high ?? 0) >= (low ?? 0) && (low ?? -1) >= 0;
  }
  if (must.startsWith('an http:// or https:// URL')) return /^https?:\/\/./i.test(String(value));
  return typeof value === 'string';
}

function assertDocumented(config: Config): void {
  for (const [name, { must }] of DOCUMENTED) {
    const value: unknown = Reflect.get(config.settings, name);
    if (value !== undefined)
      assert.ok(isDocumented(value, must), `${name}=${JSON.stringify(value)} must be ${must}`);
  }
  const unfrozen = (value: unknown): boolean =>
    typeof value === 'object' &&
    value !== null &&
    (!Object.isFrozen(value) || Object.values(value).some(unfrozen));
  assert.ok(!unfrozen(config), 'frozen, all of it');
  assert.ok(config.targets.length > 0 && config.capabilities.length > 0, 'whole');
  for (const { name, accountId, regions, tagKeys, spendBudgetUsd = 0 } of config.targets) {
    assert.match(name, /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
    assert.match(accountId ?? '111122223333', /^\d{12}$/);
    assert.ok(Array.isArray(regions) && tagKeys.every((key) => key.length >= 1 && key.length <= 128));
    assert.ok(spendBudgetUsd >= 0 && spendBudgetUsd <= 100_000);
  }
  assert.equal(
    new Set(config.targets.map(({ name }) => name)).size,
    config.targets.length,
    'names are unique',
  );
  assert.ok(Object.values(config.estimates).every((one) => Number.isFinite(one) && one >= 0));
}

/** Text that may be put anywhere. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '',
    ' ',
    '\t',
    '\n',
    '-1',
    '0',
    '1e9',
    '0x10',
    '٣',
    'null',
    'true',
    '[]',
    '{}',
    '[[',
    '~',
    '!!js/function "x"',
    '&a [*a]',
    '*a',
    '<<: *a',
    '__proto__: {a: b}',
    'constructor',
    '"',
    "'",
    '|',
    '>-',
    ': ',
    '- ',
    '#',
    '%',
    '\u2028',
    '\ufeff',
    '\ud800',
    '../../etc/passwd',
    '/dev/null',
    'a'.repeat(5_000),
    '['.repeat(300),
  ),
);

/** One change of a text. */
const edit = fc.oneof(
  fc.tuple(at, text).map(
    ([one, put]) =>
      (whole: string) =>
        splice(whole, one, 0, put),
  ),
  fc.tuple(at, fc.integer({ min: 1, max: 30 })).map(
    ([one, count]) =>
      (whole: string) =>
        splice(whole, one, count, ''),
  ),
  fc.tuple(at, text).map(
    ([one, put]) =>
      (whole: string) =>
        splice(whole, one, put.length, put),
  ),
  at.map((one) => (whole: string) => eachLine(whole, one, () => [])),
  at.map((one) => (whole: string) => eachLine(whole, one, (line) => [line, line])),
  fc.tuple(at, fc.constantFrom('  ', '    ', '- ')).map(
    ([one, put]) =>
      (whole: string) =>
        eachLine(whole, one, (line) => [put + line]),
  ),
  fc.tuple(at, text).map(
    ([one, put]) =>
      (whole: string) =>
        eachLine(whole, one, (line) => [line.replace(/:.*/s, `: ${put}`)]),
  ),
  text.map((put) => () => put),
  at.map((one) => (whole: string) => whole.slice(0, Math.floor(one * whole.length))),
);
type Edit = (whole: string) => string;

/** Puts a text in place of some characters. Lines stay lines: a key that is joined to a secret in the next one would tell it. */
function splice(whole: string, share: number, count: number, put: string): string {
  const place = Math.floor(share * (whole.length + 1));
  const after = whole.slice(place + count);
  const end = whole.slice(place, place + count).includes('\n') ? '\n' : '';
  return whole.slice(0, place) + put + end + after;
}

function eachLine(whole: string, share: number, change: (line: string) => string[]): string {
  const lines = whole.split('\n');
  const place = Math.floor(share * lines.length);
  return lines.flatMap((line, index) => (index === place ? change(line) : [line])).join('\n');
}

const edits = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 2, arbitrary: fc.array(edit, { minLength: 1, maxLength: 3 }) },
);
const value = fc.oneof(
  text,
  fc.integer().map(String),
  fc.double().map(String),
  fc.constantFrom(
    'http://user:pa/ss@host',
    'redis://:p@h:1/2/3',
    'rediss://h?x=1',
    'a,b,,a',
    '1,2',
    '2,1',
    '24d',
    '25d',
    '1s',
    '999ms',
  ),
);
const settings = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...NAMES.filter((name) => !name.endsWith('_FILE'))), value), {
    selector: ([name]) => name,
    maxLength: 4,
  })
  .map((pairs) => Object.fromEntries(pairs));
const anyCase = fc.record({
  settings: fc.oneof(fc.constant({}), settings),
  proxy: edits,
  redis: edits,
  targets: fc.option(edits, { nil: undefined }),
  web: fc.option(
    fc.tuple(fc.constantFrom(...Object.values(GOOD), `basic_auth_users: {alice: ${HASH}}`), edits),
    { nil: undefined },
  ),
  tokens: fc.option(edits, { nil: undefined }),
});

const edited = (whole: string, all: readonly Edit[]) => all.reduce((one, change) => change(one), whole);

/** Parts of a secret that are long enough to be told from chance. */
const partsOf = (secret: string) =>
  Array.from({ length: secret.length - 7 }, (_, from) => secret.slice(from, from + 8));
const LEAKS = [...Object.values(SECRETS), DIGEST, DIGEST.replaceAll('7', '8'), HASH.slice(7)].flatMap(
  partsOf,
);

t.test('environments and files, changed at random', async (t) => {
  const made = await pki(t);
  if (made === undefined) return;
  const path = (name: string) => join(made.folder, name);
  const { seed, numRuns, path: way } = runsOf(t, 800);
  const outcomes = { accepted: 0, refused: 0 };
  const refused: NodeJS.ProcessEnv[] = [];

  const property = fc.property(anyCase, (one) => {
    const env: NodeJS.ProcessEnv = {
      ...RIGHT,
      HTTPS_PROXY: edited(RIGHT.HTTPS_PROXY ?? '', one.proxy),
      REDIS_URL: edited(RIGHT.REDIS_URL ?? '', one.redis),
      ...one.settings,
    };
    const file = (name: string, setting: string, content: string) => {
      writeFileSync(path(name), content);
      env[setting] = path(name);
    };
    if (one.targets) file('targets.yaml', 'CONFIG_FILE', edited(TARGETS, one.targets));
    if (one.web) file('web.yaml', 'WEB_CONFIG_FILE', edited(one.web[0], one.web[1]));
    if (one.tokens) file('tokens', 'API_TOKENS_FILE', edited(TOKENS, one.tokens));
    const said = [attempt(env), attempt(env)];
    assert.deepEqual(said[0], said[1], 'the same each time');
    const [message] = said;
    if (message === undefined) {
      outcomes.accepted++;
      return;
    }
    outcomes.refused++;
    if (refused.length < 8 && !one.targets && !one.web && !one.tokens) refused.push(env);
    assert.match(message, /^The configuration is wrong:\n {2}\S/);
    for (const line of message.split('\n').slice(1)) {
      assert.ok(
        NAMES.some((name) => line.startsWith(`  ${name}`)),
        `names a setting: ${line.slice(0, 200)}`,
      );
      assert.match(line, /: \S/, 'says why');
    }
    assert.doesNotMatch(message, /\n\s+at |file:\/\/|node_modules|TypeError|undefined|\[object/, 'no stack');
    const leak = LEAKS.find((part) => message.includes(part));
    assert.equal(leak, undefined, `tells a secret: ${message}`);
  });
  const result = fc.check(property, { seed, numRuns, ...(way === undefined ? {} : { path: way }) });
  t.comment(JSON.stringify(outcomes));
  t.notOk(result.failed, `SEED=${seed} FUZZ_PATH=${result.counterexamplePath}`, {
    case: fc.stringify(result.counterexample).slice(0, 4_000),
    why: String(
      result.errorInstance instanceof Error ? result.errorInstance.message : result.errorInstance,
    ).slice(0, 4_000),
  });
  if (way !== undefined || result.failed) return;
  t.ok(
    outcomes.accepted > numRuns / 100 && outcomes.refused > numRuns / 100,
    'some are accepted, some are not',
  );

  for (const env of refused.filter((one) => !Object.values(one).some((text) => text?.includes('\0')))) {
    const { code, stderr, stdout } = await run(process.execPath, [join(ROOT, 'src/cli.ts'), 'serve'], {
      env: { PATH: process.env.PATH, ...env },
    });
    t.equal(code, 2, `exit code ${code}`);
    t.match(stderr, /The configuration is wrong/);
    t.notMatch(stderr + stdout, /\n\s+at /);
  }
});

/** The message of what is refused; undefined where it is accepted. @throws whatever else it throws. */
function attempt(env: NodeJS.ProcessEnv): string | undefined {
  try {
    assertDocumented(loadConfig(env));
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}
