import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startRedis } from '../../test/servers/redis.ts';
import { goals, table } from './report.ts';
import { scenarios } from './scenarios.ts';
import { type Result, simulate } from './simulate.ts';

const USAGE = `bench/requests: what the exporter pays over simulated days, and how true its figures are.

  --days N      simulate at most N days of each scenario (default 30)
  --only TEXT   only scenarios whose name has TEXT; may be given several times, all must match
  --seed N      seed of the bill, the phases and the crashes (default 1)
  --json FILE   write all that was found
  --list        name the scenarios

Ends with 1 where a goal is missed.`;

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '30' },
    only: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [days, seed] = [Number(values.days), Number(values.seed)];
if (values.help || !Number.isInteger(days) || days < 1 || !Number.isInteger(seed)) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
const chosen = scenarios(days).filter(({ name }) => values.only.every((text) => name.includes(text)));
if (values.list) {
  for (const { name, days: own } of chosen) console.log(`${name} (${own} days)`);
  process.exit(0);
}

const cleaning: (() => unknown)[] = [];
const scope = {
  teardown: (clean: () => unknown) => cleaning.push(clean),
  pass: (text: string) => console.error(text),
};
const redis = chosen.some((scenario) => scenario.redis) ? await startRedis(scope) : undefined;
const results: Result[] = [];
try {
  for (const scenario of chosen) {
    if (scenario.redis && redis === undefined) continue;
    const result = await simulate(scenario, { seed, redisUrl: scenario.redis ? redis?.url : undefined });
    results.push(result);
    console.error(`${result.scenario}: ${result.paid.mean.toFixed(1)} a day, ${result.seconds.toFixed(1)} s`);
  }
} finally {
  for (const clean of cleaning.toReversed()) await clean();
}

console.log(table(results));
const reached = goals(results);
console.log();
for (const { goal, met, found } of reached) {
  console.log(`${met === undefined ? 'not known' : met ? 'met' : 'MISSED'}: ${goal} (${found})`);
}
for (const { scenario, unexplained } of results) {
  for (const { area, figure, since, ageMs } of unexplained) {
    const from = since === undefined ? 'no bill had it' : `since ${new Date(since).toISOString()}`;
    console.log(`not explained: ${scenario}: ${area} ${figure}, ${from}, ${Math.round(ageMs / 60_000)} min`);
  }
}
console.log(`seed ${seed}, ${results.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(1)} s`);
if (values.json)
  writeFileSync(values.json, `${JSON.stringify({ seed, results, goals: reached }, null, 2)}\n`);
process.exit(reached.some(({ met }) => met === false) ? 1 : 0);
