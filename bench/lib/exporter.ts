import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, type Served, startServe } from '../../test/e2e/command.ts';
import { eventually, type TestScope } from '../../test/servers/process.ts';

let built = false;

/** The compiled program as it is installed, built once: its imports are those of production, without the stripping of types. */
export function program(): string {
  if (!built) {
    const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/build.ts')], { stdio: 'inherit' });
    if (status !== 0) throw new Error('the program does not compile');
    built = true;
  }
  return join(ROOT, 'dist/src/cli.js');
}

/** How the image runs it: the flags of Node.js, all of its arguments, and what of the environment is about memory. */
export function asImage(): { flags: string[]; args: string[]; env: NodeJS.ProcessEnv } {
  const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
  const [, entrypoint] =
    /^ENTRYPOINT \["\/nodejs\/bin\/node", (.*)"\/app\/dist\/src\/cli\.js"\]$/m.exec(dockerfile) ?? [];
  if (entrypoint === undefined) throw new Error('the Dockerfile has another ENTRYPOINT');
  const flags = Array.from(entrypoint.matchAll(/"([^"]+)"/g), ([, flag]) => flag!);
  const memory = dockerfile.matchAll(/\b(MALLOC_\w+)=(\S+)/g);
  return {
    flags,
    args: [...flags, program(), 'serve'],
    env: Object.fromEntries(Array.from(memory, ([, name, value]) => [name, value])),
  };
}

/** Starts the product, which collects cost alone from a simulated AWS, and waits until its series are on the page. */
export async function startExporter(
  scope: TestScope,
  awsUrl: string,
  series: number,
  env: NodeJS.ProcessEnv = {},
): Promise<Served> {
  const { args, env: imageEnv } = asImage();
  const served = await startServe(
    scope,
    {
      ...imageEnv,
      AWS_ENDPOINT_URL: awsUrl,
      CAPABILITIES: 'cost',
      AWS_SPEND_BUDGET_USD: '10000',
      MAX_SERIES: '0',
      ...env,
    },
    { args },
  );
  await eventually(
    `${series} series are published`,
    async () => (await seriesOn(served)) === series || undefined,
    120_000,
  );
  return served;
}

/** Series of the cost collector that the exporter has published, as it says itself. */
export async function seriesOn({ metricsUrl }: Pick<Served, 'metricsUrl'>): Promise<number> {
  const answer = await fetch(`${metricsUrl}/metrics`, { headers: { 'accept-encoding': 'gzip' } });
  const text = await answer.text();
  return Number(
    /^aws_cost_exporter_collector_series\{collector="cost",target="default"\} (\d+)$/m.exec(text)?.[1],
  );
}
