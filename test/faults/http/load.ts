import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { startCommand, startServe } from '../../e2e/command.ts';
import { ask } from '../../helper.ts';
import { eventually } from '../../servers/process.ts';
import type { FaultRow } from '../matrix.ts';
import {
  buying,
  costState,
  linesWith,
  said,
  figuresAre as servedFiguresAre,
  showsBill,
  startAws,
} from '../subject.ts';
import { billOf, connections, figuresAre, startNumbered, TOTAL, wire } from './wire.ts';

const FLOOD = fileURLToPath(new URL('flood.ts', import.meta.url));
const LONG_MS = 60_000;
const GET_PAGE = 'GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n';
/** Where the part of a page begins that no collection has made. */
const business = (text: string) =>
  text
    .split('\n')
    .filter((line) => /^aws_(?!cost_exporter_)/.test(line))
    .join('\n');

export const rows: readonly FaultRow[] = [
  {
    id: 'http/100-scrapers',
    fault: '100 scrapers at once, gzip and plain, before, while and after another bill is published',
    expected:
      'Each has one bill or the other, whole; afterwards all have the new one, byte for byte the same.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startNumbered(t);
      const scrapers = (encoding: string) =>
        Promise.all(
          Array.from({ length: 50 }, async () => {
            const { status, bytes, headers } = await exporter.scrape({
              headers: { 'accept-encoding': encoding },
            });
            t.equal(Number(headers['content-length']), bytes.length);
            return {
              status,
              text: business((headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString()),
            };
          }),
        );
      const hundred = async () => (await Promise.all([scrapers('gzip'), scrapers('identity')])).flat();
      const before = await hundred();
      exporter.sim.setBill(billOf(5));
      const [during] = await Promise.all([hundred(), exporter.run('cost')]);
      const after = await hundred();
      const all = [...before, ...during, ...after];
      t.ok(all.every(({ status }) => status === 200));
      fired('scrapes', all.length);
      const pages = (list: typeof all) => new Set(list.map(({ text }) => text));
      t.equal(pages(before).size, 1, 'the same bytes before');
      t.equal(pages(after).size, 1, 'the same bytes after');
      const known = new Set([...pages(before), ...pages(after)]);
      t.equal(known.size, 2, 'and they are others');
      t.ok(
        during.every(({ text }) => known.has(text)),
        'no page between the two',
      );
      await figuresAre(t, exporter, (TOTAL / 3) * 5);
      figures('right: of one bill or the other');
      state(`cost ${(await exporter.collector('cost')).state}`);
      message('200 for each');
    },
  },
  {
    id: 'http/slow-readers',
    fault: 'Twenty clients ask for 25 MB of pages each and take a byte a second',
    expected: 'Others are served meanwhile; after the time limit of an answer the slow ones are ended.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startNumbered(t, {
        bill: billOf(3, { days: 46, services: 60, accounts: 50 }),
        env: { MAX_SERIES: '0' },
        // The row reads 93,000 series in the same process, in one go.
        app: { limits: { answerMs: 2_000, loopDelayMs: 60_000 } },
      });
      const { length } = (await exporter.scrape()).bytes;
      const series = (await exporter.metrics()).series('aws_cost_daily').length;
      const many = GET_PAGE.repeat(Math.ceil(25_000_000 / length));
      const readers = await Promise.all(Array.from({ length: 20 }, () => wire(t, exporter.metricsUrl, many)));
      const slowly = setInterval(() => {
        for (const { socket } of readers) socket.read(1);
      }, 1_000);
      t.teardown(() => clearInterval(slowly));
      for (const { socket } of readers) socket.removeAllListeners('data').pause();
      await eventually(
        'they are connected',
        async () => (await connections(exporter.app.metrics.server)) >= 20 || undefined,
      );
      t.equal((await exporter.scrape()).status, 200, 'another one is served');
      await eventually(
        'they are ended',
        async () => ((await connections(exporter.app.metrics.server)) === 0 ? true : undefined),
        LONG_MS,
      );
      fired('slow clients that were ended', readers.length);
      await figuresAre(t, exporter, 3 * 30 * 3_000);
      figures(`right, ${series} daily series`);
      state('no connection is left');
      message('none: they are cut off');
    },
  },
  {
    id: 'http/pipelined-scrapes',
    fault: 'A hundred clients send 200 requests for the page each in one piece, and take nothing',
    expected: 'They are ended at the 17th that waits for its answer; others are served.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startNumbered(t, { app: { limits: { loopDelayMs: Number.POSITIVE_INFINITY } } });
      const before = business((await exporter.scrape()).text);
      const greedy = await Promise.all(
        Array.from({ length: 100 }, () => wire(t, exporter.metricsUrl, GET_PAGE.repeat(200))),
      );
      for (const { socket } of greedy) socket.removeAllListeners('data').pause();
      await eventually(
        'they are ended',
        async () => ((await connections(exporter.app.metrics.server)) === 0 ? true : undefined),
        LONG_MS / 2,
      );
      fired('clients that were ended', greedy.length);
      t.equal((await ask(`${exporter.metricsUrl}/health`)).status, 200);
      t.equal(business((await exporter.scrape()).text), before);
      figures('unchanged');
      state('no connection is left');
      message(String((await exporter.logged(/too many requests on one/)).msg));
    },
  },
  {
    id: 'http/hang-ups',
    fault: 'A hundred clients ask for a large page and hang up in the middle of it, by FIN and by RST',
    expected: 'Nothing of them is left, no line of the log blames the program, and others are served.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startNumbered(t, {
        bill: billOf(3, { days: 46, services: 60, accounts: 20 }),
        // Fewer than hang up: what is gone must not count.
        app: { limits: { connections: 50 } },
      });
      let hungUp = 0;
      for (let time = 0; time < 100; time++) {
        const { socket } = await wire(t, exporter.metricsUrl, GET_PAGE);
        await once(socket, 'data');
        if (time % 2) socket.resetAndDestroy();
        else socket.destroy();
        hungUp++;
      }
      fired('clients that hung up', hungUp);
      await eventually('nothing of them is left', async () =>
        (await connections(exporter.app.metrics.server)) === 0 ? true : undefined,
      );
      await figuresAre(t, exporter, 3 * 30 * 1_200);
      figures('unchanged');
      const lines = exporter.log().filter(({ msg }) => /abort|premature|closed|request/i.test(String(msg)));
      t.same(lines, [], 'nothing is logged of them');
      state('no connection is left');
      message('none');
    },
  },
  {
    id: 'http/slowloris',
    fault: 'Fifty clients send a head that never ends, a byte now and then',
    expected: 'They are answered 408 and ended when the time for a head is over; others are served.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startNumbered(t, { app: { limits: { headersMs: 1_000, requestMs: 600_000 } } });
      const slow = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          wire(
            t,
            index % 2 ? exporter.restUrl : exporter.metricsUrl,
            'GET /health HTTP/1.1\r\nhost: x\r\nx: ',
          ),
        ),
      );
      const dripping = setInterval(() => {
        for (const { socket } of slow) if (socket.writable) socket.write('a');
      }, 100);
      t.teardown(() => clearInterval(dripping));
      await figuresAre(t, exporter);
      figures('unchanged');
      await Promise.all(slow.map((one) => one.ended()));
      t.ok(
        slow.every(({ text }) => text().startsWith('HTTP/1.1 408 ')),
        'each is told why',
      );
      fired('answers 408', slow.filter((one) => one.statuses()[0] === 408).length);
      state('every slow connection is ended');
      message(slow[0]?.text().split('\r\n')[0] ?? '');
    },
  },
  {
    id: 'http/10000-connections',
    fault: 'Another process opens 10,000 connections to each listener and keeps them, half a head in each',
    expected:
      'No more than 512 stay open; probes and scrapes come through meanwhile and afterwards, and the log counts what was closed.',
    async run({ t, fired, state, figures, message }) {
      const simulator = await startAws(t);
      const served = await startServe(t, buying(simulator));
      await showsBill(served, 1);
      const floods = [served.restUrl, served.metricsUrl].map((url) =>
        startCommand(t, ['--nofile=12000:', process.execPath, FLOOD, new URL(url).port, '10000'], {
          program: 'prlimit',
        }),
      );
      let during = 0;
      while (floods.some((flood) => flood.stdout() === '')) {
        for (const path of [
          `${served.restUrl}/health`,
          `${served.metricsUrl}/health`,
          `${served.metricsUrl}/metrics`,
        ])
          t.equal((await ask(path)).status, 200);
        during++;
        if (floods.some((flood) => flood.stderr() !== ''))
          throw new Error(floods.map((flood) => flood.stderr()).join());
        await sleep(20);
      }
      for (const flood of floods) {
        const { opened, closed } = JSON.parse(flood.stdout()) as { opened: number; closed: number };
        t.equal(opened, 10_000);
        t.ok(opened - closed <= 512, `${opened - closed} stay open`);
        fired('connections that were opened', opened);
        state(`${opened - closed} stay open`);
      }
      t.ok(during > 1, `${during} rounds of probes and scrapes meanwhile`);
      message(await said(served, /connections were closed: there are too many/));
      t.ok(linesWith(served, /too many/).length >= 1);
      await servedFiguresAre(t, served, 1);
      figures(`unchanged, ${during} scrapes meanwhile`);
      t.equal((await costState(served)).state, 'ok');
    },
  },
];
