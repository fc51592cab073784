#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { loadConfig } from './config.ts';
import { StateDirError } from './disk/state-dir-error.ts';
import { UsageError } from './errors.ts';
import { VERSION } from './version.ts';

const HELP = `aws-cost-exporter ${VERSION}: AWS billing as Prometheus metrics and a typed REST API

Usage: aws-cost-exporter [command] [options]

Commands:
  serve     Collect, and serve metrics (METRICS_PORT) and REST (PORT) until SIGTERM. The default.
  demo      The same against a simulated AWS on this machine: no account, no cost.
              --once        End after the table.
              --bill FILE   A FOCUS 1.0 file (.csv, .csv.gz) in place of the generated bill.
              --seed N      Seed of the generated bill (default 1).
  check     Print the configuration in force and, per target, whether credentials resolve and whose
            they are. Costs nothing.
  plan      Print what the configuration in force will buy from AWS, in requests and dollars a day and a
            month and on the peak day, with and without change detection. Costs nothing and writes nothing;
            exit code 1 if a day is above the budget.
              --json        The same as JSON.
              --pages N     Pages of a query that is not known yet (default 1).
  openapi   Print the OpenAPI document of the REST API.
  help      Print this text.

Options:
  -h, --help      This text.
  -v, --version   The version.

Settings are environment variables: see docs/configuration.md. Exit codes: 0 done or stopped by a
signal, 1 failed (a port or STATE_DIR in use, credentials that do not resolve, a plan above the budget),
2 wrong usage or configuration.
`;

/** Each loads what it needs: what the others need would be waited for at every start. */
const COMMANDS: Record<string, (args: string[]) => Promise<void>> = {
  async serve(args) {
    parse('serve', args, {});
    const config = loadConfig();
    const { serve } = await import('./server.ts');
    await serve({ config });
  },
  async demo(args) {
    const {
      once,
      bill,
      seed = '1',
    } = parse('demo', args, {
      once: { type: 'boolean' },
      bill: { type: 'string' },
      seed: { type: 'string' },
    });
    if (!/^\d{1,9}$/.test(seed))
      throw new UsageError(`--seed ${seed}: must be a whole number (example: --seed 7)`);
    const { runDemo } = await import('./demo.ts');
    await runDemo({ once: once ?? false, bill, seed: Number(seed) });
  },
  async check(args) {
    parse('check', args, {});
    const { check } = await import('./check.ts');
    process.exitCode = (await check(loadConfig())) ? 0 : 1;
  },
  async plan(args) {
    const { json, pages = '1' } = parse('plan', args, {
      json: { type: 'boolean' },
      pages: { type: 'string' },
    });
    if (!/^[1-9]\d{0,3}$/.test(pages))
      throw new UsageError(`--pages ${pages}: must be a whole number from 1 to 9999 (example: --pages 20)`);
    const { plan } = await import('./plan.ts');
    const fits = await plan(loadConfig(), { json: json ?? false, assumedPages: Number(pages) });
    process.exitCode = fits ? 0 : 1;
  },
  async openapi(args) {
    parse('openapi', args, {});
    const { printOpenapi } = await import('./openapi.ts');
    await printOpenapi(loadConfig());
  },
};

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

function parse<T extends Options>(command: string, args: string[], options: T) {
  try {
    return parseArgs({ args, options, strict: true }).values;
  } catch (error) {
    throw new UsageError(`${command}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function main(words: string[]): Promise<void> {
  const [first = ''] = words;
  if (first === 'help' || words.includes('--help') || words.includes('-h')) {
    process.stdout.write(HELP);
    return;
  }
  if (first === '--version' || first === '-v') {
    process.stdout.write(`${VERSION}\n`);
    return;
  }
  // Options alone are those of the default command.
  const [name, args] = first === '' || first.startsWith('-') ? ['serve', words] : [first, words.slice(1)];
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    throw new UsageError(
      `there is no command ${JSON.stringify(name)}: ${Object.keys(COMMANDS).join(', ')}, help`,
    );
  }
  await command(args);
}

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

main(process.argv.slice(2)).catch((error: unknown) => {
  const usage = error instanceof UsageError;
  const inWords = usage || error instanceof StateDirError;
  process.stderr.write(
    `aws-cost-exporter: ${error instanceof Error ? (inWords ? error.message : error.stack) : error}\n`,
  );
  process.exit(usage ? 2 : 1);
});
