import { createServer } from 'node:net';
import { startSimulator } from '../../../src/simulator/index.ts';
import { billOf, charges, plusDays, sum } from '../../acceptance/bill.ts';
import { parseMetrics } from '../../acceptance/parse-metrics.ts';
import { awayFromMidnight, CLI, runCommand, startServe } from '../../e2e/command.ts';
import { PATIENCE_MS } from '../../e2e/page.ts';
import { ask } from '../../helper.ts';
import { eventually, freePort } from '../../servers/process.ts';
import type { FaultRow } from '../matrix.ts';
import { fileIn, refused, SECRET } from './helper.ts';

/** Ports, and the two files that close them. */
export const rows: readonly FaultRow[] = [
  {
    id: 'configuration/ports-equal',
    fault: 'PORT and METRICS_PORT are the same number',
    expected: 'One listener has the routes of both.',
    async run({ t, fired, state, figures, message }) {
      await awayFromMidnight();
      const today = new Date().toISOString().slice(0, 10);
      const list = charges(plusDays(today, -70), plusDays(today, 1));
      const sim = await startSimulator({ bill: billOf(list) });
      t.teardown(() => sim.close());
      const port = String(await freePort());
      const env = { PORT: port, METRICS_PORT: port, AWS_ENDPOINT_URL: sim.url, CAPABILITIES: 'cost' };
      const serve = await startServe(t, env, { listeners: 1 });
      let ended = false;
      void serve.exit.then(() => {
        ended = true;
      });
      await eventually(
        'cost is collected, or it has ended',
        () => ended || serve.log().some(({ msg }) => msg === 'collected') || undefined,
        PATIENCE_MS,
      );
      t.notOk(ended, serve.stderr());
      const listening = serve.log().filter(({ msg }) => String(msg).startsWith('Server listening'));
      fired('listeners for two settings of one number', listening.length);
      t.equal(listening.length, 1);
      t.equal((await ask(`${serve.metricsUrl}/ready`)).status, 200);
      t.equal((await ask(`${serve.metricsUrl}/cost/current`)).status, 200);
      state('ready; /metrics and REST on one port');
      const page = parseMetrics((await ask(`${serve.metricsUrl}/metrics`)).text);
      t.equal(
        page.series('aws_cost_total').reduce((all, { value }) => all + value, 0),
        sum(list, { start: plusDays(today, -30), end: today }),
      );
      figures('right');
      message(String(listening[0]?.msg).replace(port, 'PORT'));
    },
  },
  {
    id: 'configuration/port-in-use',
    fault: 'Somebody else listens on METRICS_PORT',
    expected: 'Exit code 1 and one line that names the port and the settings.',
    async run({ t, fired, state, figures, message }) {
      let connections = 0;
      const other = createServer(() => connections++);
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      t.teardown(() => other.close());
      const address = other.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const { code, stdout, stderr } = await runCommand(t, [CLI, 'serve'], {
        env: { METRICS_PORT: String(port), LOG_LEVEL: 'silent' },
      });
      fired(
        'ports in use that were named',
        [...stderr.matchAll(new RegExp(`:${port} is in use`, 'g'))].length,
      );
      t.equal(code, 1);
      t.notMatch(stderr, /^ +at /m);
      state('exit code 1');
      t.notMatch(stdout, 'Server listening');
      figures('none: it does not listen');
      t.match(stderr, /set PORT or METRICS_PORT/);
      t.equal(connections, 0);
      message(stderr.trim().replace(String(port), 'PORT'));
    },
  },
  refused(
    {
      id: 'configuration/web-file-half-right',
      fault: 'WEB_CONFIG_FILE has right users, and a certificate without a key',
      expected: 'Refused whole: half of it in force would leave open what was to be closed.',
    },
    {
      env: { WEB_CONFIG_FILE: fileIn('web.yaml') },
      files: {
        'web.yaml':
          'tls_server_config: {cert_file: server.crt}\nbasic_auth_users: {prometheus: $2b$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234}\n',
        'server.crt': '-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n',
      },
      names: [/^WEB_CONFIG_FILE tls_server_config.*key/],
    },
  ),
  refused(
    {
      id: 'configuration/web-file-empty',
      fault: 'WEB_CONFIG_FILE is empty',
      expected: 'Refused: it would open what was to be closed.',
    },
    {
      env: { WEB_CONFIG_FILE: fileIn('web.yaml') },
      files: { 'web.yaml': '' },
      names: [/^WEB_CONFIG_FILE/],
    },
  ),
  refused(
    {
      id: 'configuration/password-in-the-clear',
      fault: 'WEB_CONFIG_FILE has a password in place of its bcrypt hash',
      expected: 'Refused by the name of the user, and the password is not shown.',
    },
    {
      env: { WEB_CONFIG_FILE: fileIn('web.yaml') },
      files: { 'web.yaml': `basic_auth_users: {prometheus: ${SECRET}}\n` },
      names: [/^WEB_CONFIG_FILE basic_auth_users\.prometheus: must be/],
    },
  ),
  refused(
    {
      id: 'configuration/token-in-the-clear',
      fault: 'A line of API_TOKENS_FILE has the token in place of its SHA-256',
      expected: 'Refused by its line, and nothing of the line is shown.',
    },
    {
      env: { API_TOKENS_FILE: fileIn('tokens') },
      files: { tokens: `# who\ngrafana ${'a'.repeat(64)}\nother ${SECRET}\n` },
      names: [/^API_TOKENS_FILE line 3: must end with 64 hex digits/],
    },
  ),
];
