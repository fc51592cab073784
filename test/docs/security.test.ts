// docs/security.md: its commands make files that are accepted, and its limits are the program's.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { WEB_LIMITS } from '../../src/web/limits.ts';
import { nameOfToken, readTokens } from '../../src/web/tokens.ts';
import { readWebConfig } from '../../src/web/web-config.ts';
import { findProgram, requireProgram, run } from '../servers/process.ts';
import { hashOf } from '../web/helper.ts';

const page = readFileSync(fileURLToPath(new URL('../../docs/security.md', import.meta.url)), 'utf8');
const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);

t.test('the commands that make a certificate and a password', async (t) => {
  if (requireProgram(t, 'openssl') === undefined) return;
  const folder = t.testdir();
  const [block = ''] = blocks;
  t.match(block, /^htpasswd -nbBC 10 prometheus 'a long password' > user/m);
  // Where Apache's tools are absent its one line is written by hand.
  const commands = block
    .replace(/^WEB_CONFIG_FILE=.*\n/m, '')
    .replace(/^htpasswd.*\n/m, (line) =>
      findProgram('htpasswd')
        ? line
        : `echo 'prometheus:${hashOf('a long password').replace('$2b$', '$2y$')}' > user\n`,
    );
  const { code, stderr } = await run('sh', ['-ec', `cd "$1"\n${commands}`, 'sh', folder]);
  t.equal(code, 0, stderr);
  const { value, faults } = readWebConfig(join(folder, 'web/web.yaml'));
  t.same(faults, []);
  t.same(Object.keys(value?.users ?? {}), ['prometheus']);
  t.ok(value?.tls);
});

t.test('the commands that make a token', async (t) => {
  if (requireProgram(t, 'openssl') === undefined) return;
  const folder = t.testdir();
  const block = blocks.find((one) => one.includes('TOKEN=')) ?? '';
  const lines = block.split('\n').filter((line) => /^(TOKEN=|echo )/.test(line));
  t.equal(lines.length, 2);
  const { stdout } = await run('sh', [
    '-ec',
    `cd "$1"\n${lines.join('\n')}\nprintf %s "$TOKEN"`,
    'sh',
    folder,
  ]);
  t.equal(nameOfToken(stdout, readTokens(join(folder, 'tokens')).value ?? []), 'grafana');
});

t.test('the limits', async (t) => {
  const { rate, failures, ...limits } = WEB_LIMITS;
  const seconds = (ms: number) => `${ms / 1_000} s`;
  for (const row of [
    `| ${rate.max.toLocaleString('en')} in ${seconds(rate.windowMs)}, then 429`,
    `| ${failures.max} a minute and listener, then 429`,
    `| ${limits.passwordQueue}, then 503 |`,
    `| connections to one listener | ${limits.connections}, then `,
    `| requests of one connection that wait for their answers | ${limits.pipelined}, then it is closed |`,
    `| ${seconds(limits.headersMs)}, ${seconds(limits.requestMs)}, ${seconds(limits.handshakeMs)} |`,
    `| an answer, to its last byte | ${seconds(limits.answerMs)} |`,
    `| a connection without a request | ${seconds(limits.keepAliveMs)} |`,
    `| body of a request | ${limits.bodyBytes / 1_024} KiB, then 413; none is read |`,
    `| ${seconds(limits.loopDelayMs)}, then REST is 503`,
  ]) {
    t.ok(page.includes(row), row);
  }
  t.equal(failures.windowMs, 60_000);
  t.equal(limits.rereadMs, 1_000, '"looked at every second"');
});
