import { readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { createServer } from 'node:tls';
import type { Test } from 'tap';
import { startSimulator } from '../../../src/simulator/index.ts';
import { billOf, charges, PAYER, plusDays, sum } from '../../acceptance/bill.ts';
import { parseMetrics } from '../../acceptance/parse-metrics.ts';
import { awayFromMidnight, type Served, startServe } from '../../e2e/command.ts';
import { collected, pageText } from '../../e2e/page.ts';
import { ask } from '../../helper.ts';
import { eventually, freePort } from '../../servers/process.ts';
import { type Authority, makeAuthority } from '../../web/certificates.ts';
import type { FaultRow } from '../matrix.ts';
import { startWell } from './helper.ts';

const REQUESTS = 'aws_cost_exporter_aws_requests_total';

/** A row whose endpoint of Cost Explorer is one that no request can reach. */
function unreachable(id: string, fault: string, reason: RegExp, endpoint: () => Promise<string>): FaultRow {
  return {
    id: `aws/${id}`,
    fault,
    expected: 'What was never sent costs nothing; the state says where to look.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startWell(t, {
        env: { CAPABILITIES: 'cost', AWS_ENDPOINT_URL_COST_EXPLORER: await endpoint() },
      });
      const { before, log } = exporter;
      const labels = { operation: 'GetCostAndUsage', result: 'error' };
      const attempts = before.value(REQUESTS, labels) ?? 0;
      const line = log.findLast(({ collector }) => collector === 'cost');
      t.match(line?.reason, reason);
      fired(`attempts that ended with ${reason.exec(line?.reason ?? '')?.[0]}`, attempts);
      t.equal(before.value('aws_cost_exporter_aws_spend_usd_total'), 0);
      t.match(await exporter.collector('cost'), { state: 'failed', cause: { code: 'error' } });
      state(`cost failed (error), attempts ${attempts} error, 0 cents`);
      t.same(before.business(), []);
      t.match((await exporter.get('/cost/current')).json(), { statusCode: 503, code: 'error' });
      figures('none, 503');
      t.match(line?.msg, /did not get an answer/);
      t.match(line?.advice, /AWS_ENDPOINT_URL/);
      message(`${line?.msg} ${line?.advice}`);
    },
  };
}

/** TLS in front of a port. */
async function startTls(t: Test, authority: Authority, port: number) {
  const read = async (name: string, sans: string) => {
    const { cert, key } = await authority.issue(name, { sans });
    return { cert: readFileSync(cert), key: readFileSync(key) };
  };
  const [wrong, right] = [await read('wrong', 'DNS:other.example.com'), await read('right', 'IP:127.0.0.1')];
  let connections = 0;
  const server = createServer(wrong, (socket) => {
    const upstream = connect(port, '127.0.0.1');
    socket.pipe(upstream).pipe(socket);
    for (const one of [socket, upstream]) {
      one.on('error', () => {});
      one.on('close', () => {
        socket.destroy();
        upstream.destroy();
      });
    }
    t.teardown(() => socket.destroy());
  });
  server.on('connection', () => connections++);
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    present: () => server.setSecureContext(right),
  };
}

const readyOf = async ({ restUrl }: Served) => (await ask(`${restUrl}/ready`)).text;

/** The way to AWS. */
export const rows: readonly FaultRow[] = [
  unreachable(
    'endpoint-refuses',
    'Nobody listens where Cost Explorer should be',
    /ECONNREFUSED/,
    async () => `http://127.0.0.1:${await freePort()}`,
  ),
  unreachable(
    'endpoint-unknown',
    "Cost Explorer's name does not resolve",
    /ENOTFOUND|EAI_AGAIN/,
    async () => 'http://cost-explorer.invalid',
  ),
  {
    id: 'aws/tls-of-another-name',
    fault: "AWS's certificate is a trusted one, but of another name",
    expected: 'No request leaves: nothing signed is shown to a stranger; the log has the reason.',
    async run({ t, fired, state, figures, message }) {
      await awayFromMidnight();
      const today = new Date().toISOString().slice(0, 10);
      const list = charges(plusDays(today, -70), plusDays(today, 1), [PAYER]);
      const sim = await startSimulator({ bill: billOf(list) });
      t.teardown(() => sim.close());
      const authority = await makeAuthority(t, t.testdir({}));
      if (authority === undefined) return;
      const front = await startTls(t, authority, sim.port);
      const serve = await startServe(t, {
        AWS_ENDPOINT_URL: front.url,
        NODE_EXTRA_CA_CERTS: authority.cert,
        CAPABILITIES: 'cost',
        COST_INTERVAL: '1s',
        CACHE_TTL_SECONDS: '0',
        CHANGE_DETECTION: 'off',
      });
      const line = await eventually('it has tried', () =>
        serve.log().find(({ collector }) => collector === 'cost'),
      );
      fired('TLS connections', front.connections());
      t.equal(sim.requests.length, 0, 'no request was sent');
      t.match(await readyOf(serve), /"state":"failed"/);
      state('cost failed (error), no request sent');
      t.same(parseMetrics(await pageText(serve.metricsUrl)).series('aws_cost_total'), []);
      t.match(line.reason, /altnames|ALTNAME/);
      t.match(line.msg, /did not get an answer/);
      message(`${line.msg} ${line.reason}`);

      front.present();
      await collected(serve.metricsUrl, ['cost']);
      const page = parseMetrics(await pageText(serve.metricsUrl));
      t.equal(
        page.series('aws_cost_total').reduce((all, { value }) => all + value, 0),
        sum(list, { start: plusDays(today, -30), end: today }),
      );
      figures('none; right once the name is right');
    },
  },
];
