import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

const home = t.testdir({ 'recipe.sh': 'one', 'other.sh': 'two' });
process.env.XDG_CACHE_HOME = join(home, 'cache');
// It looks at the environment when it is loaded.
const { CACHE, cached, removePartials } = await import('./tools/cache.ts');
const recipe = join(home, 'recipe.sh');
const put = (text: string) => async (out: string) => writeFileSync(join(out, 'tool'), text);

t.test('a version is made once', async (t) => {
  const first = await cached('tool', '1', recipe, put('first'));
  const second = await cached('tool', '1', recipe, put('second'));
  t.same([first.warm, second.warm, second.folder], [false, true, first.folder]);
  t.equal(readFileSync(join(second.folder, 'tool'), 'utf8'), 'first');
});

t.test('another version, and another recipe, is made anew', async (t) => {
  const folders = await Promise.all([
    cached('tool', '2', recipe, put('')),
    cached('tool', '2', join(home, 'other.sh'), put('')),
  ]);
  t.ok(folders.every(({ warm }) => !warm));
  t.equal(new Set(folders.map(({ folder }) => folder)).size, 2);
});

t.test('a making that fails leaves nothing, and the next begins from nothing', async (t) => {
  const broken = async (out: string) => {
    writeFileSync(join(out, 'half'), '');
    throw new Error('broken off');
  };
  await t.rejects(cached('tool', '3', recipe, broken), { message: 'broken off' });
  t.same(
    readdirSync(CACHE).filter((name) => /-3-|partial/.test(name)),
    [],
  );
  const { folder } = await cached('tool', '3', recipe, put('whole'));
  t.same(readdirSync(folder), ['tool']);
});

t.test('two at a time: one of them is kept, whole', async (t) => {
  const both = await Promise.all(['a', 'b'].map((text) => cached('tool', '4', recipe, put(text))));
  t.equal(both[0]?.folder, both[1]?.folder);
  t.match(readFileSync(join(both[0]?.folder ?? '', 'tool'), 'utf8'), /^[ab]$/);
});

t.test('what a killed run has left goes; what another is about stays', async (t) => {
  const [dead, alive] = [join(CACHE, '.partial-999999999-x'), join(CACHE, `.partial-${process.pid}-x`)];
  for (const folder of [dead, alive]) mkdirSync(folder);
  await removePartials();
  t.same([existsSync(dead), existsSync(alive)], [false, true]);
});
