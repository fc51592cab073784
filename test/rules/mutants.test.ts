// The tests of the rules are tested: with each clause left out, some of them must fail.
import t from 'tap';
import { requireHelm } from '../helm/helm.ts';
import { requirePromtool } from '../servers/prometheus.ts';
import { bare, type Case, testsOf } from './case.ts';
import { CASES } from './cases.ts';
import { healthy } from './facts.ts';
import { type Mutant, mutantsOf } from './mutants.ts';
import { chartRules, needed, type PromtoolTest, promtoolTest, type RuleGroup, rulesOf } from './rules.ts';
import { STORIES } from './stories.ts';
import { LAYOUTS, STEP_MINUTES } from './world.ts';

t.setTimeout(1_800_000);

/** What may be left out without a difference that a test could see, and why it is there all the same. */
const EQUAL: readonly (readonly [of: RegExp, what: RegExp, why: string])[] = [
  [
    /aws_requests_denied:increase/,
    /^\{result="access_denied"\} -> $/,
    'on the right of `unless`: the other results match nothing, and cost time',
  ],
  [
    /:(anomaly|above_budget|above_limit|new)$/,
    /^last_over_time\(\S+\[6h\]\) > 0 -> /,
    'else the 0 that ends a condition would be written for ever',
  ],
  [
    /:first_failed$/,
    /^last_over_time\(\S+:first_failed\[6h\]\) -> /,
    'it is recorded at each evaluation: the memory is for a Prometheus that was away, and promtool leaves no evaluation out',
  ],
];

t.test('without any one of its clauses a rule fails some test', async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined || requirePromtool(t) === undefined) return;
  const rendered = new Map<object | undefined, Promise<readonly RuleGroup[]>>();
  const rulesWith = (values: object | undefined) => {
    const rules = rendered.get(values) ?? chartRules(helm, { alerts: values ?? {} });
    rendered.set(values, rules);
    return rules;
  };
  const groups = await rulesWith(undefined);
  const mutants = mutantsOf(groups).filter(({ of }) => alertsBy(groups, of).length > 0);
  t.ok(mutants.length > 100, `${mutants.length} mutants`);
  for (const mutant of mutants.filter(({ name }) => name.includes(process.env.ONLY ?? ''))) {
    const equal = EQUAL.find(([of, what]) => of.test(mutant.of) && what.test(mutant.what));
    if (equal) {
      t.pass(`${mutant.name}: ${equal[2]}`);
      continue;
    }
    const killer = await killerOf(mutant, alertsBy(groups, mutant.of), rulesWith);
    t.ok(killer !== undefined, `${mutant.name}: ${killer ?? 'no test fails'}`);
  }
});

/** The alerts that need a rule. */
function alertsBy(groups: readonly RuleGroup[], of: string): string[] {
  return rulesOf(groups).flatMap(({ alert }) => {
    if (alert === undefined) return [];
    return rulesOf(needed(groups, [alert])).some((one) => (one.alert ?? one.record) === of) ? [alert] : [];
  });
}

/** The name of the first test that fails with a mutant; undefined where all pass. */
async function killerOf(
  mutant: Mutant,
  alerts: readonly string[],
  rulesWith: (values: object | undefined) => Promise<readonly RuleGroup[]>,
): Promise<string | undefined> {
  const fails = async (
    about: readonly string[],
    values: object | undefined,
    tests: readonly PromtoolTest[],
  ) => {
    if (tests.length === 0) return false;
    const groups = needed(mutant.apply(bare(await rulesWith(values))), about);
    return (await promtoolTest(groups, tests, `${STEP_MINUTES}m`)).code !== 0;
  };
  const inCases = async (layouts: typeof LAYOUTS) => {
    for (const one of CASES.filter(({ alert }) => alerts.includes(alert))) {
      const where: Case['where'] = (layout, situation) =>
        layouts.includes(layout) && (one.where?.(layout, situation) ?? true);
      const tests = testsOf({ ...one, where }, healthy(), bare(await rulesWith(one.values)));
      if (await fails([one.alert], one.values, tests)) return one.name;
    }
    return undefined;
  };
  const inStories = async () => {
    for (const story of STORIES.filter((one) => one.alerts.some((alert) => alerts.includes(alert)))) {
      const test = story.test(bare(await rulesWith(story.values)));
      if (await fails(story.alerts, story.values, [test])) return story.name;
    }
    return undefined;
  };
  // Two layouts find most of what is missing.
  const few = LAYOUTS.filter((_, index) => index === 1 || index === 3);
  return (
    (await inCases(few)) ??
    (await inStories()) ??
    (await inCases(LAYOUTS.filter((one) => !few.includes(one))))
  );
}
