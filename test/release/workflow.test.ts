import { join } from 'node:path';
import t from 'tap';
import { run } from '../servers/process.ts';
import { pythonWithPackages } from '../servers/python.ts';
import { WORKFLOW_LINTERS } from './linters.ts';
import { neededBy, ROOT, type Step, workflows } from './workflow.ts';

// Two linters are installed on the first run.
t.setTimeout(300_000);

/** What writes where others read: nothing that has not been tested may come there. */
const PUBLISHES = /push=true|imagetools create|helm push|npm publish|gh release|cosign/;
/** Runs code of this project or of its dependencies. */
const RUNS_CODE = /\b(npm (ci|install|run|pack|test)|npx|node|bash \.ci\/run|buildx build)\b/;

const all = workflows();
const release = all['release.yaml'];
if (release === undefined) throw new Error('there is no release.yaml');

t.test('linters have nothing to say', async (t) => {
  const python = await pythonWithPackages(t, WORKFLOW_LINTERS);
  if (python === undefined) return;
  const bin = join(python, '..');
  const files = Object.keys(all).map((file) => join(ROOT, '.github/workflows', file));
  const judged = await run(join(bin, 'zizmor'), ['--offline', '--no-progress', join(ROOT, '.github')]);
  t.equal(judged.code, 0, 'zizmor', { stdout: judged.stdout, stderr: judged.stderr });
  const shape = ['--builtin-schema', 'vendor.github-workflows', ...files];
  const shaped = await run(join(bin, 'check-jsonschema'), shape);
  t.equal(shaped.code, 0, 'the schema of workflows', { stdout: shaped.stdout, stderr: shaped.stderr });
});

t.test('each job has the least that it needs', (t) => {
  for (const [file, { permissions, jobs }] of Object.entries(all)) {
    t.strictSame(permissions, {}, `${file}: nothing by default`);
    for (const [name, job] of Object.entries(jobs)) {
      const where = `${file} ${name}`;
      t.ok(job.permissions, `${where}: permissions are named`);
      t.ok(job.uses !== undefined || (job['timeout-minutes'] ?? 0) > 0, `${where}: has an end`);
      const scripts = (job.steps ?? []).map(({ run: script = '' }) => script).join('\n');
      const rights = Object.entries(job.permissions ?? {}).flatMap(([right, level]) =>
        level === 'write' ? [right] : [],
      );
      if (RUNS_CODE.test(scripts))
        t.strictSame(
          rights.filter((right) => right !== 'packages'),
          [],
          `${where}: runs code, so it neither signs nor writes to the repository`,
        );
      if (!PUBLISHES.test(scripts))
        t.strictSame(rights, [], `${where}: publishes nothing, so it writes nothing`);
    }
  }
  t.end();
});

t.test('steps: no foreign action, no text of an event in a script, no token left on disk', (t) => {
  const steps = Object.entries(all).flatMap(([file, { jobs }]) =>
    Object.values(jobs).flatMap((job) => (job.steps ?? []).map((step): [string, Step] => [file, step])),
  );
  t.ok(steps.length > 20);
  for (const [file, { name = '', uses, run: script, with: inputs }] of steps) {
    const where = `${file} ${uses ?? name}`;
    if (uses !== undefined) t.match(uses, /^actions\/[a-z-]+@v\d+$/, where);
    if (uses?.startsWith('actions/checkout@')) t.equal(inputs?.['persist-credentials'], false, where);
    t.notMatch(script ?? '', '${' + '{', `${where}: values come by the environment`);
  }
  t.end();
});

t.test('every script is one that bash can read', async (t) => {
  for (const { jobs } of Object.values(all)) {
    for (const { name, run: script } of Object.values(jobs).flatMap(({ steps = [] }) => steps)) {
      if (script === undefined) continue;
      const { code, stderr } = await run('bash', ['-n', '-c', script]);
      t.equal(code, 0, name ?? script, { stderr });
    }
  }
});

t.test('a tag alone starts a release, one at a time, and nothing is published before it is tested', (t) => {
  t.strictSame(release.on, { push: { tags: ['v*'] } });
  t.strictSame(release.concurrency, { group: 'release', 'cancel-in-progress': false });
  t.equal(release.jobs.test?.uses, './.github/workflows/ci.yaml');
  const checks = (release.jobs.check?.steps ?? []).map(({ run: script }) => script);
  t.ok(checks.includes('npm audit --omit=dev --audit-level=moderate'), 'known holes stop it');
  const publishing = Object.entries(release.jobs).filter(([, { steps = [] }]) =>
    steps.some(({ run: script }) => PUBLISHES.test(script ?? '')),
  );
  t.strictSame(publishing.map(([name]) => name).toSorted(), ['image', 'npm', 'publish', 'release']);
  for (const [name] of publishing) {
    const before = neededBy(release, name);
    t.ok(before.includes('check') && before.includes('test'), `${name} comes after check and test`);
    if (name !== 'image') t.ok(before.includes('try'), `${name} comes after the image was tried`);
  }
  t.end();
});
