import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { awayFromMidnight } from '../../test/e2e/command.ts';
import { head, line, verdict } from './report.ts';
import { soak } from './soak.ts';

const USAGE = `bench/soak: one exporter under load for a while; whether what it holds is flat, and what it shows is right.

  --minutes N   how long (default 30)
  --series N    series of the bill, about (default 100000)
  --bill-seconds N  time from one bill to the next (default 60): shorter turns more over in the same time
  --json FILE   write all samples

A bill that changes each minute, three scrapers, a reader of REST, a Redis that is away for 10 s every four minutes and comes back
with and without its data by turns. Ends with 1 where something grows or a figure was wrong. Linux; it wants redis-server.`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    series: { type: 'string', default: '100000' },
    'bill-seconds': { type: 'string', default: '60' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const [minutes, series, billSeconds] = [values.minutes, values.series, values['bill-seconds']].map(
  Number,
) as [number, number, number];
if (values.help || !(minutes > 0) || !(series > 0) || !(billSeconds > 0)) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}

/** 31 days and seven sums for each pair of service and account. */
const SERIES_OF_A_PAIR = 38;
const accounts = 40;
const services = Math.max(1, Math.round(series / SERIES_OF_A_PAIR / accounts));

const cleaning: (() => unknown)[] = [];
const scope = {
  teardown: (clean: () => unknown) => cleaning.push(clean),
  pass: (text: string) => console.error(text),
};
const clean = async () => {
  for (const one of cleaning.splice(0).toReversed()) await one();
};
process.once('SIGINT', () => void clean().then(() => process.exit(130)));

await awayFromMidnight();
console.log(
  `${services * accounts * SERIES_OF_A_PAIR} series, ${minutes} minutes, Node.js ${process.version}\n\n${head()}`,
);
try {
  const { stretches, said, logFile, exitCode } = await soak(scope, {
    minutes,
    shape: { services, accounts },
    billMs: billSeconds * 1_000,
    sampleMs: 10_000,
    settleMs: 60_000,
    stretchMs: minutes >= 15 ? 300_000 : 60_000,
    redisMs: 240_000,
    outageMs: 10_000,
    onStretch: (stretch) => console.log(line(stretch)),
  });
  const { text, good } = verdict(stretches, minutes);
  console.log(`\n${text}\nexit code of the exporter ${exitCode}, its log ${logFile}`);
  for (const words of said) console.log(`  ${words}`);
  if (values.json)
    writeFileSync(values.json, `${JSON.stringify({ minutes, series, stretches, said }, null, 1)}\n`);
  process.exitCode = good && exitCode === 0 ? 0 : 1;
} finally {
  await clean();
}
