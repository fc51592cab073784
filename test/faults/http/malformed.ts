import type { FaultRow } from '../matrix.ts';
import { figuresAre, lastBody, startNumbered, wire } from './wire.ts';

const HOST = 'host: x\r\n';
const NEXT = `GET /cost/current HTTP/1.1\r\n${HOST}\r\n`;

/** Its head is good, and may have been answered before its body comes. */
const BROKEN_BODY = 'a chunk size that is no number';

/** Requests whose end two readers would see in two places: what follows must not be taken for a request. */
const SMUGGLED: Readonly<Record<string, string>> = {
  'Content-Length and Transfer-Encoding': `POST /health HTTP/1.1\r\n${HOST}content-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${NEXT}`,
  'two Content-Lengths': `POST /health HTTP/1.1\r\n${HOST}content-length: 0\r\ncontent-length: ${NEXT.length}\r\n\r\n${NEXT}`,
  'a list of Content-Lengths': `POST /health HTTP/1.1\r\n${HOST}content-length: 0, ${NEXT.length}\r\n\r\n${NEXT}`,
  'a signed Content-Length': `POST /health HTTP/1.1\r\n${HOST}content-length: +0\r\n\r\n${NEXT}`,
  'chunked, then identity': `POST /health HTTP/1.1\r\n${HOST}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n${NEXT}`,
  'a folded header': `POST /health HTTP/1.1\r\n${HOST}x: a\r\n transfer-encoding: chunked\r\n\r\n0\r\n\r\n${NEXT}`,
  'a bare line feed': `POST /health HTTP/1.1\r\n${HOST}x: a\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${NEXT}`,
  'a space before the colon': `POST /health HTTP/1.1\r\n${HOST}transfer-encoding : chunked\r\n\r\n0\r\n\r\n${NEXT}`,
  'a NUL in a header': `GET /health HTTP/1.1\r\n${HOST}x: a\0b\r\n\r\n${NEXT}`,
  [BROKEN_BODY]: `POST /health HTTP/1.1\r\n${HOST}transfer-encoding: chunked\r\n\r\nzz\r\n\r\n${NEXT}`,
};

