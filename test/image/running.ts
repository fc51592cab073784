import { readFileSync } from 'node:fs';
import type { Test } from 'tap';
import { VERSION } from '../../src/version.ts';
import { eventually } from '../servers/process.ts';
import type { ImageConfig } from './archive.ts';
import { type Container, runContainer } from './container.ts';

/** An image that can be run, and what was given to its build. */
export interface Runnable {
  readonly root: string;
  readonly config: ImageConfig['config'];
  readonly revision: string;
}

const NODE = '/nodejs/bin/node';
const METRICS = 'http://127.0.0.1:8080';
const REST = 'http://127.0.0.1:5000';

/** What the exporter in a container answers to a program in the same container. */
async function ask(
  container: Container,
  url: string,
): Promise<{ status: number; type: string; body: string }> {
  const program = `fetch(${JSON.stringify(url)}).then(async (answer) => console.log(JSON.stringify(
    { status: answer.status, type: answer.headers.get('content-type'), body: await answer.text() })))`;
  const { code, stdout, stderr } = await container.exec([NODE, '-e', program]);
  if (code !== 0) throw new Error(`${url}: ${stderr}`);
  return JSON.parse(stdout);
}

const listening = (container: Container) =>
  eventually(
    'the exporter listens',
    async () => {
      if (container.ended()) throw new Error(`it has ended: ${container.output()}`);
      return (await ask(container, `${METRICS}/health`)).status === 200 ? true : undefined;
    },
    60_000,
  );

/** Runs the image in every way that its documentation names. */
export async function checkRunning(t: Test, image: Runnable): Promise<void> {
  await t.test('demo --once shows the product, without AWS, a network or a writable file', async (t) => {
    const demo = await runContainer(t, image, ['demo', '--once']);
    t.equal(await demo.exitCode, 0, demo.output());
    t.match(demo.output(), /^Cost by service, \d{4}-\d\d-\d\d up to \d{4}-\d\d-\d\d, in USD:$/m);
    t.match(demo.output(), /^ {2}Total of the window +\d+\.\d{4}$/m);
    t.match(demo.output(), /^On AWS the \d+ paid requests would have cost USD 0\.\d\d\.$/m);
    t.notMatch(demo.output(), /error|EROFS|warn/i);
  });

  await t.test('every other command runs', async (t) => {
    const said = async (...args: string[]) => {
      const container = await runContainer(t, image, args);
      return { code: await container.exitCode, output: container.output() };
    };
    t.match(await said('--version'), { code: 0, output: `${VERSION}\n` });
    t.match(await said('help'), { code: 0, output: /^aws-cost-exporter .*Usage:/s });
    t.match(await said('plan'), { code: 0, output: /./ });
    t.match(await said('openapi'), { code: 0, output: /"openapi": ?"3\.1/ });
    t.match(await said('check'), { code: 1, output: /credentials/i });
    t.match(await said('no-such'), { code: 2, output: /there is no command "no-such"/ });
  });

  await t.test('the default command serves', async (t) => {
    const served = await runContainer(t, image);
    await listening(served);
    t.match(JSON.parse((await ask(served, `${METRICS}/health`)).body), {
      status: 'healthy',
      version: VERSION,
    });
    const { status, body } = await ask(served, `${METRICS}/metrics`);
    t.equal(status, 200);
    t.match(
      body,
      `aws_cost_exporter_build_info{version="${VERSION}",revision="${image.revision}",node_version="v24.`,
    );
    for (const path of ['/ready', '/health', '/', '/targets', '/docs/json'])
      t.equal((await ask(served, `${REST}${path}`)).status, 200, path);

    const page = (await ask(served, `${REST}/docs/`)).body;
    const assets = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);
    t.ok(assets.length >= 5, `${assets.length} files of Swagger UI`);
    for (const path of assets)
      t.match(await ask(served, new URL(path, `${REST}/docs/`).href), { status: 200, body: /./ }, path);

    await t.test('its health check says so, and says why where it does not', async (t) => {
      const [, ...check] = image.config.Healthcheck.Test;
      t.match(await served.exec(check), { code: 0, stderr: '' });
      t.match(await served.exec(check, { METRICS_PORT: '8081' }), {
        code: 1,
        stderr: /127\.0\.0\.1:8081.*ECONNREFUSED/,
      });
    });

    await t.test('it has no rights', async (t) => {
      const status = readFileSync(`/proc/${await served.processId()}/status`, 'utf8');
      const [uid, gid] = image.config.User.split(':');
      t.match(status, new RegExp(`^Uid:\\t${uid}\\t${uid}\\t${uid}\\t${uid}$`, 'm'));
      t.match(status, new RegExp(`^Gid:\\t${gid}\\t${gid}\\t${gid}\\t${gid}$`, 'm'));
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
        t.match(status, new RegExp(`^${set}:\\t0+$`, 'm'), set);
      t.match(status, /^NoNewPrivs:\t1$/m);
      for (const folder of ['/', '/app', '/tmp', '/home/nonroot', '/dev']) {
        const write = `require('node:fs').writeFileSync(${JSON.stringify(`${folder}/x`)}, '')`;
        t.match(await served.exec([NODE, '-e', write]), { code: 1, stderr: /EROFS|EACCES|ENOENT/ }, folder);
      }
      for (const shell of ['sh', '/bin/sh', '/bin/bash', '/busybox/sh'])
        t.not((await served.exec([shell, '-c', 'exit 0'])).code, 0, shell);
    });

    await t.test('SIGTERM ends it with exit code 0', async (t) => {
      process.kill(await served.processId(), 'SIGTERM');
      t.equal(await served.exitCode, 0, served.output());
    });
  });

  await t.test('a demo that goes on serves the bill', async (t) => {
    const demo = await runContainer(t, image, ['demo']);
    await eventually(
      'the demo serves',
      () => (/Serving until/.test(demo.output()) ? true : undefined),
      120_000,
    );
    const { body } = await ask(demo, `${METRICS}/metrics`);
    const costs = [...body.matchAll(/^aws_cost_total\{.*\} (\S+)$/gm)].map(([, value]) => Number(value));
    const sum = costs.reduce((all, value) => all + value, 0);
    t.ok(costs.length > 5, `${costs.length} services`);
    const [, total] = /Total of the window +(\S+)/.exec(demo.output()) ?? [];
    t.equal(sum.toFixed(4), total);
    t.match(await ask(demo, `${REST}/cost/current`), { status: 200 });
    process.kill(await demo.processId(), 'SIGTERM');
    t.equal(await demo.exitCode, 0);
  });
}
