// HTTP beside GET: HEAD announces what GET answers, and every other method is refused in the one shape.
import { connect } from 'node:net';
import t from 'tap';
import { startCosts, startExporter } from '../helper.ts';

/** What comes over the wire for a request of these lines, the connection closed by the server. */
function raw(url: string, ...lines: string[]): Promise<{ head: string; body: string }> {
  const { port, hostname } = new URL(url);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () =>
      socket.write(`${[...lines, 'host: x', 'connection: close'].join('\r\n')}\r\n\r\n`),
    );
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => {
      const [head = '', body = ''] = text.split('\r\n\r\n');
      resolve({ head, body });
    });
  });
}

t.test('HEAD announces the length of what GET is answered', async (t) => {
  const { restUrl, metricsUrl, get } = await startCosts(t);
  const { etag = '' } = (await get('/cost/current')).headers;
  const lengthOf = (head: string) => /^content-length: (.*)$/im.exec(head)?.[1];
  for (const [url, path, ...more] of [
    [restUrl, '/cost/current'],
    [restUrl, '/cost/current', `if-none-match: ${etag}`],
    [restUrl, '/cost/current', 'if-none-match: *'],
    [restUrl, '/cost/current?colour=red'],
    [restUrl, '/cost/current?target=none'],
    [restUrl, '/nope'],
    [restUrl, '/nope/deeper?x=1'],
    [metricsUrl, '/nope'],
    [restUrl, '/ready'],
  ] as const) {
    const got = await raw(url, `GET ${path} HTTP/1.1`, ...more);
    const head = await raw(url, `HEAD ${path} HTTP/1.1`, ...more);
    t.equal(head.body, '', `${path} ${more}`);
    t.equal(head.head.split('\r\n')[0], got.head.split('\r\n')[0], `${path} ${more}: the status`);
    t.equal(lengthOf(head.head), lengthOf(got.head), `${path} ${more}: the length`);
    t.not(lengthOf(head.head), '0');
  }
});

t.test('every method that Node.js knows is refused with 405, on routes with parameters too', async (t) => {
  const { restUrl, metricsUrl } = await startExporter(t, { env: { CAPABILITIES: 'tags' }, settle: false });
  for (const [url, path] of [
    [restUrl, '/health'],
    [restUrl, '/cost/tags/Team%2FX?target=a'],
    [restUrl, '/'],
    [restUrl, '/docs/static/index.css'],
    [metricsUrl, '/metrics'],
  ] as const) {
    for (const method of ['QUERY', 'PROPFIND', 'LINK', 'M-SEARCH', 'TRACE', 'SEARCH', 'POST', 'OPTIONS']) {
      const { head, body } = await raw(url, `${method} ${path} HTTP/1.1`);
      t.match(head, /^HTTP\/1\.1 405 /, `${method} ${path}`);
      t.match(head, /^allow: GET, HEAD$/im, `${method} ${path}`);
      t.match(JSON.parse(body), { statusCode: 405, code: 'method_not_allowed' });
    }
  }
  for (const method of ['QUERY', 'PROPFIND', 'POST'])
    t.match((await raw(restUrl, `${method} /nope HTTP/1.1`)).head, /^HTTP\/1\.1 404 /, method);
});

t.test("a method that Node.js' parser does not know: 501; what is no request: 400", async (t) => {
  const { restUrl } = await startCosts(t, { settle: false });
  const { head, body } = await raw(restUrl, 'BREW /health HTTP/1.1');
  t.match(head, /^HTTP\/1\.1 501 /);
  t.match(JSON.parse(body), { statusCode: 501, code: 'method_not_allowed', error: 'Not Implemented' });
  for (const line of ['BREW', 'BREW /health', '\x16\x03\x01\x02', 'GET /health HTTP/9.9'])
    t.match((await raw(restUrl, line)).head, /^HTTP\/1\.1 400 /, JSON.stringify(line));
});
