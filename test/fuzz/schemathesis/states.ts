import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { generateBill } from '../../../src/simulator/index.ts';
import type { WebLimits } from '../../../src/web/limits.ts';
import { type Exporter, type ExporterOptions, startExporter, TODAY } from '../../helper.ts';
import { eventually } from '../../servers/process.ts';
import { hashOf, tokenLine } from '../../web/helper.ts';

/** How an exporter stands while it is asked, and what it must answer then. */
export interface State {
  readonly exporter?: ExporterOptions;
  readonly limits?: Partial<WebLimits>;
  /** Content of the `WEB_CONFIG_FILE` and of the `API_TOKENS_FILE`. */
  readonly web?: string;
  readonly tokens?: string;
  /** Whether the listener of /metrics is asked, for the routes that are on it too. */
  readonly metrics?: true;
  /** Which bodies come with every request; by default none. */
  readonly bodies?: 'large' | 'small';
  /** Options and configuration of schemathesis. */
  readonly args?: readonly string[];
  readonly config?: string;
  /** The status that a route must have answered at least once. */
  expects(route: string): number;
}

const PAYER = '111122223333';
const MEMBER = '444455556666';
const DENIED = '777788889999';
const role = (account: string) => `arn:aws:iam::${account}:role/costs`;

const bill = generateBill({ seed: 3, today: new Date(`${TODAY}T08:00:00Z`), days: 60 });
const env = { TAG_KEYS: 'application,team/größe 100%', CAPABILITIES: '' };
const TOKENS = tokenLine('fuzz', 'token-of-the-test');
const WEB = `basic_auth_users: {fuzz: ${hashOf('word-of-the-test')}}`;

export const isProbe = (route: string) => route === '/health' || route === '/ready';
const isData = (route: string) => !isProbe(route) && route !== '/targets' && route !== '/spend';
const whole = { bill, env };

/** Every state in which the routes answer in a way of their own. */
export const STATES: Readonly<Record<string, State>> = {
  'figures of one target': { exporter: whole, expects: () => 200 },
  'two targets with figures, one that AWS denies': {
    exporter: {
      ...whole,
      configFile: `targets: [{name: payer}, {name: member, roleArn: "${role(MEMBER)}"}, {name: denied, roleArn: "${role(DENIED)}"}]`,
      simulator: {
        accounts: [
          { accountId: PAYER, accessKeyId: 'AKIATEST' },
          { accountId: MEMBER, roles: [{ arn: role(MEMBER) }] },
          { accountId: DENIED, roles: [{ arn: role(DENIED) }] },
        ],
      },
      before: (sim) => sim.faults.add({ kind: 'deny', account: DENIED }),
    },
    expects: () => 200,
  },
  'nothing collected yet': {
    exporter: { ...whole, before: (sim) => sim.faults.add({ kind: 'hang' }), settle: false },
    expects: (route) => (isData(route) ? 503 : 200),
  },
  'an empty bill': { exporter: { env, bill: [] }, expects: () => 200 },
  'closed, a token shown': {
    exporter: whole,
    tokens: TOKENS,
    config: '\n[auth.openapi.token]\nbearer = "token-of-the-test"\n',
    expects: () => 200,
  },
  'closed, a password shown': {
    exporter: whole,
    web: WEB,
    config: '\n[auth.openapi.password]\nusername = "fuzz"\npassword = "word-of-the-test"\n',
    expects: () => 200,
  },
  'closed, nothing shown': {
    exporter: whole,
    tokens: TOKENS,
    args: ['--generation-with-security-parameters', 'false'],
    expects: (route) => (isProbe(route) ? 200 : 401),
  },
  'requests with a small body': { exporter: whole, bodies: 'small', expects: () => 200 },
  'requests with a large body': { exporter: whole, bodies: 'large', expects: () => 413 },
  'more requests than one address may send': {
    exporter: whole,
    limits: { rate: { max: 0, windowMs: 10_000 } },
    // A probe that shows nothing is not counted.
    args: ['--header', 'authorization:Bearer x'],
    expects: (route) => (route === '/health' ? 200 : 429),
  },
  'an event loop that is late': {
    exporter: whole,
    limits: { loopDelayMs: 1e-6 },
    // Who has too much to do does not look at the method.
    args: ['--exclude-checks', 'unsupported_method'],
    expects: (route) => (isProbe(route) ? 200 : 503),
  },
  'the listener of /metrics': {
    exporter: whole,
    metrics: true,
    expects: () => 200,
  },
  'the listener of /metrics, closed': {
    exporter: whole,
    web: WEB,
    metrics: true,
    expects: () => 200,
  },
};

/** No request is one too many, and no event loop too late, unless the state is about that. */
const GENEROUS: Partial<WebLimits> = {
  rate: { max: Number.MAX_SAFE_INTEGER, windowMs: 10_000 },
  failures: { max: Number.MAX_SAFE_INTEGER, windowMs: 10_000 },
  loopDelayMs: 1e6,
};

/** An exporter in a state: collected, unless nothing ever is. */
export async function startState(t: Test, folder: string, state: State): Promise<Exporter> {
  const { exporter = {}, web, tokens, limits } = state;
  const file = (name: string, content: string) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const started = await startExporter(t, {
    ...exporter,
    env: {
      ...exporter.env,
      ...(web === undefined ? {} : { WEB_CONFIG_FILE: file('web.yaml', web) }),
      ...(tokens === undefined ? {} : { API_TOKENS_FILE: file('tokens', tokens) }),
    },
    // That asks without credentials, and within the limits.
    settle: false,
    app: { limits: { ...GENEROUS, ...limits } },
  });
  const states = started.app.rest.collections.states.all();
  if (exporter.settle !== false) {
    await eventually('all has been collected', () =>
      states.every(({ status }) => status !== 'pending') ? true : undefined,
    );
  }
  return started;
}
