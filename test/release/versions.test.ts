import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { versionFaults, writeVersion } from '../../scripts/versions.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A checkout in small: all that names the version. */
function checkout(t: Test, change: Readonly<Record<string, string>> = {}): string {
  const files = {
    'package.json': '{"name": "aws-cost-exporter", "version": "1.2.3"}',
    'package-lock.json': '{"version": "1.2.3", "packages": {"": {"version": "1.2.3"}}}',
    'README.md': 'helm install x oci://example.test/aws-cost-exporter --version 1.2.3\nnode --version\n',
    'CHANGELOG.md': '## Unreleased\n\n## 1.2.3 - 2026-11-22\n',
    'compose.yaml': 'services: {exporter: {image: "example.test/aws-cost-exporter:$\u007bTAG:-1.2.3}"}}\n',
    'example.env': '# EXPORTER_IMAGE=registry.test/aws-cost-exporter:1.2.3\n',
    Dockerfile: 'ARG RUNTIME_IMAGE\nARG VERSION=1.2.3\n',
    'Chart.yaml':
      'apiVersion: v2\nname: aws-cost-exporter\nversion: 1.2.3\nappVersion: "1.2.3" # the image\nannotations: {images: "aws-cost-exporter:1.2.3"}\n',
    'values.yaml': 'image: {repository: example.test/aws-cost-exporter, tag: ""}\n',
    ...change,
  };
  const { 'Chart.yaml': chart, 'values.yaml': values, 'example.env': env, ...others } = files;
  return t.testdir({
    ...others,
    compose: { 'example.env': env },
    helm: { 'aws-cost-exporter': { 'Chart.yaml': chart, 'values.yaml': values } },
  });
}

t.test('a checkout of one version has no fault, with its tag too', (t) => {
  const root = checkout(t);
  t.strictSame(versionFaults(root), []);
  t.strictSame(versionFaults(root, { tag: 'v1.2.3', image: 'example.test/aws-cost-exporter' }), []);
  t.strictSame(versionFaults(checkout(t, { 'values.yaml': 'image: {tag: 1.2.3}' })), []);
  t.end();
});

t.test('each place that differs is named, alone', (t) => {
  const cases: [file: string, from: string, to: string, fault: string][] = [
    [
      'package-lock.json',
      '"version": "1.2.3", "p',
      '"version": "1.2.4", "p',
      'package-lock.json: version is 1.2.4',
    ],
    [
      'package-lock.json',
      '{"version": "1.2.3"}}',
      '{"version": "1.2.4"}}',
      'package-lock.json: version of the package itself is 1.2.4',
    ],
    ['README.md', '1.2.3', '1.2.4', 'README.md: --version is 1.2.4'],
    ['compose/example.env', '1.2.3', '1.2.2', 'compose/example.env: image tag is 1.2.2'],
    ['compose.yaml', '1.2.3', '1.2.3-rc.1', 'compose.yaml: image tag is 1.2.3-rc.1'],
    [
      'helm/aws-cost-exporter/Chart.yaml',
      '\nversion: 1.2.3',
      '\nversion: 1.2.2',
      'Chart.yaml: version is 1.2.2',
    ],
    ['helm/aws-cost-exporter/Chart.yaml', '\nversion: 1.2.3', '', 'Chart.yaml: version is missing'],
    ['helm/aws-cost-exporter/Chart.yaml', '"1.2.3" #', '1.3.0 #', 'Chart.yaml: appVersion is 1.3.0'],
    ['helm/aws-cost-exporter/Chart.yaml', 'appVersion: "1.2.3"', '', 'Chart.yaml: appVersion is missing'],
    [
      'helm/aws-cost-exporter/Chart.yaml',
      'exporter:1.2.3',
      'exporter:v0.9.0',
      'Chart.yaml: image tag is 0.9.0',
    ],
    ['Dockerfile', '1.2.3', '1.2.4', 'Dockerfile: ARG VERSION is 1.2.4'],
    ['helm/aws-cost-exporter/values.yaml', 'tag: ""', 'tag: latest', 'values.yaml: image.tag is latest'],
    ['helm/aws-cost-exporter/values.yaml', 'tag: ""', 'digest: sha256:0', 'values.yaml: image.digest is set'],
    ['helm/aws-cost-exporter/values.yaml', 'tag: ""', 'tag: 1.2', 'values.yaml: image.tag is 1.2'],
  ];
  for (const [file, from, to, fault] of cases) {
    const root = checkout(t);
    const path = join(root, file);
    const text = readFileSync(path, 'utf8');
    t.ok(text.includes(from), `${file} has ${from}`);
    writeFileSync(path, text.replace(from, to));
    const faults = versionFaults(root);
    t.equal(faults.length, 1, fault);
    t.ok(faults[0]?.includes(fault), `${fault}: ${faults[0]}`);
  }
  t.end();
});

