import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as monitoring from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { outsideTap, run } from '../servers/process.ts';
import { type Manifest, MONITORING } from './helm.ts';

/** The versions that the chart is for, the oldest first. */
export const KUBERNETES_VERSIONS = Array.from({ length: 37 - 28 + 1 }, (_, index) => `1.${28 + index}`);

/** One rendered object, and what it is called where it is wrong. */
export interface Subject {
  readonly where: string;
  readonly version: string;
  readonly object: Manifest;
}

const SCRIPT = join(import.meta.dirname, 'validate.py');

/** What the schemas of Kubernetes say against objects; those of the Prometheus Operator are left to `monitoringFaults`. */
export async function kubernetesFaults(python: string, subjects: readonly Subject[]): Promise<string[]> {
  const lines = subjects
    .filter(({ object }) => object.apiVersion !== MONITORING)
    .map((subject) => JSON.stringify(subject));
  const { code, stdout, stderr } = await run(python, [SCRIPT], {
    input: `${lines.join('\n')}\n`,
    timeoutMs: 300_000,
  });
  if (code !== 0) throw new Error(stderr);
  return stdout.split('\n').filter((line) => line !== '');
}

interface Model {
  validate(): void;
}
const MODELS = monitoring as unknown as Record<string, new (data: object) => Model>;

/** What the operator's schemas say against its objects: wrong values and what is missing. */
export function monitoringFaults(subjects: readonly Subject[]): string[] {
  return subjects.flatMap(({ where, object }) => {
    if (object.apiVersion !== MONITORING) return [];
    const Kind = MODELS[object.kind];
    if (Kind === undefined) return `${where}: the operator has no kind ${object.kind}`;
    try {
      new Kind(object).validate();
      return [];
    } catch (error) {
      return `${where} ${object.kind}: ${error instanceof Error ? error.message : error}`;
    }
  });
}

/**
 * What the operator's types say against its objects: fields that they do not have, which the schemas let pass.
 * @param folder for a file of TypeScript, inside this package: the types are found from there.
 */
export async function unknownFields(folder: string, subjects: readonly Subject[]): Promise<string[]> {
  const objects = subjects.filter(({ object }) => object.apiVersion === MONITORING);
  const kinds = [...new Set(objects.map(({ object }) => object.kind))];
  const source = [
    `import type { ${kinds.map((kind) => `I${kind}`).join(', ')} } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';`,
    ...objects.map(
      ({ object }, index) => `export const o${index}: I${object.kind} = ${JSON.stringify(object)};`,
    ),
  ];
  const file = join(folder, 'objects.ts');
  writeFileSync(file, `${source.join('\n')}\n`);
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2024'];
  const args = [compiler(), ...options, '--ignoreConfig', '--types', '', file];
  const { code, stdout, stderr } = await run(...outsideTap(process.execPath, args), {
    timeoutMs: 120_000,
  });
  const lines = stdout.split('\n').filter((line) => line.includes('error TS'));
  /** Which object a line is about; -1: the import, and so the check itself. */
  const about = (line: string) => Number(/objects\.ts\((\d+),/.exec(line)?.[1] ?? 1) - 2;
  const died = code !== 0 && lines.length === 0;
  if (died || lines.some((line) => about(line) < 0))
    throw new Error(`the compiler has failed (${code}): ${stdout}${stderr}`);
  return lines.map((line) => `${objects[about(line)]?.where}: ${line.replace(/^.*error /, '')}`);
}

function compiler(): string {
  const manifest = new URL('../../node_modules/typescript/package.json', import.meta.url);
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { tsc: string } };
  return join(import.meta.dirname, '../../node_modules/typescript', bin.tsc);
}
