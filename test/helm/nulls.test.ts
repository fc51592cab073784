// `null` in a file of values, as an empty line makes it, takes a default away: that is an empty value, or it is refused in words.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { leaves } from '../../scripts/chart/checks.ts';
import { readValues, type ValueDoc } from '../../scripts/chart/values-doc.ts';
import { CHART, type Rendered, render, requireHelm } from './helm.ts';

t.setTimeout(480_000);
const PATIENCE = { timeout: 480_000 };
/** Values under which most of the templates are used. */
const WIDE = {
  replicas: 2,
  redis: { external: { host: 'redis', username: 'user', passwordSecret: { name: 'redis' } } },
  networkPolicy: { enabled: true },
  ingress: { enabled: true },
  targets: [{ name: 'payer' }],
};

function without(path: readonly string[]): object {
  const values = structuredClone(WIDE);
  let at = values as Record<string, unknown>;
  for (const key of path.slice(0, -1)) {
    at[key] ??= {};
    at = at[key] as Record<string, unknown>;
  }
  at[path.at(-1) ?? ''] = null;
  return values;
}

const groups = (values: readonly ValueDoc[]): ValueDoc[] =>
  values.flatMap((one) => (one.members ? [one, ...groups(one.members)] : []));

function isInWords({ text, refusal }: Rendered, path: readonly string[]): boolean {
  if (refusal === undefined) return !/<nil>|<no value>/.test(text);
  const bySchema = refusal.includes(`missing property '${path.at(-1)}'`);
  return bySchema || (refusal.includes('The values are wrong:') && refusal.includes('write '));
}

t.test('each value, and each group of them, may be null, or says what to write', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const values = readValues(readFileSync(join(CHART, 'values.yaml'), 'utf8'));
  for (const { path } of [...groups(values), ...leaves(values)]) {
    const rendered = await render(helm, { values: without(path) });
    t.ok(isInWords(rendered, path), path.join('.'), { refusal: rendered.refusal });
  }
});
