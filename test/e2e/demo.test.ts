import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { generateBill, writeFocusFile } from '../../src/simulator/index.ts';
import { eventually } from '../servers/process.ts';
import { ExpectedBill } from './bill.ts';
import { CLI, type Command, ROOT, runCommand, startCommand } from './command.ts';
import { readJson, scrape, total } from './page.ts';

t.setTimeout(180_000);

const SAMPLE = join(ROOT, '../shared/data/focus_1_0_aws_sample.csv.gz');
const NOON = 12 * 3_600_000;

/** A demo as a user starts it. */
const npmDemo = (t: Test, args: readonly string[], env: NodeJS.ProcessEnv) =>
  runCommand(t, ['run', '--silent', 'demo', '--', ...args], { program: 'npm', env });

/** The table that a demo prints: the day on which it ran, and its amounts by name. */
function readTable(stdout: string) {
  const [, end = ''] = /^Cost by service, \S+ up to (\S+), in USD:$/m.exec(stdout) ?? [];
  const rows = [...stdout.matchAll(/^ {2}(\S.*?) {2,}(-?\d+\.\d{4})$/gm)];
  return { today: end, amounts: new Map(rows.map(([, name = '', amount]) => [name, Number(amount)])) };
}

/** Whether a table's figure is a sum rounded to four decimals. */
function isRounded(t: Test, figure: number | undefined, sum: ExpectedBill['total'], what: string) {
  t.equal(figure, Number(sum.toFixed(4)), `${what}: ${figure} is ${sum}`);
}

async function demoOf(t: Test, file: string): Promise<void> {
  const { code, stdout, stderr } = await npmDemo(t, ['--once', '--bill', file], {});
  t.equal(code, 0, 'exit code', { stderr });
  const { today, amounts } = readTable(stdout);
  const expected = new ExpectedBill(file, Date.parse(`${today}T00:00:00Z`) + NOON, 'BlendedCost');
  isRounded(t, amounts.get('Total of the window'), expected.total, 'total');
  isRounded(t, amounts.get('Month to date'), expected.monthToDate, 'month to date');
  isRounded(t, amounts.get('Forecast, next 30 days'), expected.forecast, 'forecast');
  isRounded(t, amounts.get("Forecast, month's end"), expected.monthEnd, "month's end");
  const named = [...amounts].filter(([name]) => expected.byService.has(name));
  t.ok(named.length >= 3, `${named.length} services`);
  for (const [name, amount] of named) {
    const sum = expected.byService.get(name);
    if (sum !== undefined) isRounded(t, amount, sum, name);
  }
  t.match(stdout, /^On AWS the \d+ paid requests would have cost USD 0\.0\d\.$/m);
}

t.test('npm run demo -- --once --bill, the real sample', async (t) => {
  if (!existsSync(SAMPLE)) {
    t.pass('../shared/data/focus_1_0_aws_sample.csv.gz is absent', { skip: true });
    return;
  }
  await demoOf(t, SAMPLE);
});

t.test('npm run demo -- --once --bill, a file of our own without compression', async (t) => {
  const file = join(t.testdir(), 'own.csv');
  // Nothing is charged on its last day, so that the figures do not depend on the hour.
  const rows = generateBill({ seed: 5, today: new Date('2026-03-15'), days: 60 });
  await writeFocusFile(file, rows);
  await demoOf(t, file);
});

t.test('npm run demo -- --once says which ports it takes in place of the usual ones', async (t) => {
  // An empty setting counts as unset.
  for (const port of [5_000, 8_080]) await occupy(t, port);
  const { code, stdout, stderr } = await npmDemo(t, ['--once', '--seed', '6'], {
    PORT: undefined,
    METRICS_PORT: '',
  });
  t.equal(code, 0, 'exit code', { stderr });
  t.match(stdout, /^Port 5000 is in use: taking \d+\.$/m);
  t.match(stdout, /^Port 8080 is in use: taking \d+\.$/m);
  const { today, amounts } = readTable(stdout);
  const file = join(t.testdir(), 'seed-6.csv');
  const rows = generateBill({ seed: 6, today: new Date(today) });
  await writeFocusFile(file, rows);
  // The file reaches to midnight: read as it is, today is its last complete day, so the window is moved by one.
  const tomorrow = Date.parse(today) + 24 * 3_600_000;
  const lastDay = new ExpectedBill(file, tomorrow, 'BlendedCost');
  t.ok(lastDay.total.greaterThan(0));
  const window = lastDay.sumOfDays(31, 1);
  isRounded(t, amounts.get('Total of the window'), window, 'total');
});

