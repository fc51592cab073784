// Every alert, firing and not firing, with one replica and with three, whatever becomes of labels, over takeovers, rollouts and outages.
import t from 'tap';
import { requireHelm } from '../helm/helm.ts';
import { requirePromtool } from '../servers/prometheus.ts';
import { bare, testsOf } from './case.ts';
import { CASES } from './cases.ts';
import { healthy } from './facts.ts';
import { chartRules, needed, promtoolTest } from './rules.ts';
import { STEP_MINUTES } from './world.ts';

t.setTimeout(600_000);

t.test('cases', async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined || requirePromtool(t) === undefined) return;
  const only = process.env.ONLY;
  for (const one of CASES.filter(({ alert }) => only === undefined || alert === only)) {
    const groups = bare(await chartRules(helm, { alerts: one.values ?? {} }));
    const tests = testsOf(one, healthy(), groups);
    t.ok(tests.length > 0, `${one.name}: is tried`);
    const began = Date.now();
    const ran = await promtoolTest(needed(groups, [one.alert]), tests, `${STEP_MINUTES}m`);
    t.equal(ran.code, 0, `${one.alert}: ${one.name} (${tests.length} times, ${Date.now() - began} ms)`);
    if (ran.code !== 0) t.comment(ran.stdout.slice(0, 3000), ran.stderr.slice(0, 3000));
  }
});
