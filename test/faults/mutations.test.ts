// The list of mutations is right; that rows fail with them is seen by `npm run test:mutants`.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ROOT } from '../e2e/command.ts';
import { MUTATIONS as OF_THE_MODEL } from '../model/mutations.ts';
import type { Mutation } from '../mutants/copy.ts';
import { MUTATIONS } from './mutations.ts';
import { AREAS, ROWS } from './rows.ts';

function isSound(t: Test, { name, file, find, replace, rows }: Mutation): void {
  t.match(file, /^(src(?!\/simulator\/)|plugins|routes)\/.+\.ts$/, name);
  const parts = readFileSync(join(ROOT, file), 'utf8').split(find);
  t.equal(parts.length - 1, 1, `${name}: its text is in ${file} once`);
  t.not(replace, find, `${name}: changes something`);
  t.ok(rows.length > 0, `${name}: names rows`);
}

const doubles = (names: readonly string[]) => names.filter((name, at) => names.indexOf(name) !== at);

t.test('each row has its area and a name of its own', async (t) => {
  t.same(doubles(ROWS.map(({ id }) => id)), []);
  for (const [area, rows] of Object.entries(AREAS)) {
    for (const { id } of rows) t.match(id, new RegExp(`^${area}/[a-z0-9]+(-[a-z0-9]+)*$`));
  }
});

t.test('each file with rows is run by a test', async (t) => {
  const folder = import.meta.dirname;
  const tests = readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
  for (const area of Object.keys(AREAS)) {
    for (const name of readdirSync(join(folder, area))) {
      const hasRows = /export const rows\b/.test(readFileSync(join(folder, area, name), 'utf8'));
      if (!hasRows || name === 'index.ts') continue;
      t.ok(
        [name, 'index.ts'].some((file) => tests.includes(`'./${area}/${file}'`)),
        `${area}/${name}`,
      );
    }
  }
});

t.test('each mutation takes one guard out of the program, and rows are to see it', async (t) => {
  t.same(doubles(MUTATIONS.map(({ name }) => name)), []);
  for (const mutation of MUTATIONS) {
    const { name, rows } = mutation;
    isSound(t, mutation);
    t.same(
      rows.filter((row) => !ROWS.some(({ id }) => id === row)),
      [],
      `${name}: names rows that there are`,
    );
  }
});

t.test('each mutation of the model-based tests is one, and names tests', async (t) => {
  t.same(doubles(OF_THE_MODEL.map(({ name }) => name)), []);
  for (const mutation of OF_THE_MODEL) {
    isSound(t, mutation);
    for (const row of mutation.rows) t.ok(existsSync(join(ROOT, 'test', `${row}.test.ts`)), row);
  }
});

t.test('each row has a guard that it tests', async (t) => {
  const tested = new Set(MUTATIONS.flatMap(({ rows }) => rows));
  t.same(
    ROWS.filter(({ id }) => !tested.has(id)).map(({ id }) => id),
    [],
  );
});
