// The dashboards as Grafana's own types see them: whatever is not in its schema, or of another type, is refused.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ROOT } from '../e2e/command.ts';
import { outsideTap, run } from '../servers/process.ts';

t.setTimeout(120_000);

const FOLDER = join(ROOT, 'helm/aws-cost-exporter/dashboards');

/** A module that only compiles where the JSON is a dashboard. Words stand for the members of Grafana's enums. */
const moduleOf = (json: string) => `import type { Dashboard } from '@grafana/schema';
type Words<T> = T extends string ? T | \`\${T}\` : T extends object ? { [K in keyof T]: Words<T[K]> } : T;
export const dashboard: Words<Dashboard> = ${json};
`;

async function compiled(
  t: { testdir(): string },
  modules: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = t.testdir();
  const files = Object.entries(modules).map(([name, text]) => {
    writeFileSync(join(folder, `${name}.ts`), text);
    return join(folder, `${name}.ts`);
  });
  const options =
    '--ignoreConfig --noEmit --strict --skipLibCheck --module esnext --moduleResolution bundler';
  const { code, stdout, stderr } = await run(
    ...outsideTap(join(ROOT, 'node_modules/.bin/tsc'), [...options.split(' '), ...files]),
  );
  if (code !== 0 && !stdout.includes('error TS')) throw new Error(`the compiler has failed: ${stderr}`);
  return stdout;
}

t.test("every dashboard is one by Grafana's schema", async (t) => {
  const modules = readdirSync(FOLDER).map((file) => [
    file,
    moduleOf(readFileSync(join(FOLDER, file), 'utf8')),
  ]);
  t.ok(modules.length >= 5);
  t.equal(await compiled(t, Object.fromEntries(modules)), '');
});

t.test('what is none is found', async (t) => {
  const text = readFileSync(join(FOLDER, 'overview.json'), 'utf8');
  const wrong = {
    name: text.replace('"transformations"', '"transformation"'),
    enum: text.replace('"absolute"', '"absolut"'),
    type: text.replace(/"w": (\d+)/, '"w": "$1"'),
  };
  for (const [name, json] of Object.entries(wrong)) {
    t.not(json, text);
    t.match(await compiled(t, { [name]: moduleOf(json) }), /error TS/, name);
  }
});
