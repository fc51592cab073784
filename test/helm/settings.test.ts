// The chart and the exporter must be of one mind about settings: what the chart lets through starts, what it refuses would not.
import fc from 'fast-check';
import t from 'tap';
import { readSettings } from '../../src/config/faults.ts';
import { SETTING_NAMES, settingDoc } from '../../src/config/settings.ts';
import { loadConfig } from '../../src/config.ts';
import { envOf, mustRender, render, requireHelm } from './helm.ts';

const PATIENCE = { timeout: 480_000 };
/** Decided by other values of the chart. */
const ELSEWHERE = /^(REDIS_(?!KEY_PREFIX)|CONFIG_FILE$|STATE_DIR$|WEB_CONFIG_FILE$|API_TOKENS_FILE$)/;
const NAMES = SETTING_NAMES.filter((name) => !ELSEWHERE.test(name));

/** Values as they come out of YAML: texts, numbers, switches and lists of these. */
type Value = string | number | boolean | readonly (string | number)[];

const number = fc.oneof(
  fc.integer({ min: -3, max: 400 }),
  fc.constantFrom(
    0,
    1,
    365,
    366,
    65_535,
    65_536,
    2_073_600,
    10_000_000,
    10_000_001,
    2.5,
    0.000001,
    99_999.5,
    1e21,
  ),
);
const duration = fc
  .tuple(
    fc.constantFrom(0, 1, 24, 25, 999, 1_000, 576, 577, 2_073_600, 99_999_999_999),
    fc.constantFrom('ms', 's', 'm', 'h', 'd', '', 'w'),
  )
  .map(([count, unit]) => `${count}${unit}`);
const word = fc.oneof(
  fc.constantFrom(
    'on',
    'off',
    'auto',
    'leader',
    'all',
    'info',
    'cost',
    'tags',
    'BlendedCost',
    'estimate',
    'eu-central-1',
    'us-gov-west-1',
    'EU',
    '::',
    '0.0.0.0',
  ),
  fc.constantFrom(
    'http://127.0.0.1:4566',
    'https://ce.us-east-1.amazonaws.com/',
    'https://[::1]:8443',
    'ftp://x',
    'http://',
    'http://u:p@x',
  ),
  fc.constantFrom(
    '0x5',
    '1e3',
    '+5',
    '7 ',
    ' 7',
    '1,5',
    '100,10',
    '10,100',
    'true',
    '$(HOME)',
    '{{ 1 }}',
    'a b',
    'ä',
    '"',
    "'",
    '\\',
  ),
  fc.string({ maxLength: 12, unit: 'grapheme-ascii' }),
);
const value: fc.Arbitrary<Value> = fc.oneof(
  number,
  duration,
  word,
  fc.boolean(),
  fc.array(fc.oneof(word, number), { minLength: 1, maxLength: 4 }),
);

/** Right values, so that not everything is refused. */
function rightValue(name: (typeof NAMES)[number]): Value {
  const { example, default: fallback } = settingDoc(name);
  return fallback?.length === 0 ? example : (fallback ?? example);
}

/** What a user would write into the environment for it. */
function textOf(one: Value): string {
  if (typeof one === 'boolean') return one ? 'on' : 'off';
  return Array.isArray(one) ? one.map(String).join(',') : String(one);
}

/** Where the chart is stricter, each for a reason. */
function isStricter(name: string, one: Value): boolean {
  const text = textOf(one);
  // An empty item, or one with a comma, is not what the list in YAML says.
  if (Array.isArray(one) && one.some((item) => /^\s*$|,/.test(String(item)))) return true;
  // A list has no meaning for a single value; white space inside of it, none in NO_PROXY.
  if (Array.isArray(one) && settingDoc(name as 'PORT').type !== 'array' && name !== 'NO_PROXY') return true;
  if (name === 'NO_PROXY') return /\S\s+[^\s,]/.test(text);
  // A Service needs a port.
  if (/PORT$/.test(name)) return Number(text) === 0;
  // Nothing outside of the pod reaches loopback.
  if (name === 'HOST') return /^(localhost|127\.|::1)/.test(text.trim());
  // A user and a password are secrets; addresses are those of a host with a path.
  return /^(AWS_ENDPOINT_URL|HTTPS_PROXY)/.test(name);
}