t.test('npm run demo serves until Ctrl-C', async (t) => {
  const command = startCommand(t, [CLI, 'demo'], {});
  await eventually('it serves', () => /Serving until Ctrl-C/.test(command.stdout()) || undefined);
  const [, metrics = ''] = /metrics\s+(http\S+)\/metrics$/m.exec(command.stdout()) ?? [];
  const [, rest = ''] = /cost now\s+(http\S+)\/cost\/current$/m.exec(command.stdout()) ?? [];
  const { total: sum } = await readJson<{ total: number }>(`${rest}/cost/current`);
  const { amounts } = readTable(command.stdout());
  t.equal(amounts.get('Total of the window'), Number(sum.toFixed(4)));
  t.ok(Math.abs(total(await scrape(metrics), 'aws_cost_total') - sum) < 1e-6);
  t.equal((await fetch(`${rest}/docs/`)).status, 200);
  await endsCleanly(t, command);
});

async function endsCleanly(t: Test, command: Command): Promise<void> {
  const { code, signal, ms } = await command.end('SIGINT');
  t.same({ code, signal }, { code: 0, signal: null });
  t.ok(ms < 2_000, `${ms} ms`);
  t.equal(command.stderr(), '');
}

const HEADER = [
  'ChargePeriodStart,ChargePeriodEnd,BillingPeriodStart,BilledCost,EffectiveCost,BillingCurrency,BillingAccountId',
  'ChargeCategory,ServiceName',
].join();
const GOOD =
  '2026-01-01 00:00:00,2026-01-01 01:00:00,2026-01-01 00:00:00,1.5,1,USD,111122223333,Usage,AmazonCloudWatch';

t.test('a wrong bill file is one line that names the place, and exit code 2', async (t) => {
  const csv = (...lines: string[]) => `${lines.join('\n')}\n`;
  const faults: [name: string, content: string | Buffer | undefined, says: RegExp][] = [
    ['column.csv', csv(HEADER.replace('BilledCost,', ''), GOOD), /row 1 column BilledCost: .*missing/],
    ['number.csv', csv(HEADER, GOOD, GOOD.replace('1.5', '1,5')), /row 3\b/],
    [
      'amount.csv',
      csv(HEADER, GOOD, GOOD.replace('1.5', 'ten')),
      /row 3 column BilledCost: 'ten' is not a number/,
    ],
    [
      'date.csv.gz',
      gzipSync(csv(HEADER, GOOD, GOOD, GOOD.replace('2026-01-01 01', '2026-02-30 01'))),
      /row 4 column ChargePeriodEnd: .*2026-02-30.* is not a UTC date/,
    ],
    ['not-gzip.csv.gz', csv(HEADER, GOOD), /not a whole gzip file/],
    ['half.csv.gz', gzipSync(csv(HEADER, GOOD, GOOD)).subarray(0, 90), /not a whole gzip file/],
    ['empty.csv', csv(HEADER), /no rows/],
    ['absent.csv', undefined, /no such file/],
    ['binary.csv', Buffer.from([0, 255, 1, 254]), /./],
  ];
  const folder = t.testdir();
  const check = async ([name, content, says]: (typeof faults)[number]) => {
    const file = join(folder, name);
    if (content !== undefined) await writeFile(file, content);
    const { code, stderr } = await runCommand(t, [CLI, 'demo', '--once', '--bill', file]);
    t.equal(code, 2, `${name}: exit code`);
    t.match(stderr, says, name);
    t.equal(stderr.trimEnd().split('\n').length, 1, `${name}: one line: ${stderr}`);
    t.ok(stderr.includes(name), `${name} is named`);
  };
  // Two at a time: so many cores a small machine has.
  while (faults.length > 0) await Promise.all(faults.splice(0, 2).map(check));
});

t.test('wrong usage is exit code 2', async (t) => {
  for (const args of [['demo', '--seed', 'x'], ['demo', '--unknown'], ['no-such-command']]) {
    const { code, stderr } = await runCommand(t, [CLI, ...args]);
    t.equal(code, 2, args.join(' '));
    t.match(stderr, /^aws-cost-exporter: .+\n$/, args.join(' '));
  }
});

/** Listens on a port of 127.0.0.1 until the test ends, unless another program does already. */
async function occupy(t: Test, port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve();
      else reject(error);
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
}
