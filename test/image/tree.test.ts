import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { offeredToNode, pruneModules, unusedFolders } from '../../scripts/image/modules.ts';
import { manifestFor } from '../../scripts/image/program.ts';
import { filesBelow, normalize } from '../../scripts/image/tree.ts';

/** A folder with these files; what is an object is written as JSON. */
function tree(t: Test, files: Readonly<Record<string, string | object>>): string {
  const root = t.testdir({});
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return root;
}

t.test('what Node.js reads of a package stays, all else goes', async (t) => {
  const root = tree(t, {
    '.package-lock.json': {},
    '.bin/a': '#!/usr/bin/env node\n',
    'a/package.json': { main: './dist-cjs/a.js', module: './dist-es/a.js', types: './dist-types/a.d.ts' },
    'a/dist-cjs/a.js': '',
    'a/dist-cjs/a.js.map': '',
    'a/dist-cjs/data.json': '{}',
    'a/dist-cjs/docs/page.js': '',
    'a/dist-es/a.js': '',
    'a/dist-types/a.d.ts': '',
    'a/LICENSE.md': 'MIT',
    'a/README.md': 'prose',
    'a/test/a.js': '',
    'a/.eslintrc': '',
    'a/node_modules/b/package.json': {},
    'a/node_modules/b/index.js': '',
    'a/node_modules/b/index.d.mts': '',
    'a/node_modules/b/README.md': 'MIT, says the README alone',
    '@x/c/package.json': {
      exports: { './test': './test/run.js', '.': { types: './c.d.ts', default: './c.js' } },
    },
    '@x/c/c.js': '',
    '@x/c/test/run.js': '',
    '@x/c/static/page.html': '',
    '@x/c/release.sh': '#!/bin/sh\n',
    '@x/c/license': 'MIT',
  });
  pruneModules(root);
  t.same(filesBelow(root).toSorted(), [
    '@x/c/c.js',
    '@x/c/license',
    '@x/c/package.json',
    '@x/c/static/page.html',
    '@x/c/test/run.js',
    'a/LICENSE.md',
    'a/dist-cjs/a.js',
    'a/dist-cjs/data.json',
    'a/dist-cjs/docs/page.js',
    'a/node_modules/b/README.md',
    'a/node_modules/b/index.js',
    'a/node_modules/b/package.json',
    'a/package.json',
  ]);
  t.notOk(existsSync(join(root, 'a/test')), 'no empty folders');
});

t.test('a folder goes only where nothing that Node.js takes leads into it', async (t) => {
  const folders = ['lib', 'esm', 'types', 'test', 'docs', 'node_modules'];
  const gone = (manifest: object) => unusedFolders({ ...manifest }, folders);
  t.same(gone({ main: 'lib/a.js', module: 'esm/a.js', types: 'types/a.d.ts' }), [
    'esm',
    'types',
    'test',
    'docs',
  ]);
  t.same(gone({ main: 'lib/a.js', module: 'lib/a.mjs' }), ['test', 'docs'], 'shared with Node.js');
  t.same(gone({ module: './esm/a.js', exports: { import: './esm/a.js' } }), ['test', 'docs'], 'import');
  t.same(
    gone({
      module: 'esm/a.js',
      exports: { '.': { module: './esm/a.js', browser: './esm/b.js', default: './lib/a.js' } },
    }),
    ['esm', 'test', 'docs'],
    'conditions that are not for Node.js',
  );
  t.same(
    gone({ module: 'esm/a.js', exports: { './*': ['./esm/*.js', './lib/*.js'] } }),
    ['test', 'docs'],
    'patterns',
  );
  t.same(
    gone({ module: 'esm/a.js', imports: { '#a': { node: './esm/a.js' } } }),
    ['test', 'docs'],
    'imports',
  );
  t.same(gone({ bin: { a: './test/a.js', b: 'docs/b.js' } }), [], 'programs');
  t.same(gone({ module: 'a.js', main: 'b.js' }), ['test', 'docs'], 'files at the root');
  t.same(offeredToNode({}), ['index.js']);
});

t.test('modes and times do not depend on who made the tree', async (t) => {
  const root = tree(t, { 'a/b.js': 'x', 'c.js': 'y' });
  chmodSync(join(root, 'a'), 0o700);
  chmodSync(join(root, 'a/b.js'), 0o4711);
  utimesSync(join(root, 'c.js'), 5, 5);
  normalize(root);
  for (const [path, mode] of [
    ['', 0o755],
    ['a', 0o755],
    ['a/b.js', 0o644],
    ['c.js', 0o644],
  ] as const) {
    const stat = statSync(join(root, path));
    t.equal(stat.mode & 0o7777, mode, path);
    t.equal(stat.mtimeMs, 0, path);
  }
});

t.test(
  "the image's package.json is the checkout's, with the commit, without what is for developers",
  async (t) => {
    const source = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
    const whole = JSON.parse(source);
    const { scripts, devDependencies, tap, files, ...kept } = whole;
    t.strictSame(JSON.parse(manifestFor(source, '')), kept);
    t.strictSame(JSON.parse(manifestFor(source, 'abc')), { ...kept, gitHead: 'abc' });
  },
);
