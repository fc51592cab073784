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
  return faults;
}

function doorFault(path: string, to: string, { type }: Import): string | undefined {
  if (path === 'src/app.ts')
    return to.startsWith(SIMULATOR) ? 'the simulator is for the demo and tests' : undefined;
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
