import { accessSync, constants } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { generateBill, startSimulator } from '../../src/simulator/index.ts';
import { absent } from '../servers/process.ts';
import { basic, hashOf } from '../web/helper.ts';
import { ROOT, runCommand, startServe } from './command.ts';
import { collected, readJson, total } from './page.ts';

// A package registry is asked for what npm does not have in its cache.
t.setTimeout(300_000);

/** What npm says where no registry can be reached. */
const OFFLINE = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED)\b/;

t.test('the packed tarball works where it is installed', async (t) => {
  const folder = t.testdir({ tarball: {}, project: { 'package.json': '{"private": true}' } });
  // A registry behind an authority of this machine's own is reached as npm itself reaches it.
  const env = { NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS };
  const npm = (args: readonly string[], cwd: string) => runCommand(t, args, { program: 'npm', cwd, env });

  const packed = await npm(['pack', '--json', '--pack-destination', join(folder, 'tarball')], ROOT);
  t.equal(packed.code, 0, 'exit code', { stderr: packed.stderr });
  const [name = ''] = await readdir(join(folder, 'tarball'));
  const tarball = join(folder, 'tarball', name);
  // What prepack prints comes before npm's JSON.
  const [{ files }] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf('[\n'))) as [
    { files: { path: string; mode: number }[] },
  ];
  const paths = files.map(({ path }) => path);
  t.same(
    paths.filter((path) => !/^(dist|docs)\/|^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(path)),
    [],
    'nothing but the program and its documentation',
  );
  t.same(
    paths.filter((path) => /test|bench|\.ts$/.test(path)),
    [],
    'no tests, no sources',
  );
  for (const path of ['dist/src/cli.js', 'package.json', 'README.md', 'LICENSE']) {
    t.ok(paths.includes(path), `it has ${path}`);
  }
  t.ok(
    ((files.find(({ path }) => path === 'dist/src/cli.js')?.mode ?? 0) & 0o111) !== 0,
    'the bin is executable',
  );

  const project = join(folder, 'project');
  const install = [
    'install',
    '--omit=dev',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  const installed = await npm([...install, tarball], project);
  if (installed.code !== 0 && OFFLINE.test(installed.stderr)) {
    absent(t, 'no package registry can be reached: the installation of the tarball is not tried');
    return;
  }
  t.equal(installed.code, 0, 'exit code', { stderr: installed.stderr });
  const home = join(project, 'node_modules/aws-cost-exporter');
  t.throws(() => accessSync(join(project, 'node_modules/typescript')), 'no development packages');
  accessSync(join(home, 'dist/src/cli.js'), constants.X_OK);
  const { version } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as { version: string };

  const npx = ['--no-install', 'aws-cost-exporter'];
  await t.test('--version', async (t) => {
    const { code, stdout, stderr } = await runCommand(t, [...npx, '--version'], {
      program: 'npx',
      cwd: project,
    });
    t.equal(code, 0, 'exit code', { stderr });
    t.equal(stdout, `${version}\n`);
  });

  await t.test('demo --once', async (t) => {
    const { code, stdout, stderr } = await runCommand(t, [...npx, 'demo', '--once'], {
      program: 'npx',
      cwd: project,
    });
    t.equal(code, 0, 'exit code', { stderr });
    t.match(stdout, /^ {2}Total of the window +\d+\.\d{4}$/m);
    t.match(stdout, /^On AWS the 8 paid requests would have cost USD 0\.08\.$/m);
  });

  await t.test('serve', async (t) => {
    const bill = generateBill({ seed: 1, today: new Date(), days: 50 });
    const simulator = await startSimulator({ bill });
    t.teardown(() => simulator.close());
    const elsewhere = join(folder, 'elsewhere');
    await mkdir(elsewhere);
    // As a service would run it: the bin itself, from any folder.
    const served = await startServe(
      t,
      { AWS_ENDPOINT_URL: simulator.url },
      { program: join(project, 'node_modules/.bin/aws-cost-exporter'), args: ['serve'], cwd: elsewhere },
    );
    const page = await collected(served.metricsUrl);
    const cost = await readJson<{ total: number }>(`${served.restUrl}/cost/current`);
    t.ok(cost.total > 0);
    t.ok(Math.abs(total(page, 'aws_cost_total') - cost.total) < 1e-6);
    t.match(await readJson(`${served.restUrl}/health`), { version });
    const ui = await fetch(`${served.restUrl}/docs/`);
    t.equal(ui.status, 200);
    t.match(await ui.text(), /swagger-ui/);
    const { code, ms } = await served.end('SIGTERM');
    t.equal(code, 0);
    t.ok(ms < 2_000, `${Math.round(ms)} ms`);
    t.same(await readdir(elsewhere), [], 'it leaves nothing where it runs');
  });

  await t.test('serve behind a password, which a thread of its own checks', async (t) => {
    const file = join(folder, 'web.yaml');
    await writeFile(file, `basic_auth_users: {alice: ${hashOf('word')}}`);
    const served = await startServe(
      t,
      { AWS_ENDPOINT_URL: 'http://127.0.0.1:9', WEB_CONFIG_FILE: file },
      { program: join(project, 'node_modules/.bin/aws-cost-exporter'), args: ['serve'] },
    );
    for (const [password, status] of [
      ['word', 200],
      ['wort', 401],
    ] as const) {
      const answer = await fetch(`${served.restUrl}/spend`, { headers: basic('alice', password) });
      t.equal(answer.status, status, password);
    }
    t.equal((await served.end('SIGTERM')).code, 0);
  });
});
