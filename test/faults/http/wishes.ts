import { gunzipSync } from 'node:zlib';
import type { FaultRow } from '../matrix.ts';
import { figuresAre, startNumbered, wire } from './wire.ts';

const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** Lines of a page that a collection has made, and no scrape. */
const business = (text: string) =>
  text
    .split('\n')
    .filter((line) => /^aws_(?!cost_exporter_)/.test(line))
    .join('\n');

/** Header lines, and whether gzip is to come of them. */
const ENCODINGS: readonly (readonly [lines: string, gzip: boolean])[] = [
  ['', false],
  ['accept-encoding: gzip', true],
  ['accept-encoding: gzip;q=0', false],
  ['accept-encoding: gzip;q=0.000, *', false],
  ['accept-encoding: *;q=0', false],
  ['accept-encoding: identity;q=0', false],
  ['accept-encoding: identity;q=0, gzip', true],
  ['accept-encoding: identity;q=1, gzip;q=0.5', false],
  ['accept-encoding: deflate', false],
  ['accept-encoding: deflate, br, zstd', false],
  ['accept-encoding: gzip;q=nan', false],
  ['accept-encoding: ,,;;q=,\u00e9', false],
  ['accept-encoding: deflate\r\naccept-encoding: gzip', true],
  ['accept-encoding: gzip;q=0\r\naccept-encoding: deflate', false],
  [`accept-encoding: ${'x;q=0.1,'.repeat(500)}gzip`, true],
];

/** Header lines, and what is to come of them. */
const FORMATS: readonly (readonly [lines: string, type: string])[] = [
  ['', TEXT],
  ['accept: */*;q=0', TEXT],
  ['accept: application/json', TEXT],
  ['accept: application/openmetrics-text; version=1.0.0', OPEN_METRICS],
  ['accept: application/openmetrics-text; version=1.0.0;q=nan', TEXT],
  ['accept: application/openmetrics-text; version=7', TEXT],
  ['accept: ;;;,,,"', TEXT],
  ['accept: text/plain;q=0.1\r\naccept: application/openmetrics-text;q=0.9', OPEN_METRICS],
  [`accept: ${'a/b;q=0.1,'.repeat(500)}application/openmetrics-text`, OPEN_METRICS],
];

export const rows: readonly FaultRow[] = [
  {
    id: 'http/odd-accept-encoding',
    fault: `Accept-Encoding in ${ENCODINGS.length} ways: gzip;q=0, identity;q=0, garbage, deflate, several headers, 4 KiB`,
    expected: 'gzip where it is wanted, else plain; 200 and the same figures in all cases.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startNumbered(t);
      await figuresAre(t, exporter);
      const expected = business((await exporter.scrape()).text);
      let odd = 0;
      for (const [lines, gzip] of ENCODINGS) {
        const head = `GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${lines === '' ? '' : `${lines}\r\n`}\r\n`;
        const sent = await wire(t, exporter.metricsUrl, head);
        await sent.ended();
        const name = JSON.stringify(lines.slice(0, 60));
        const [top = '', ...rest] = sent.text().split('\r\n\r\n');
        t.match(top, /^HTTP\/1\.1 200 /, name);
        t.equal(/^content-encoding: gzip\r?$/im.test(top), gzip, name);
        const bytes = Buffer.from(rest.join('\r\n\r\n'), 'latin1');
        t.equal(bytes.length, Number(/^content-length: (\d+)/im.exec(top)?.[1]), `${name}: the whole body`);
        t.equal(
          business((gzip ? gunzipSync(bytes) : bytes).toString()),
          expected,
          `${name}: the same figures`,
        );
        odd++;
      }
      fired('answers', odd);
      figures('the same in each');
      state('200 in each');
      message(`gzip in ${ENCODINGS.filter(([, gzip]) => gzip).length} of ${ENCODINGS.length}`);
    },
  },
  {
    id: 'http/odd-accept',
    fault: `Accept in ${FORMATS.length} ways: refused, of other types and versions, garbage, several headers, 5 KiB`,
    expected: 'OpenMetrics where it is named, else text 0.0.4; never 406.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startNumbered(t);
      const expected = business((await exporter.scrape()).text);
      let odd = 0;
      for (const [lines, type] of FORMATS) {
        const head = `GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${lines === '' ? '' : `${lines}\r\n`}\r\n`;
        const sent = await wire(t, exporter.metricsUrl, head);
        await sent.ended();
        const name = JSON.stringify(lines.slice(0, 60));
        t.match(sent.text(), /^HTTP\/1\.1 200 /, name);
        t.equal(/^content-type: (.*)\r$/im.exec(sent.text())?.[1], type, name);
        t.equal(business(sent.text()), expected, `${name}: the same figures`);
        odd++;
      }
      fired('answers', odd);
      await figuresAre(t, exporter);
      figures('the same in each');
      state('200 in each');
      message(
        `OpenMetrics in ${FORMATS.filter(([, type]) => type === OPEN_METRICS).length} of ${FORMATS.length}`,
      );
    },
  },
  {
    id: 'http/http-1-0',
    fault: 'A client of HTTP/1.0 without a Host header',
    expected: 'It is answered with a length and without chunks, and the connection ends.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startNumbered(t);
      let answers = 0;
      for (const url of [`${exporter.metricsUrl}/metrics`, `${exporter.restUrl}/cost/current`]) {
        const sent = await wire(t, url, `GET ${new URL(url).pathname} HTTP/1.0\r\n\r\n`);
        await sent.ended();
        t.same(sent.statuses(), [200]);
        t.notMatch(sent.text(), /^transfer-encoding:/im);
        const [top = '', body = ''] = sent.text().split('\r\n\r\n');
        t.equal(
          body.length,
          Number(/^content-length: (\d+)/im.exec(top)?.[1]),
          'the whole body, and it can be told',
        );
        answers++;
        message(top.split('\r\n')[0] ?? '');
      }
      fired('answers', answers);
      await figuresAre(t, exporter);
      figures('right');
      state('200, ended');
    },
  },
  {
    id: 'http/pipelining',
    fault:
      'Six requests in one piece: GET, HEAD, a refused POST with a request as its body, 404, scrape, and a last one',
    expected: 'Six answers in their order, each as long as it says; the body of the POST is no request.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startNumbered(t);
      const inner = 'GET /spend HTTP/1.1\r\nhost: x\r\n\r\n';
      const all = [
        'GET /health HTTP/1.1\r\nhost: x\r\n\r\n',
        'HEAD /metrics HTTP/1.1\r\nhost: x\r\n\r\n',
        `POST /health HTTP/1.1\r\nhost: x\r\ncontent-length: ${inner.length}\r\n\r\n${inner}`,
        'GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n',
        'GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n',
        'GET /ready HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
      ];
      const sent = await wire(t, exporter.metricsUrl, all.join(''));
      await sent.ended();
      const statuses: number[] = [];
      let text = sent.text();
      while (text !== '') {
        const end = text.indexOf('\r\n\r\n') + 4;
        const head = text.slice(0, end);
        const length = /^content-length: (\d+)/im.exec(head)?.[1];
        t.ok(length, `answer ${statuses.length + 1} says how long it is`);
        statuses.push(Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]));
        text = text.slice(end + (statuses.length === 2 ? 0 : Number(length)));
        if (length === undefined) break;
      }
      t.same(statuses, [200, 200, 405, 404, 200, 200]);
      fired('answers on one connection', statuses.length);
      state(statuses.join(', '));
      message('each with its length');
      await figuresAre(t, exporter);
      figures('right');
    },
  },
];
