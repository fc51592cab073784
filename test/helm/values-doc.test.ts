// The generator behind values.schema.json, files/checks.json and the chart's table.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import t from 'tap';
import { parse } from 'yaml';
import { leaves } from '../../scripts/chart/checks.ts';
import { readValues } from '../../scripts/chart/values-doc.ts';
import { CHART } from './helm.ts';

const read = (name: string) => readFileSync(join(CHART, name), 'utf8');

t.test('the comment before a value says what it is', async (t) => {
  const text = `
# ---- A heading, which belongs to nothing

# -- The first,
# in two lines.
# @schema {minimum: 1}
a: 1
# A remark.
# -- The second.
# @check {pattern: '^x', expects: 'an x', example: x}
b: ""
c:
  # -- Inside.
  d: [1]
  # -- A whole.
  e: {f: 1}
`;
  const values = leaves(readValues(text));
  t.match(values, [
    { path: ['a'], description: 'The first, in two lines.', schema: { minimum: 1 } },
    { path: ['b'], description: 'The second.', check: { kind: 'text', pattern: '^x' } },
    { path: ['c', 'd'], description: 'Inside.', value: [1] },
    { path: ['c', 'e'], description: 'A whole.', value: { f: 1 } },
  ]);
  t.equal(values.length, 4);
});

t.test('what is not said is refused by its name', async (t) => {
  t.throws(() => readValues('# -- A.\na: 1\nb: 2\n'), /values\.yaml: b has no comment/);
  t.throws(() => readValues('# -- A.\n# @check {pattern: x}\na: 1\n'), /a: @check lacks expects or example/);
  t.throws(() => readValues('# -- A.\n# @pattern x\na: 1\n'), /a: @pattern x is neither @schema nor @check/);
});

t.test('the schema takes the defaults, and is strict', async (t) => {
  const schema = JSON.parse(read('values.schema.json'));
  const valid = new Ajv({ strict: true, strictTypes: false, strictRequired: false }).compile(schema);
  const values = parse(read('values.yaml'), { version: '1.1' });
  t.ok(valid(values), JSON.stringify(valid.errors));
  const loose = Object.entries(schema.properties).filter(
    ([, one]) =>
      (one as { properties?: object; additionalProperties?: boolean }).additionalProperties === undefined,
  );
  const groups = loose.filter(([, one]) => Object.hasOwn(one as object, 'properties'));
  t.same(
    groups.map(([name]) => name),
    ['config', 'estimates'],
    'what these hold is refused by the templates, in words',
  );
  t.notOk(valid({ ...values, replicaCount: 2 }));
  for (const path of [['image'], ['redis', 'external'], ['serviceMonitor']]) {
    const broken = structuredClone(values);
    path.reduce((at, key) => at[key], broken).stranger = 1;
    t.notOk(valid(broken), path.join('.'));
  }
});

t.test('each default fits its own check, as far as it says anything', async (t) => {
  for (const { path, value, check } of leaves(readValues(read('values.yaml')))) {
    if (!check || value === '' || (Array.isArray(value) && value.length === 0)) continue;
    t.match(String(value), new RegExp(check.pattern ?? ''), path.join('.'));
    if (check.kind === 'text')
      t.match(
        String(check.example).replaceAll('"', ''),
        new RegExp(check.pattern ?? ''),
        `${path.join('.')}: the example`,
      );
  }
});
