import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readTargetsFile } from '../../src/config/faults.ts';
import { TargetEntry } from '../../src/config/targets-file.ts';
import { ConfigError, loadConfig } from '../../src/config.ts';

const folder = t.testdir();

/** What is read of a file with this text. */
function read(text: string) {
  const path = join(folder, 'targets.yaml');
  writeFileSync(path, text);
  return { path, ...readTargetsFile(path) };
}

/** What a user is told of a file with this text. */
function told(text: string): string {
  try {
    loadConfig({ CONFIG_FILE: read(text).path });
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

t.test('targets in file order, with what the environment gives them', async (t) => {
  const { path } = read(`targets:
  - name: payer
    roleArn: arn:aws:iam::111122223333:role/path/aws-cost-exporter
    externalId: agreed:word
    accountId: "111122223333"
    capabilities: [forecast, cost]
  - {name: china, roleArn: "arn:aws-cn:iam::222233334444:role/r", region: cn-north-1, regions: [cn-north-1], tagKeys: [Owner], capabilities: [cost]}
  - name: own
`);
  const config = loadConfig({
    CONFIG_FILE: path,
    AWS_REGION: 'eu-west-1',
    AWS_REGIONS: 'eu-west-1,us-east-1',
    TAG_KEYS: 'Team',
    CAPABILITIES: 'cost',
  });
  const regions = ['eu-west-1', 'us-east-1'];
  const tagKeys = ['Team'];
  t.same(config.targets, [
    {
      name: 'payer',
      roleArn: 'arn:aws:iam::111122223333:role/path/aws-cost-exporter',
      externalId: 'agreed:word',
      accountId: '111122223333',
      region: 'eu-west-1',
      regions,
      tagKeys,
      capabilities: ['cost', 'forecast'],
    },
    {
      name: 'china',
      roleArn: 'arn:aws-cn:iam::222233334444:role/r',
      region: 'cn-north-1',
      regions: ['cn-north-1'],
      tagKeys: ['Owner'],
      capabilities: ['cost'],
    },
    { name: 'own', region: 'eu-west-1', regions, tagKeys, capabilities: ['cost'] },
  ]);
  t.same(config.capabilities, ['cost', 'forecast']);
});

t.test('every key has a description and an example that is right', async (t) => {
  for (const [key, doc] of Object.entries(TargetEntry.properties)) {
    t.match(doc.description, /^[A-Z].*\.$/s, key);
    const example = String(doc.example);
    const role = key === 'externalId' ? 'roleArn: "arn:aws:iam::111122223333:role/r", ' : '';
    const entry = key === 'name' ? `name: ${example}` : `{name: x, ${role}${key}: ${example}}`;
    t.same(read(`targets:\n  - ${entry}\n`).faults, [], `${key}: ${example}`);
  }
});

t.test('all faults at once, each where it stands', async (t) => {
  const message = told(`targets:
  - {name: "-x", accountId: 111122223333}
  - {name: good, roleArn: reader, region: Frankfurt, capabilities: [taxes], colour: red}
  - {name: good}
extra: 1
`);
  for (const where of ['targets.0.name', 'targets.0.accountId', 'targets.1.roleArn', 'targets.1.region']) {
    t.match(message, `CONFIG_FILE ${where}`);
  }
  t.match(message, /CONFIG_FILE targets\.1\.capabilities\.0/);
  t.match(message, /CONFIG_FILE targets\.1\.colour: is not a key/);
  t.match(message, /CONFIG_FILE extra: is not a key/);
  t.match(
    told('targets: [{name: a}, {name: b}, {name: a}]'),
    /CONFIG_FILE targets\.2\.name="a": stands twice/,
  );
});

t.test('a wrong item of a list is told what the list must be', async (t) => {
  const message = told(
    `targets: [{name: a, capabilities: [cost, taxes], regions: [Mars], tagKeys: [x, ""]}]`,
  );
  t.match(
    message,
    /targets\.0\.capabilities\.1="taxes": must be a list of cost, forecast, .* \(example: \[cost\]\)/,
  );
  t.match(message, /targets\.0\.regions\.0="Mars": must be a list of AWS regions \(example: \[eu-/);
  t.match(message, /targets\.0\.tagKeys\.1="": must be a list of 1 to 100 tag keys \(example: \[Env/);
  t.match(
    told('targets: [{name: a}]\nestimates: 7'),
    /CONFIG_FILE estimates=7: must be a mapping .*\(example: /,
  );
  t.notMatch(message, /undefined/);
});

t.test('lists without doubles, as those of the environment', async (t) => {
  const { path } = read(
    'targets: [{name: a, tagKeys: [x, y, x], regions: [eu-west-1, eu-west-1], capabilities: [cost, cost]}]',
  );
  const [target] = loadConfig({ CONFIG_FILE: path }).targets;
  t.match(target, { tagKeys: ['x', 'y'], regions: ['eu-west-1'], capabilities: ['cost'] });
  t.same([target?.tagKeys.length, target?.regions.length, target?.capabilities.length], [2, 1, 1]);
});

t.test('the YAML library prints no warning, which would quote the file', async (t) => {
  const warnings: Error[] = [];
  const keep = (warning: Error) => warnings.push(warning);
  process.on('warning', keep);
  t.teardown(() => process.off('warning', keep));
  told('targets: [{name: a, externalId: !hunter2 x}]');
  await new Promise((resolve) => setImmediate(resolve));
  t.same(warnings, []);
});

t.test('a file that holds something else is never shown', async (t) => {
  for (const text of ['hunter2', '"hunter2"', '74736251', 'targets: hunter2', 'targets: 74736251'])
    t.match(told(text), /CONFIG_FILE [^=]*: must be/, text);
  for (const text of ['hunter2', '74736251', 'targets: hunter2']) t.notMatch(told(text), /hunter2|74736251/);
});

t.test('files that are none', async (t) => {
  for (const text of [
    '',
    '[]',
    '7',
    'targets:',
    'targets: []',
    'targets: {}',
    '- name: a',
    'a: b: c',
    '\t- x',
    'targets: [null]',
  ]) {
    t.match(told(text), /^The configuration is wrong:\n {2}CONFIG_FILE/, JSON.stringify(text));
  }
  const [fault] = readTargetsFile(join(folder, 'none.yaml')).faults;
  t.match(fault, { where: 'CONFIG_FILE', reason: /cannot be read/ });
  t.match(readTargetsFile(folder).faults, [{ where: 'CONFIG_FILE', reason: /cannot be read/ }]);
});

t.test('an external id is never told, however the file is wrong', async (t) => {
  const secret = 'hunter2';
  const files = {
    'not allowed characters': `targets: [{name: a, externalId: "${secret} !"}]`,
    'too short': `targets: [{name: a, externalId: "h"}]\n# ${secret}`,
    'a list': `targets: [{name: a, externalId: [${secret}]}]`,
    'a mapping': `targets: [{name: a, externalId: {is: ${secret}}}]`,
    'no list of targets': `targets: {name: a, externalId: ${secret}}`,
    'no key `targets`': `- {name: a, externalId: ${secret}}`,
    'targets of texts': `targets: [production]`,
    'a list too many': `targets: [[{name: a, externalId: ${secret}}]]`,
    'a wrong spelling': `targets: [{name: a, externalID: ${secret}}]`,
    'not YAML': `targets:\n  - name: a\n    externalId: "${secret}\n   x: [`,
    'in the wrong key': `targets: [{name: {externalId: ${secret}}}]`,
  };
  for (const [name, text] of Object.entries(files)) {
    const message = told(text);
    t.notMatch(message, secret, name);
    t.match(message, /CONFIG_FILE/, `${name}: but a fault is`);
    t.notMatch(message, /undefined/, `${name}: and what would be right`);
  }
});
