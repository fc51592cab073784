import { posix } from 'node:path';

/** One import or re-export of a module. */
export interface Import {
  readonly from: string;
  /** Only types: nothing of it is there at run time. */
  readonly type: boolean;
  /** What is imported by name, as values; `*` is the whole module. */
  readonly values: readonly string[];
}

const STATEMENT = /^(?:import|export)\s+(type\s+)?([\w\s{},*$]*?)\s*from\s*['"]([^'"]+)['"]/gm;
const SIDE_EFFECT = /^import\s*['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*(?:['"`]([^'"`$]+)['"`]\s*[,)])?/g;

/** The imports of a module in the project's format (one statement starts a line). */
export function importsOf(source: string): Import[] {
  const found: Import[] = [];
  for (const [, type, clause = '', from = ''] of source.matchAll(STATEMENT)) {
    const values = type === undefined ? valuesOf(clause) : [];
    found.push({ from, type: values.length === 0 && clause.trim() !== '{}', values });
  }
  for (const [, from = ''] of source.matchAll(SIDE_EFFECT)) found.push({ from, type: false, values: [] });
  for (const [, from = '(computed)'] of source.matchAll(DYNAMIC))
    found.push({ from, type: false, values: ['*'] });
  return found;
}

/** `Default, { a, type B, c as d }` or `* as all`, without the types. */
function valuesOf(clause: string): string[] {
  const braces = /\{([^}]*)\}/.exec(clause)?.[1] ?? '';
  const named = braces.split(',').map((name) => name.trim());
  const beside = clause.replace(/\{[^}]*\}/, '').split(',');
  const whole = beside.map((name) => name.trim()).filter((name) => name !== '');
  return [
    ...whole.map((name) => (name.startsWith('*') ? '*' : 'default')),
    ...named
      .filter((name) => name !== '' && !name.startsWith('type '))
      .map((name) => name.split(/\s/)[0] ?? ''),
  ];
}

/** Which files may read the environment, and why. */
export const READS_ENVIRONMENT: Readonly<Record<string, string>> = {
  'src/config.ts': 'the one reader',
  'src/demo.ts': 'hands the environment on to the one reader, led to the simulator',
};

/** Files of a capability that AWS is nothing to. */
const PURE = /\/(index|model|schema|families|figures|document|fold|changed|seen)\.ts$/;

const CLIENTS = 'src/aws/clients.ts';
const SIMULATOR = 'src/simulator/';

/** What opens connections. Node's own come with and without `node:`. */
const NETWORK =
  /^((node:)?(http|https|http2|net|tls|dgram)|@smithy\/.+|ioredis|@fastify\/redis|redis|undici|https-proxy-agent|proxy-from-env|axios|got|node-fetch|ws)$/;

/** What of it opens none. */
const HARMLESS = [
  'isIP',
  'isIPv4',
  'isIPv6',
  'BlockList',
  'SocketAddress',
  'METHODS',
  'STATUS_CODES',
  'maxHeaderSize',
];

/** Which files open connections, and by what. The simulator is a server, and stands alone. */
export const OPENS_CONNECTIONS: Readonly<Record<string, readonly string[]>> = {
  'src/aws/http.ts': [
    'node:http',
    'node:https',
    '@smithy/node-http-handler',
    'https-proxy-agent',
    'proxy-from-env',
  ],
  'src/aws/clients.ts': ['@smithy/core/config'],
  'src/collection/redis-client.ts': ['ioredis'],
  'plugins/platform/store.ts': ['@fastify/redis'],
  'src/health-check.ts': ['node:http', 'node:https'],
  'src/server.ts': ['node:net'],
  'src/web/listeners.ts': ['node:http', 'node:https'],
  'src/web/tls-material.ts': ['node:tls'],
};

/** Which files ask by `fetch`, and whom. */
export const FETCHES: Readonly<Record<string, string>> = {};

/** Where a file stands: `src`, `routes`, `plugins/platform` or `plugins/<capability>`. */
function roomOf(path: string): string {
  const [first = '', second = ''] = path.split('/');
  return first === 'plugins' ? `plugins/${second}` : first;
}

/** What is wrong with the imports of one module, by the doors of the house. Paths are relative to the project's root. */
export function faultsOf(path: string, source: string): string[] {
  const faults: string[] = [];
  for (const each of importsOf(source)) {
    const { from } = each;
    const fault = from.startsWith('.')
      ? doorFault(path, posix.join(posix.dirname(path), from), each)
      : packageFault(path, each);
    if (fault !== undefined) faults.push(`${path} imports ${from}: ${fault}`);
  }
  if (/\brequire\(|\bcreateRequire\b/.test(source))
    faults.push(`${path} uses require: its doors cannot be seen`);
  if (
    /\bprocess\s*(\?\.|\.|\[)\s*['"]?env\b|\bimport\.meta\.env\b|\}\s*=\s*process\b/.test(source) &&
    !(path in READS_ENVIRONMENT)
  ) {
    faults.push(`${path} reads the environment: src/config.ts alone does`);
  }
  if (
    /(?<![\w.$])(?:globalThis\s*\.\s*)?(fetch|WebSocket|EventSource)\s*\(/.test(source) &&
    !(path in FETCHES)
  ) {
    faults.push(`${path} opens connections of its own: src/aws and the connection to Redis alone do`);
  }
  return faults;
}

function doorFault(path: string, to: string, { type }: Import): string | undefined {
  if (path === 'src/app.ts')
    return to.startsWith(SIMULATOR) ? 'the simulator is for the demo and tests' : undefined;
  // What composes the app sees every plugin: only the process edge sees that.
  if (to === 'src/app.ts' && !/^src\/[^/]+\.ts$/.test(path)) return 'the process edge alone composes the app';
  const [here, there] = [roomOf(path), roomOf(to)];
  if (path.startsWith(SIMULATOR)) {
    return to.startsWith(SIMULATOR) || to === 'src/focus.ts' ? undefined : 'the simulator stands alone';
  }
  if (to.startsWith(SIMULATOR) && path !== 'src/demo.ts') return 'the simulator is for the demo and tests';
  if (here === there || there === 'src') {
    return here === 'src' && there !== 'src' ? 'src imports src alone' : undefined;
  }
  if (here.startsWith('plugins/') && here !== 'plugins/platform' && there === 'plugins/platform') {
    return type ? undefined : 'a capability sees types of the platform alone';
  }
  return `${here} has no door to ${there}`;
}

function packageFault(path: string, { from, values }: Import): string | undefined {
  if (from === '(computed)') return 'a computed name cannot be checked';
  if (/^(node:)?process$/.test(from) && !(path in READS_ENVIRONMENT))
    return 'src/config.ts alone reads the environment';
  const opens = NETWORK.test(from) && values.some((name) => !HARMLESS.includes(name));
  if (opens && !path.startsWith(SIMULATOR) && !OPENS_CONNECTIONS[path]?.includes(from))
    return 'src/aws, the connection to Redis and the process edge alone open connections';
  if (!from.startsWith('@aws-sdk/') || path.startsWith(SIMULATOR) || path === CLIENTS) return undefined;
  const commands =
    /^(src\/aws|plugins\/(?!platform\/)[^/]+)\/[^/]+\.ts$/.test(path) &&
    !PURE.test(path) &&
    from.startsWith('@aws-sdk/client-') &&
    !from.endsWith('-sts');
  const strangers = values.filter((name) => !commands || !/.Command$/.test(name));
  return strangers.length > 0
    ? `${strangers.join(', ')}: AWS is reached through ${CLIENTS} alone`
    : undefined;
}
