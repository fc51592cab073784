// docs/iam holds the least policy of each capability: exactly what the code calls, the same in every form.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { CAPABILITIES } from '../../src/config/settings.ts';
import type { Simulator } from '../../src/simulator/index.ts';
import { startExporter } from '../helper.ts';
import { actionOf, actionsOf, BILL, IAM, policyNames, readPolicy } from './policies.ts';

const DAY_MS = 86_400_000;
const PLUGINS = join(import.meta.dirname, '../../plugins');

/** What an account may lack, so that between them every call is made. */
const ACCOUNTS: Readonly<Record<string, (sim: Simulator) => void>> = {
  'that has everything': () => {},
  'without the hub': (sim) => sim.setSettings({ hubEnrolled: false }),
  'without recommendations': (sim) => {
    for (const part of ['Rightsizing', 'SavingsPlansPurchase', 'ReservationPurchase']) {
      sim.faults.add({ kind: 'deny', operation: `Get${part}Recommendation` });
    }
  },
  'without the consolidated report': (sim) => {
    sim.faults.add({ kind: 'deny', operation: 'GetConsolidatedReport' });
  },
};

t.test('a policy allows what its capability calls, and nothing else', async (t) => {
  const exporter = await startExporter(t, { bill: BILL });
  const called = new Map<string, Set<string>>(CAPABILITIES.map((name) => [name, new Set()]));
  for (const [account, change] of Object.entries(ACCOUNTS)) {
    change(exporter.sim);
    exporter.clock.advance(DAY_MS);
    for (const name of CAPABILITIES) {
      const before = exporter.sim.requests.length;
      t.equal(await exporter.run(name), 'collected', `${name} in an account ${account}`);
      for (const request of exporter.sim.requests.slice(before)) {
        const action = actionOf(request);
        if (action !== undefined) called.get(name)?.add(action);
      }
    }
  }
  for (const { capability } of exporter.app.rest.collections.states.all()) {
    const { name, operations } = capability;
    const allowed = actionsOf(readPolicy(name));
    t.strictSame([...(called.get(name) ?? [])].toSorted(), allowed, `${name}: what was called`);
    t.strictSame(
      [...operations].toSorted(),
      allowed.map((action) => action.split(':')[1]).toSorted(),
      `${name}: what it says that it calls`,
    );
    t.strictSame(
      commandsOf(name).filter((operation) => !operations.includes(operation)),
      [],
      `${name}: no command in its code beside these`,
    );
  }
});

t.test('the policies themselves', async (t) => {
  t.strictSame(
    policyNames().toSorted(),
    [...CAPABILITIES, 'all'].toSorted(),
    'one for each, and one for all',
  );
  for (const name of policyNames()) {
    const { Version, Statement: statements } = readPolicy(name);
    t.equal(Version, '2012-10-17');
    for (const { Effect, Action, ...rest } of statements) {
      t.equal(Effect, 'Allow');
      t.strictSame(Object.keys(rest).toSorted(), ['Resource', 'Sid']);
      const actions = [Action].flat();
      t.strictSame(actions, [...new Set(actions)].toSorted(), `${name}: sorted, none twice`);
      t.strictSame(
        actions.filter((action) => !/^[a-z-]+:(Get|List)[A-Za-z]+$/.test(action)),
        [],
        `${name}: no wildcard, and nothing that writes`,
      );
    }
  }
  t.strictSame(
    readPolicy('all').Statement,
    CAPABILITIES.flatMap((name) => readPolicy(name).Statement),
    'all.json is the five in one',
  );
});

t.test('the page names every action, and no other', async (t) => {
  const page = readFileSync(join(IAM, 'README.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z-]+:[A-Za-z]+)` \|([^|]*)\|/gm)];
  const named = new Map(rows.map(([, action = '', files = '']) => [action, files]));
  t.strictSame([...named.keys()].toSorted(), actionsOf(readPolicy('all')));
  for (const [action, files] of named) {
    t.strictSame(
      files.match(/[a-z-]+/g),
      CAPABILITIES.filter((name) => actionsOf(readPolicy(name)).includes(action)),
      `${action}: the capabilities that need it`,
    );
  }
  const sts = ['sts:AssumeRole', 'sts:TagSession', 'sts:GetCallerIdentity'];
  const elsewhere = [...page.matchAll(/`([a-z-]+:[A-Z][A-Za-z]+)`/g)].map(([, action = '']) => action);
  t.strictSame(new Set(elsewhere), new Set([...named.keys(), ...sts]), 'elsewhere on the page too');
  for (const [, link = ''] of page.matchAll(/\]\(([^)#:]+)\)/g)) {
    t.doesNotThrow(() => readFileSync(join(IAM, link)), `${link} is there`);
  }
});

/** Operations whose commands a capability's code makes. */
function commandsOf(capability: string): string[] {
  const folder = join(PLUGINS, capability);
  return readdirSync(folder).flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/new ([A-Z]\w+)Command\(/g)].map(
      ([, name = '']) => name,
    ),
  );
}
