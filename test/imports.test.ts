import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { VERSION } from '../src/version.ts';
import { FETCHES, faultsOf, importsOf, OPENS_CONNECTIONS, READS_ENVIRONMENT } from './doors.ts';
import { run } from './servers/process.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Every module of the program, relative to the root. */
const modules = ['src', 'plugins', 'routes'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`)
    .toSorted(),
);
const sourceOf = (path: string) => readFileSync(join(root, path), 'utf8');

/** What runs when it is imported. */
const RUNS = 'src/cli.ts';

t.test('every module can be imported on its own', async (t) => {
  t.ok(modules.includes(RUNS) && modules.length > 60, `${modules.length} modules`);
  for (const path of modules.filter((one) => one !== RUNS)) {
    await t.resolves(import(new URL(`../${path}`, import.meta.url).href), path);
  }
});

t.test('the command line answers --help', async (t) => {
  const { code, stdout, stderr } = await run(process.execPath, [join(root, RUNS), '--help']);
  t.equal(code, 0, stderr);
  t.ok(stdout.startsWith(`aws-cost-exporter ${VERSION}`));
});

t.test('no module goes through a wall', async (t) => {
  for (const path of modules) t.same(faultsOf(path, sourceOf(path)), [], path);
});

t.test('every import of every module is seen', async (t) => {
  for (const path of modules) {
    const source = sourceOf(path);
    const seen = importsOf(source).map(({ from }) => from);
    const written = [...source.matchAll(/^.*\bfrom '([^']+)';$/gm)].map(([, from]) => from);
    t.same(seen.filter((from) => written.includes(from)).toSorted(), written.toSorted(), path);
  }
});

t.test('exceptions are in use', async (t) => {
  for (const path of Object.keys(READS_ENVIRONMENT)) t.match(sourceOf(path), /process\.env/, path);
  for (const path of Object.keys(FETCHES)) t.match(sourceOf(path), /\bfetch\(/, path);
  for (const [path, packages] of Object.entries(OPENS_CONNECTIONS)) {
    const used = importsOf(sourceOf(path)).map(({ from }) => from);
    for (const name of packages) t.ok(used.includes(name), `${path} imports ${name}`);
  }
});

t.test('imports are read: values, types, the whole, re-exports, dynamic ones', async (t) => {
  const source = `import type { A } from './a.ts';
import B, { type C, d as e,
  f } from './b.ts';
import * as g from './g.ts';
import './h.ts';
import { type I } from './i.ts';
export { type J, k } from './k.ts';
export * from './l.ts';
export type { M } from './m.ts';
const n = await import('./n.ts');
const o = await import(name);
/** import { p } from './p.ts' */
`;
  t.same(importsOf(source), [
    { from: './a.ts', type: true, values: [] },
    { from: './b.ts', type: false, values: ['default', 'd', 'f'] },
    { from: './g.ts', type: false, values: ['*'] },
    { from: './i.ts', type: true, values: [] },
    { from: './k.ts', type: false, values: ['k'] },
    { from: './l.ts', type: false, values: ['*'] },
    { from: './m.ts', type: true, values: [] },
    { from: './h.ts', type: false, values: [] },
    { from: './n.ts', type: false, values: ['*'] },
    { from: '(computed)', type: false, values: ['*'] },
  ]);
});

t.test('each rule fails on a wrong import', async (t) => {
  const wrong: [path: string, source: string, fault: RegExp][] = [
    [
      'routes/x.ts',
      "import store from '../plugins/platform/store.ts';",
      /routes has no door to plugins\/platform/,
    ],
    ['routes/x.ts', "import type { CostData } from '../plugins/cost/model.ts';", /no door to plugins\/cost/],
    ['routes/home/x.ts', "export * from '../../plugins/cost/model.ts';", /no door to plugins\/cost/],
    ['plugins/platform/x.ts', "import cost from '../cost/index.ts';", /no door to plugins\/cost/],
    ['plugins/platform/x.ts', "import { health } from '../../routes/health.ts';", /no door to routes/],
    ['plugins/cost/x.ts', "import store from '../platform/store.ts';", /types of the platform alone/],
    ['plugins/cost/x.ts', "import '../platform/store.ts';", /types of the platform alone/],
    ['plugins/cost/x.ts', "import { type A, b } from '../platform/store.ts';", /types of the platform alone/],
    ['plugins/tags/x.ts', "import type { CostData } from '../cost/model.ts';", /no door to plugins\/cost/],
    ['plugins/forecast/x.ts', "const cost = await import('../cost/model.ts');", /no door to plugins\/cost/],
    ['plugins/cost/x.ts', "import { health } from '../../routes/health.ts';", /no door to routes/],
    ['src/server.ts', "import cost from '../plugins/cost/index.ts';", /src has no door to plugins\/cost/],
    ['src/aws/x.ts', "import type { S } from '../../routes/status.ts';", /src has no door to routes/],
    [
      'src/collection/x.ts',
      "import { startSimulator } from '../simulator/index.ts';",
      /for the demo and tests/,
    ],
    ['src/app.ts', "import { startSimulator } from './simulator/index.ts';", /for the demo and tests/],
    ['plugins/cost/x.ts', "import { dayOf } from '../../src/simulator/days.ts';", /for the demo and tests/],
    ['src/simulator/x.ts', "import { sumOf } from '../collection/money.ts';", /stands alone/],
    ['src/simulator/bill/x.ts', "import type { Config } from '../../config.ts';", /stands alone/],
    ['src/check.ts', "import { STSClient } from '@aws-sdk/client-sts';", /STSClient: AWS is reached/],
    [
      'src/aws/x.ts',
      "import { CostExplorerClient } from '@aws-sdk/client-cost-explorer';",
      /CostExplorerClient/,
    ],
    [
      'plugins/cost/collect.ts',
      "import { CostExplorerClient } from '@aws-sdk/client-cost-explorer';",
      /CostExplorerClient/,
    ],
    [
      'plugins/cost/collect.ts',
      "import { CostExplorer } from '@aws-sdk/client-cost-explorer';",
      /CostExplorer:/,
    ],
    ['plugins/cost/collect.ts', "import * as ce from '@aws-sdk/client-cost-explorer';", /\*: AWS is reached/],
    [
      'plugins/cost/collect.ts',
      "const ce = await import('@aws-sdk/client-cost-explorer');",
      /\*: AWS is reached/,
    ],
    [
      'plugins/cost/collect.ts',
      "import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';",
      /GetCallerIdentityCommand/,
    ],
    [
      'plugins/cost/model.ts',
      "import { GetTagsCommand } from '@aws-sdk/client-cost-explorer';",
      /GetTagsCommand/,
    ],
    ['plugins/platform/aws.ts', "import { fromIni } from '@aws-sdk/credential-providers';", /fromIni/],
    ['src/aws/x.ts', 'const region = process.env.AWS_REGION;', /reads the environment/],
    ['plugins/cost/index.ts', 'const { env } = process;', /reads the environment/],
    ['plugins/cost/index.ts', "const env = process['env'];", /reads the environment/],
    ['plugins/cost/index.ts', 'const home = process?.env.HOME;', /reads the environment/],
    ['src/cli.ts', "import { env } from 'node:process';", /alone reads the environment/],
    ...['node:http', 'https', 'node:http2', 'node:net', 'node:tls', 'undici', 'ioredis'].map(
      (name): [string, string, RegExp] => [
        'plugins/cost/x.ts',
        `import { a } from '${name}';`,
        /alone open connections/,
      ],
    ),
    ['src/spend/redis-ledger.ts', "import { Redis } from 'ioredis';", /alone open connections/],
    ['src/collection/redis-client.ts', "import { connect } from 'node:net';", /alone open connections/],
    ['src/disk/x.ts', "import net from 'node:net';", /alone open connections/],
    ['src/aws/x.ts', "import { request } from 'node:https';", /alone open connections/],
    ['src/check.ts', "import { loadConfig } from '@smithy/core/config';", /alone open connections/],
    ['routes/x.ts', "import { isIP, connect } from 'node:net';", /alone open connections/],
    ['routes/x.ts', "const http = await import('node:http');", /alone open connections/],
    ['plugins/platform/x.ts', "import redis from '@fastify/redis';", /alone open connections/],
    ['plugins/cost/x.ts', 'const a = await fetch(url);', /connections of its own/],
    ['src/spend/x.ts', 'const a = globalThis.fetch(url);', /connections of its own/],
    ['src/spend/x.ts', "import { a } from '../../plugins/cost/model.ts';", /no door to plugins\/cost/],
    ['src/replicas/x.ts', "import type { a } from '../../plugins/platform/store.ts';", /no door to plugins/],
    ['src/disk/x.ts', "import { a } from '../../routes/spend.ts';", /no door to routes/],
    ['src/spend/x.ts', "import { buildApp } from '../app.ts';", /process edge alone/],
    ['routes/x.ts', "import { buildApp } from '../src/app.ts';", /process edge alone/],
    ['src/cli.ts', 'await import(name);', /computed/],
    ['src/cli.ts', "const ce = createRequire(import.meta.url)('x');", /require/],
  ];
  for (const [path, source, fault] of wrong) {
    t.match(faultsOf(path, `${source}\n`).join('\n'), fault, `${path}: ${source}`);
  }
});

t.test('and none on a right one', async (t) => {
  const right: [path: string, source: string][] = [
    ['routes/x.ts', "import { VERSION } from '../src/version.ts';\nimport { y } from './y.ts';"],
    ['plugins/platform/x.ts', "import { errors } from './errors.ts';\nimport fp from 'fastify-plugin';"],
    [
      'plugins/cost/x.ts',
      "import type { Collections } from '../platform/collections.ts';\nimport { a } from './model.ts';",
    ],
    ['plugins/cost/x.ts', "import { type Collections } from '../platform/collections.ts';"],
    [
      'plugins/cost/collect.ts',
      "import { GetTagsCommand, type Metric } from '@aws-sdk/client-cost-explorer';",
    ],
    ['src/aws/clients.ts', "import { STSClient } from '@aws-sdk/client-sts';"],
    ['src/app.ts', "import cost from '../plugins/cost/index.ts';\nimport { h } from '../routes/health.ts';"],
    ['src/demo.ts', "import { startSimulator } from './simulator/index.ts';\nconst e = process.env;"],
    [
      'src/simulator/x.ts',
      "import type { FocusRow } from '../focus.ts';\nimport { Decimal } from 'decimal.js';",
    ],
    ['src/config/x.ts', "import { isIP } from 'node:net';"],
    ['plugins/platform/x.ts', "import { STATUS_CODES, type ServerResponse } from 'node:http';"],
    ['plugins/platform/x.ts', "import type { Redis } from 'ioredis';"],
    ['src/simulator/x.ts', "import { createServer } from 'node:http';"],
    ['src/server.ts', "import { createServer } from 'node:net';\nimport { buildApp } from './app.ts';"],
    ['src/x.ts', 'const a = store.fetch(key);\nconst b = prefetch(key);'],
    ['src/config.ts', 'const read = (env: NodeJS.ProcessEnv = process.env) => env;'],
  ];
  for (const [path, source] of right) t.same(faultsOf(path, `${source}\n`), [], `${path}: ${source}`);
});