t.test('a package of another version differs from everything', (t) => {
  const root = checkout(t, { 'package.json': '{"version": "2.0.0"}' });
  t.equal(versionFaults(root).length, 9);
  t.equal(versionFaults(root, { tag: 'v1.2.3' }).length, 11, 'and so do tag and changelog');
  t.end();
});

t.test('what no chart, image or tag can be is refused', (t) => {
  for (const version of ['1.2', 'v1.2.3', '1.2.3+build', '01.2.3', '1.2.3-']) {
    t.equal(versionFaults(checkout(t, { 'package.json': JSON.stringify({ version }) })).length, 1, version);
  }
  const root = checkout(t);
  for (const tag of ['1.2.3', 'v1.2.4', 'v1.2.3-rc.1', '']) {
    t.match(versionFaults(root, { tag }), [/^The tag is /], `tag ${tag}`);
  }
  const undescribed = checkout(t, { 'CHANGELOG.md': '## Unreleased\n\n## 1.2.30\n' });
  t.match(versionFaults(undescribed, { tag: 'v1.2.3' }), [/^CHANGELOG\.md: /]);
  const elsewhere = versionFaults(root, { image: 'example.test/fork/aws-cost-exporter' });
  t.match(elsewhere, [/image\.repository is example\.test\/aws-cost-exporter, the image goes to /]);
  t.end();
});

t.test('--write carries the version of package.json to the rest', (t) => {
  const root = checkout(t, {
    'package.json': '{"version": "2.0.0-rc.1"}',
    'package-lock.json': '{"version": "2.0.0-rc.1", "packages": {"": {"version": "2.0.0-rc.1"}}}',
  });
  writeVersion(root);
  t.strictSame(versionFaults(root), []);
  const chart = readFileSync(join(root, 'helm/aws-cost-exporter/Chart.yaml'), 'utf8');
  t.match(chart, '\nappVersion: "2.0.0-rc.1" # the image\n', 'comments and quotes stay');
  const before = readFileSync(join(root, 'README.md'), 'utf8');
  t.equal(
    before,
    'helm install x oci://example.test/aws-cost-exporter --version 2.0.0-rc.1\nnode --version\n',
  );
  t.end();
});

t.test('the script: exit code and words', (t) => {
  const root = checkout(t);
  cpSync(join(ROOT, 'scripts/versions.ts'), join(root, 'scripts/versions.ts'));
  cpSync(join(ROOT, 'node_modules/yaml'), join(root, 'node_modules/yaml'), { recursive: true });
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(root, 'scripts/versions.ts'), ...args], { encoding: 'utf8' });
  t.match(run('--tag', 'v1.2.3'), { status: 0, stdout: 'Package, lock file, chart and image: 1.2.3.\n' });
  t.match(run('--tag', 'v1.2.4'), { status: 1, stderr: 'The tag is v1.2.4, package.json says v1.2.3.\n' });
  t.not(run('--tga', 'v1.2.3').status, 0, 'an option that is none');
  t.end();
});
