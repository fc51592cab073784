import { Agent } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CLI, startCommand, startServe } from '../../e2e/command.ts';
import { numberedBill } from '../../e2e/numbered-bill.ts';
import { ask, type TargetView } from '../../helper.ts';
import { eventually, howToGet, requireProgram, run } from '../../servers/process.ts';
import type { FaultRow } from '../matrix.ts';
import {
  billOf,
  buying,
  buyingOften,
  costState,
  figuresAre,
  linesWith,
  noFigures,
  paidPages,
  said,
  showsBill,
  startAws,
} from '../subject.ts';

const CRASH = fileURLToPath(new URL('crash.ts', import.meta.url));
const LONG_MS = 60_000;

export const rows: readonly FaultRow[] = [
  {
    id: 'process/out-of-file-descriptors',
    fault: 'prlimit lets the running process open no file or socket any more; later it may again',
    expected:
      'Collections fail and say why, clients that are connected are served the last good figures; it recovers.',
    async run({ t, fired, state, figures, message }) {
      const prlimit = requireProgram(t, 'prlimit');
      if (prlimit === undefined) throw new Error(howToGet('prlimit'));
      const simulator = await startAws(t);
      const served = await startServe(t, buyingOften(simulator));
      await showsBill(served, 1);
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      t.teardown(() => agent.destroy());
      const connected = (path: string) => ask(`${served.restUrl}${path}`, { tls: { agent } as object });
      const total = (await connected('/cost/current')).json().total;
      const scraper = new Agent({ keepAlive: true, maxSockets: 1 });
      t.teardown(() => scraper.destroy());
      const scrape = () => ask(`${served.metricsUrl}/metrics`, { tls: { agent: scraper } as object });
      t.equal((await scrape()).status, 200);
      const limit = async (files: string) =>
        t.equal((await run(prlimit, ['--pid', String(served.pid), `--nofile=${files}`])).code, 0);
      await limit('3:');
      // Only a new connection needs a descriptor.
      simulator.faults.add({ kind: 'cut', times: 1 });
      message(await said(served, /EMFILE|emfile|too many open files/i));
      const cost = async () => {
        const { targets } = (await connected('/ready')).json<{ targets: TargetView[] }>();
        return targets[0]?.collectors[0];
      };
      const failed = await eventually('it has failed', async () => {
        const view = await cost();
        return view?.state === 'failed' ? view : undefined;
      });
      state(`cost ${failed.state} (${failed.cause?.code})`);
      t.equal((await connected('/cost/current')).json().total, total);
      const scraped = await scrape();
      t.equal(scraped.status, 200, 'a scraper that is connected too');
      figures('unchanged');
      fired('refused sockets that were logged', linesWith(served, /EMFILE/).length);
      simulator.setBill(billOf(2));
      await limit('1024:');
      await showsBill(served, 2, LONG_MS);
      await figuresAre(t, served, 2);
      t.equal((await costState(served)).state, 'ok');
    },
  },
  {
    id: 'process/out-of-memory',
    fault: 'A bill that does not fit into --max-old-space-size=48, in a crash loop with STATE_DIR',
    expected:
      'V8 says why it ends the process; after two crashes that were paid for, the third start stays up and buys nothing.',
    async run({ t, fired, state, figures, message }) {
      const bill = numberedBill({ number: 1, today: new Date(), days: 46, services: 80, accounts: 50 });
      const simulator = await startAws(t, { bill, pageSize: 1_000_000 });
      const env = { ...buying(simulator), STATE_DIR: join(t.testdir(), 'state') };
      const args = ['--max-old-space-size=48', CLI, 'serve'];
      let crashes = 0;
      for (let start = 0; start < 2; start++) {
        // No core is dumped.
        const dying = startCommand(t, ['--core=0', process.execPath, ...args], { env, program: 'prlimit' });
        const { signal } = await dying.exit;
        t.equal(signal, 'SIGABRT');
        t.match(dying.stderr(), /JavaScript heap out of memory/);
        if (start === 0) message(/FATAL ERROR: .*/.exec(dying.stderr())?.[0] ?? '');
        crashes++;
      }
      fired('processes that have ended for want of memory', crashes);
      const paid = paidPages(simulator);
      t.equal(paid, 2, 'paid twice: a collector that has nothing to show is tried once more');
      const served = await startServe(t, env, { args });
      message(await said(served, /was cut off by the end of its process/));
      await sleep(2_000);
      await noFigures(t, served);
      figures('none');
      t.equal(paidPages(simulator), paid, 'nothing more is bought');
      const view = await costState(served);
      t.ok(Date.parse(view.nextRun ?? '') > Date.now() + 60_000, `not again before ${view.nextRun}`);
      state(`cost ${view.state}, next run in the next round`);
    },
  },
  {
    id: 'process/event-loop-blocked',
    fault: 'Something takes the event loop for six seconds, in three stretches',
    expected:
      'REST answers 503 with Retry-After until it is free again; probes and scrapes are answered meanwhile.',
    async run({ t, fired, state, figures, message }) {
      const simulator = await startAws(t);
      const served = await startServe(
        t,
        { ...buying(simulator), CRASH_BY: 'block' },
        { args: ['--import', CRASH, CLI, 'serve'] },
      );
      await showsBill(served, 1);
      served.signal('SIGUSR2');
      let refused = 0;
      const seen = await eventually(
        'REST says that it is overloaded',
        async () => {
          const answers = await Promise.all([
            ask(`${served.restUrl}/cost/current`),
            ask(`${served.restUrl}/health`),
            ask(`${served.metricsUrl}/metrics`),
          ]);
          t.same(
            answers.slice(1).map(({ status }) => status),
            [200, 200],
          );
          if (answers[0].status !== 503) return undefined;
          refused++;
          return answers[0];
        },
        LONG_MS,
      );
      fired('answers 503', refused);
      t.match(seen.json(), { statusCode: 503, code: 'overloaded', message: /too much to do/ });
      t.match(seen.headers['retry-after'], /^\d+$/);
      message(String(seen.json().message));
      await eventually(
        'REST answers again',
        async () => (await ask(`${served.restUrl}/cost/current`)).status === 200 || undefined,
      );
      await figuresAre(t, served, 1);
      figures('unchanged');
      t.equal((await costState(served)).state, 'ok');
      state('cost ok');
    },
  },
];
