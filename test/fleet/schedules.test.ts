import t from 'tap';
import { startFleet } from './fleet.ts';
import { INTERVAL_MS, runSchedule } from './schedule.ts';

t.setTimeout(1_500_000);
// Most of the time a fleet waits.
t.jobs = 5;

/** FLEET_SEEDS=17,23 tries those schedules alone; by default there are 50. */
const seeds =
  process.env.FLEET_SEEDS?.split(',').map(Number) ?? Array.from({ length: 50 }, (_, index) => index + 1);

for (const seed of seeds) {
  t.test(`schedule ${seed}`, { buffered: true, timeout: 180_000 }, async (t) => {
    const fleet = await startFleet(t, {
      replicas: 3,
      env: { COST_INTERVAL: `${INTERVAL_MS / 1_000}s` },
      skews: [0, 60_000, -60_000],
    });
    if (fleet === undefined) return;
    const { findings, story } = await runSchedule(fleet, seed);
    t.same(findings, [], `seed ${seed}`, { story });
    t.comment(`seed ${seed}: ${story.length} events, ${fleet.bought().length} purchases`);
  });
}
