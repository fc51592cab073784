// CONFIG_FILE.
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ConfigError, loadConfig } from '../../src/config.ts';

/** The configuration that a file gives. */
function read(t: Test, yaml: string, env: Record<string, string> = {}) {
  const CONFIG_FILE = join(t.testdir({ 'targets.yaml': yaml }), 'targets.yaml');
  return loadConfig({ ...env, CONFIG_FILE });
}

/** What a user reads of a wrong file. */
function faultsOf(t: Test, yaml: string, env: Record<string, string> = {}): string {
  try {
    read(t, yaml, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

const ROLE = 'arn:aws:iam::222222222222:role/costs';

t.test('several targets, in file order, with all they may say', async (t) => {
  const { targets, capabilities } = read(
    t,
    `targets:
  - name: payer
  - name: member
    roleArn: ${ROLE}
    externalId: agreed-word
    region: eu-central-1
    accountId: "222222222222"
    capabilities: [cost]
  - {name: third, roleArn: "arn:aws-cn:iam::333333333333:role/path/to/costs", region: cn-north-1}
`,
    { AWS_REGION: 'us-west-2', CAPABILITIES: 'cost,forecast' },
  );
  t.match(targets, [
    { name: 'payer', roleArn: undefined, region: 'us-west-2', capabilities: ['cost', 'forecast'] },
    {
      name: 'member',
      roleArn: ROLE,
      externalId: 'agreed-word',
      region: 'eu-central-1',
      accountId: '222222222222',
      capabilities: ['cost'],
    },
    { name: 'third', region: 'cn-north-1' },
  ]);
  t.equal(targets.length, 3);
  t.same(capabilities, ['cost', 'forecast']);
});

t.test("a target's capabilities: its own, else CAPABILITIES, in the canonical order", async (t) => {
  const yaml = 'targets: [{name: a, capabilities: [forecast, cost]}, {name: b}]';
  const { targets, capabilities } = read(t, yaml, { CAPABILITIES: 'cost' });
  t.same(
    targets.map((target) => target.capabilities),
    [['cost', 'forecast'], ['cost']],
  );
  t.same(capabilities, ['cost', 'forecast']);
});

t.test('what is wrong is named by its place, all at once', async (t) => {
  const text = faultsOf(
    t,
    `targets:
  - name: "-bad name"
    roleArn: arn:aws:iam::1:role/x
  - name: ok
    region: mars
    accountId: 222222222222
    capabilities: [costs]
  - roleArn: ${ROLE}
`,
    { PORT: 'x' },
  );
  for (const place of [
    /^ *PORT/m,
    /targets\.0\.name/,
    /targets\.0\.roleArn/,
    /targets\.1\.region/,
    /targets\.1\.accountId/,
    /targets\.1\.capabilities/,
    /targets\.2\.name/,
  ]) {
    t.match(text, place);
  }
  t.match(text, /CONFIG_FILE/, 'the setting is named');
  t.match(text, /example/);
});

t.test('unknown keys are refused, at every level', async (t) => {
  t.match(faultsOf(t, 'targets: [{name: a, role: x}]'), /targets\.0\.role/);
  t.match(faultsOf(t, 'targets: [{name: a}]\ntarget: x'), /CONFIG_FILE target\b/);
  t.match(
    faultsOf(t, 'targets: [{name: a, budget: 1}]'),
    /targets\.0\.budget/,
    'none is accepted and ignored',
  );
});

t.test('two targets of one name', async (t) => {
  const text = faultsOf(t, 'targets: [{name: twin}, {name: other}, {name: twin}]');
  t.match(text, /targets\.2\.name/);
  t.match(text, /twin/);
});

t.test('a file that is none', async (t) => {
  for (const yaml of [
    '',
    'null',
    'text',
    '[]',
    'targets:',
    'targets: []',
    'targets: {name: a}',
    'targets: [a]',
    '{',
  ]) {
    t.match(faultsOf(t, yaml), /CONFIG_FILE/, JSON.stringify(yaml));
  }
  t.match(faultsOf(t, 'targets: [{name: a}]\ntargets: [{name: b}]'), /CONFIG_FILE/, 'a key twice');
  t.match(faultsOf(t, 'a: 1\n---\ntargets: [{name: a}]'), /CONFIG_FILE/, 'two documents');
});

t.test('an ExternalId is never shown', async (t) => {
  const secrets = {
    'a wrong one': `targets: [{name: a, roleArn: "${ROLE}", externalId: "hunter2 with spaces"}]`,
    'a short one': `targets: [{name: a, roleArn: "${ROLE}", externalId: "h"}]`,
    'a number': `targets: [{name: a, roleArn: "${ROLE}", externalId: 74736251}]`,
    'a list': `targets: [{name: a, roleArn: "${ROLE}", externalId: [hunter2]}]`,
    'in a target that is not one': 'targets: [{name: a}, "externalId: hunter2"]',
    'beside a syntax error': `targets:\n  - name: a\n    externalId: hunter2: x\n`,
    'beside an open quote': `targets:\n  - name: a\n    externalId: "hunter2\n`,
    'under a wrong key': `targets: [{name: a, externalID: hunter2}]`,
    'as an unknown alias': `targets: [{name: a, externalId: *hunter2}]`,
    'under an unknown tag': `targets: [{name: a, externalId: !hunter2 x}]`,
    'in a targets list that is none': `targets: {name: a, externalId: hunter2}`,
    'in a file that is a list': `[{name: a, externalId: hunter2}]`,
  };
  for (const [how, yaml] of Object.entries(secrets)) {
    const text = faultsOf(t, yaml);
    t.match(text, /CONFIG_FILE/, `${how}: is refused`);
    t.notMatch(text, /hunter2|74736251/, `${how}: is not shown`);
  }
});
