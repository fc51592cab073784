import t from 'tap';
import { requireHelm } from '../helm/helm.ts';
import { requirePromtool } from '../servers/prometheus.ts';
import { bare, type Case, testsOf } from './case.ts';
import { healthy } from './facts.ts';
import { chartRules, needed, promtoolTest } from './rules.ts';
import { STEP_MINUTES } from './world.ts';

/** A tap test of some cases, each in every layout and situation in which it holds. */
export function tryCases(cases: readonly Case[]): void {
  t.setTimeout(600_000);
  t.test('cases', async (t) => {
    const helm = await requireHelm(t);
    if (helm === undefined || requirePromtool(t) === undefined) return;
    for (const one of cases) {
      const groups = bare(await chartRules(helm, { alerts: one.values ?? {} }));
      const tests = testsOf(one, healthy(), groups);
      t.ok(tests.length > 0, `${one.alert}: ${one.name}: is tried`);
      const { code, stdout, stderr } = await promtoolTest(
        needed(groups, [one.alert]),
        tests,
        `${STEP_MINUTES}m`,
      );
      t.equal(code, 0, `${one.alert}: ${one.name} (${tests.length} worlds)`);
      if (code !== 0) t.comment(stdout.slice(0, 5_000), stderr.slice(0, 5_000));
    }
  });
}