export const rows: readonly FaultRow[] = [
  {
    id: 'http/smuggling-shapes',
    fault: `Requests with two ends, another one behind each: ${Object.keys(SMUGGLED).join('; ')}`,
    expected:
      'One answer 400 in the shape of every error (405 where the head was good), then the connection ends: nothing behind it is answered.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startNumbered(t);
      let refused = 0;
      for (const url of [exporter.restUrl, exporter.metricsUrl]) {
        for (const [shape, bytes] of Object.entries(SMUGGLED)) {
          const sent = await wire(t, url, bytes);
          await sent.ended();
          const statuses = sent.statuses();
          t.notOk(statuses.includes(200), `${shape}: what was smuggled is not answered`);
          t.equal(statuses.length, 1, `${shape}: one answer`);
          const [status] = statuses;
          const isMethod = shape === BROKEN_BODY && status === 405;
          t.equal(status, isMethod ? 405 : 400, shape);
          const code = isMethod ? 'method_not_allowed' : 'bad_request';
          t.match(lastBody(sent.text()), { statusCode: status, code });
          t.match(sent.text(), /connection: close/i);
          refused++;
          if (refused === 1) message(lastBody(sent.text()).message);
        }
      }
      fired('requests that were refused', refused);
      await figuresAre(t, exporter);
      figures('unchanged');
      state('every connection ended');
    },
  },
  {
    id: 'http/huge-headers',
    fault: 'A request with 64 KiB of headers',
    expected: '431 in the shape of every error, and the connection ends.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startNumbered(t);
      let answers = 0;
      for (const url of [exporter.restUrl, exporter.metricsUrl]) {
        const sent = await wire(t, url, `GET /health HTTP/1.1\r\n${HOST}x: ${'a'.repeat(65_536)}\r\n\r\n`);
        await sent.answered(1);
        await sent.ended();
        t.same(sent.statuses(), [431]);
        t.match(lastBody(sent.text()), { statusCode: 431, code: 'bad_request' });
        answers++;
        state('431, ended');
        message(sent.text().split('\r\n')[0] ?? '');
      }
      fired('answers 431', answers);
      await figuresAre(t, exporter);
      figures('unchanged');
    },
  },
  {
    id: 'http/huge-body',
    fault:
      'POST with a body of 8 MB, by length and in chunks, to a route, to none, and to none that would take one',
    expected: 'It is answered (405, 404) before the body is looked at; nothing of it is kept.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startNumbered(t);
      const body = Buffer.alloc(8_000_000, 'x');
      let answers = 0;
      for (const url of [exporter.restUrl, exporter.metricsUrl]) {
        for (const [path, status] of [
          ['/health', 405],
          ['/nothing', 404],
        ] as const) {
          const head = `POST ${path} HTTP/1.1\r\n${HOST}content-type: application/json\r\n`;
          for (const bytes of [
            Buffer.concat([Buffer.from(`${head}content-length: ${body.length}\r\n\r\n`), body]),
            Buffer.concat([
              Buffer.from(`${head}transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n`),
              body,
            ]),
          ]) {
            const sent = await wire(t, url, bytes);
            await sent.answered(1);
            t.same(sent.statuses(), [status]);
            t.match(lastBody(sent.text()), { statusCode: status });
            if (answers === 0) message(lastBody(sent.text()).message);
            sent.socket.destroy();
            answers++;
          }
        }
      }
      fired('bodies that were not taken', answers);
      state('405 and 404');
      await figuresAre(t, exporter);
      figures('unchanged');
    },
  },
  {
    id: 'http/odd-targets',
    fault: 'Request targets: absolute form, //, /%00, /..%2f, a broken escape, an asterisk, 12 KiB, none',
    expected:
      'Absolute form is what it says, an asterisk is the page at /; all others are 400 or 404 in the shape of every error; never a 5xx.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startNumbered(t);
      const targets: readonly (readonly [string, readonly number[]])[] = [
        ['http://elsewhere/health', [200]],
        ['//', [404]],
        ['//health', [404]],
        ['/%00', [404, 400]],
        ['/..%2f..%2fetc/passwd', [404]],
        ['/docs/static/..%2f..%2fpackage.json', [404, 403, 400]],
        ['/%zz', [400]],
        ['*', [200, 404]],
        ['health', [404, 400]],
        [`/${'a'.repeat(12_000)}`, [404, 414]],
        ['/cost/tags/%ff', [400, 404]],
      ];
      let refused = 0;
      for (const [target, wanted] of targets) {
        const sent = await wire(
          t,
          exporter.restUrl,
          `GET ${target} HTTP/1.1\r\n${HOST}connection: close\r\n\r\n`,
        );
        await sent.ended();
        const [status = 0] = sent.statuses();
        t.ok(wanted.includes(status), `${target.slice(0, 40)}: ${status}`);
        if (status === 200) continue;
        const body = lastBody(sent.text());
        t.same(Object.keys(body), ['statusCode', 'code', 'error', 'message']);
        t.equal(body.statusCode, status);
        if (target === '/%zz') message(body.message);
        refused++;
      }
      fired('targets that were refused', refused);
      state(`${refused} of ${targets.length} refused`);
      await figuresAre(t, exporter);
      figures('unchanged');
    },
  },
  {
    id: 'http/odd-methods',
    fault:
      'POST, PUT, PATCH, DELETE, OPTIONS, TRACE, CONNECT and words that are no method, on routes of both listeners',
    expected:
      '405 with Allow, 501 for what is no method, in the shape of every error; CONNECT opens no tunnel.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startNumbered(t);
      let refused = 0;
      for (const [url, path] of [
        [exporter.restUrl, '/cost/current'],
        [exporter.metricsUrl, '/metrics'],
      ] as const) {
        for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']) {
          const sent = await wire(t, url, `${method} ${path} HTTP/1.1\r\n${HOST}connection: close\r\n\r\n`);
          await sent.ended();
          t.same(sent.statuses(), [405], method);
          t.match(sent.text(), /^allow: GET, HEAD\r$/im);
          t.match(lastBody(sent.text()), { statusCode: 405, code: 'method_not_allowed' });
          if (refused === 0) message(lastBody(sent.text()).message);
          refused++;
        }
        const nonsense = await wire(t, url, `BREW ${path} HTTP/1.1\r\n${HOST}\r\n`);
        await nonsense.ended();
        t.same(nonsense.statuses(), [501]);
        const tunnel = await wire(t, url, `CONNECT elsewhere:443 HTTP/1.1\r\n${HOST}\r\n`);
        await tunnel.ended();
        t.notOk(tunnel.statuses().includes(200), 'no tunnel');
        refused += 2;
      }
      fired('requests that were refused', refused);
      state('405, 501');
      await figuresAre(t, exporter);
      figures('unchanged');
    },
  },
  {
    id: 'http/expectations',
    fault: 'Expect: 100-continue, and an expectation that nobody can meet',
    expected: '100 and the answer; 417 in the shape of every error.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startNumbered(t);
      let refused = 0;
      for (const url of [exporter.restUrl, exporter.metricsUrl]) {
        const asked = `GET /health HTTP/1.1\r\n${HOST}connection: close\r\n`;
        const goes = await wire(t, url, `${asked}expect: 100-continue\r\n\r\n`);
        await goes.ended();
        t.same(goes.statuses(), [100, 200]);
        const odd = await wire(t, url, `${asked}expect: the unexpected\r\n\r\n`);
        await odd.ended();
        t.same(odd.statuses(), [417]);
        t.match(lastBody(odd.text()), { statusCode: 417, code: 'bad_request' });
        refused++;
        message(lastBody(odd.text()).message);
      }
      fired('answers 417', refused);
      state('100 and 200; 417');
      await figuresAre(t, exporter);
      figures('unchanged');
    },
  },
];
