import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { versionOf } from '../../scripts/versions.ts';
import { requireHelm } from '../helm/helm.ts';
import { outsideTap } from '../servers/process.ts';
import { ROOT, scriptOf, workflows } from './workflow.ts';

t.setTimeout(300_000);

const RELEASE = workflows()['release.yaml'] ?? { on: {}, jobs: {} };
const VERSION = versionOf(ROOT);

/** A copy of the checkout as a runner has it after `npm ci`. */
function checkout(t: Test): string {
  const root = t.testdir();
  const files = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: ROOT });
  const copied = spawnSync(
    'bash',
    ['-c', `xargs -0 cp --parents -t "${root}" && cp -al node_modules "${root}"`],
    {
      cwd: ROOT,
      input: files.stdout,
    },
  );
  if (copied.status !== 0) throw new Error(String(copied.stderr));
  return root;
}

/** Runs a step of the release as a runner does. */
function step(root: string, name: string, env: Readonly<Record<string, string>> = {}) {
  const outputs = join(root, 'outputs');
  writeFileSync(outputs, '');
  const { status, stdout, stderr } = spawnSync(
    ...outsideTap('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', scriptOf(RELEASE, name)]),
    {
      cwd: root,
      encoding: 'utf8',
      env: {
        ...process.env,
        GITHUB_OUTPUT: outputs,
        GITHUB_REF_NAME: `v${VERSION}`,
        GITHUB_REPOSITORY: 'Aws-Cost-Exporter/aws-cost-exporter',
        GITHUB_SERVER_URL: 'https://github.com',
        GITHUB_SHA: 'b'.repeat(40),
        VERSION,
        ...env,
      },
    },
  );
  return { status, text: `${stdout}${stderr}`, outputs: readFileSync(outputs, 'utf8') };
}

const CHECK = 'Package, chart, image and tag are of one version';
const NOTES = 'Notes from the changelog';

t.test('the check lets the right tag of the right repository through, and nothing else', (t) => {
  const root = checkout(t);
  const undescribed = step(root, CHECK);
  t.not(undescribed.status, 0, 'a version that the changelog does not describe');
  t.not(step(root, NOTES).status, 0, 'has no notes');

  appendFileSync(
    join(root, 'CHANGELOG.md'),
    `\n## ${VERSION} - 2026-11-26\n\n### Added\n\n- All.\n\n## 0.0.9\n\n- Old.\n`,
  );
  const { status, text, outputs } = step(root, CHECK);
  t.equal(status, 0, text);
  t.equal(
    outputs,
    `version=${VERSION}\nimage=ghcr.io/aws-cost-exporter/aws-cost-exporter\ncharts=ghcr.io/aws-cost-exporter/charts\n`,
  );
  t.equal(step(root, NOTES).status, 0);
  t.equal(
    readFileSync(join(root, 'notes.md'), 'utf8').trim(),
    '### Added\n\n- All.',
    'its own section alone',
  );

  const wrong: Record<string, string>[] = [
    { GITHUB_REF_NAME: 'v9.9.9' },
    { GITHUB_REPOSITORY: 'someone/aws-cost-exporter' },
  ];
  for (const env of wrong) {
    const refused = step(root, CHECK, env);
    t.not(refused.status, 0, JSON.stringify(env));
    t.equal(refused.outputs, '', 'no output: nothing can go on');
  }
  t.end();
});

t.test('the npm package and its SBOM', (t) => {
  const root = checkout(t);
  const packed = step(root, 'Pack');
  t.equal(packed.status, 0, packed.text);
  const read = spawnSync('tar', ['-xzOf', `out/aws-cost-exporter-${VERSION}.tgz`, 'package/package.json'], {
    cwd: root,
  });
  t.match(JSON.parse(String(read.stdout)), {
    version: VERSION,
    gitHead: 'b'.repeat(40),
    repository: { type: 'git', url: 'git+https://github.com/Aws-Cost-Exporter/aws-cost-exporter.git' },
  });

  const described = step(root, 'SBOM of the package');
  t.equal(described.status, 0, described.text);
  const sbom = JSON.parse(readFileSync(join(root, `out/aws-cost-exporter-${VERSION}.npm.cdx.json`), 'utf8'));
  t.match(sbom, {
    bomFormat: 'CycloneDX',
    metadata: { component: { purl: `pkg:npm/aws-cost-exporter@${VERSION}` } },
  });
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const shipped = Object.entries<{ dev?: boolean; version: string }>(packages).flatMap(
    ([path, { dev, version }]) =>
      path === '' || dev ? [] : [`${path.replace(/.*node_modules\//, '')}@${version}`],
  );
  const listed = (sbom.components as { 'bom-ref': string }[]).map((component) =>
    component['bom-ref'].replace(/\|.*/, ''),
  );
  t.strictSame(
    [...new Set(listed)].toSorted(),
    [...new Set(shipped)].toSorted(),
    'what is shipped, no more and no less',
  );
  t.end();
});

t.test('the chart is packaged under the name that is pushed', async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const root = checkout(t);
  const { status, text } = step(root, 'Package the chart', { PATH: `${dirname(helm)}:${process.env.PATH}` });
  t.equal(status, 0, text);
  const shown = spawnSync(helm, ['show', 'chart', join(root, `out/aws-cost-exporter-${VERSION}.tgz`)], {
    encoding: 'utf8',
  });
  t.match(shown.stdout, new RegExp(`^version: ${VERSION}$`, 'm'), shown.stderr);
});