/** Names of the settings that the chart refuses. */
function refused(refusal: string | undefined): Set<string> {
  return new Set(Array.from(refusal?.matchAll(/^ {2}config\.([A-Z_]+) /gm) ?? [], ([, name = '']) => name));
}

t.test('what the chart lets through starts, and what it refuses would not', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const record = fc.record(
    Object.fromEntries(NAMES.map((name) => [name, fc.oneof(value, fc.constant(rightValue(name)))])),
  ) as fc.Arbitrary<Record<string, Value>>;
  const compare = async (config: Record<string, Value>) => {
    const no = refused((await render(helm, { values: { config } })).refusal);
    const env = Object.fromEntries(Object.entries(config).map(([name, one]) => [name, textOf(one)]));
    const wrong = new Set(readSettings(env).faults.map(({ where }) => where));
    for (const name of NAMES) {
      const one = config[name] ?? '';
      if (wrong.has(name)) t.ok(no.has(name), `${name} ${JSON.stringify(one)} is refused by both`);
      else if (no.has(name) && !/^\s*$/.test(textOf(one)))
        t.ok(
          isStricter(name, one) || name === 'PRIORITY_THRESHOLDS',
          `${name} ${JSON.stringify(one)} is refused by the chart for a reason`,
        );
    }
    const right = Object.fromEntries(Object.entries(config).filter(([name]) => !no.has(name)));
    if (textOf(right.PORT ?? 5_000).trim() === textOf(right.METRICS_PORT ?? 8_080).trim()) delete right.PORT;
    if (textOf(right.PORT ?? 5_000).trim() === textOf(right.METRICS_PORT ?? 8_080).trim())
      delete right.METRICS_PORT;
    const { NODE_EXTRA_CA_CERTS: _unreadable, ...rendered } = envOf(
      await mustRender(helm, { values: { config: right } }),
    );
    t.doesNotThrow(() => loadConfig(rendered as Record<string, string>), JSON.stringify(right));
  };
  await fc.assert(fc.asyncProperty(record, compare), { numRuns: 25 });
});

t.test('every example and every default is let through as it is', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const examples = Object.fromEntries(NAMES.map((name) => [name, settingDoc(name).example]));
  // Its example is loopback, which is no address for a pod.
  examples.HOST = '::';
  t.match(envOf(await mustRender(helm, { values: { config: examples } })), examples);
  const defaults = Object.fromEntries(NAMES.map((name) => [name, settingDoc(name).default ?? '']));
  const env = envOf(await mustRender(helm, { values: { config: defaults } })) as Record<string, string>;
  const { stateDir: _own, settings: _read, ...config } = loadConfig(env);
  const { stateDir: _none, settings: _unread, ...plain } = loadConfig({});
  t.same(config, plain);
});

t.test("YAML's own readings of a value are put right", PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  // `on` and `off` are switches, large numbers are floats; `--set` brings texts and whole numbers.
  const file = t.testdir({
    'values.yaml':
      'config: {CHANGE_DETECTION: off, MAX_SERIES: 10000000, AWS_SPEND_BUDGET_USD: 0.1, TAG_KEYS: [1, two], LOG_LEVEL: null}\n',
  });
  const args = ['--set', 'config.COST_WINDOW_DAYS=7', '--set-string', 'config.COST_DAILY_DAYS=8'];
  const env = envOf(await mustRender(helm, { file: `${file}/values.yaml`, args }));
  t.match(env, {
    CHANGE_DETECTION: 'off',
    MAX_SERIES: '10000000',
    AWS_SPEND_BUDGET_USD: '0.1',
    TAG_KEYS: '1,two',
    COST_WINDOW_DAYS: '7',
    COST_DAILY_DAYS: '8',
  });
  t.notOk('LOG_LEVEL' in env, 'null unsets');
});
