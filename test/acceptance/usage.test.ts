// The command line: which command is meant, and what is said of a wrong one.
import { join } from 'node:path';
import t from 'tap';
import { run } from '../servers/process.ts';

t.setTimeout(120_000);

const CLI = join(import.meta.dirname, '../../src/cli.ts');

const cli = (...args: string[]) =>
  run(process.execPath, [CLI, ...args], { env: { PATH: process.env.PATH }, timeoutMs: 60_000 });

t.test('help, as a command and as an option', async (t) => {
  const { stdout } = await cli('--help');
  t.match(stdout, /Usage: aws-cost-exporter \[command\]/);
  const all = [['help'], ['help', 'demo'], ['-h'], ['demo', '--help'], ['--once', '-h']];
  for (const args of all) {
    const ran = await cli(...args);
    t.equal(ran.code, 0, args.join(' '));
    t.equal(ran.stdout, stdout);
  }
});

t.test('options alone are those of serve, which is named with the wrong one', async (t) => {
  for (const [args, says] of [
    [['--once'], /serve: .*'--once'/],
    [['--bill', 'x.csv'], /serve: .*'--bill'/],
    [['-x'], /serve: .*'-x'/],
    [['demo', '--onec'], /demo: .*'--onec'/],
    [['plan', '--bill=x'], /plan: .*'--bill'/],
    [['check', 'extra'], /check: .*'extra'/],
    [['--', 'extra'], /serve: .*'extra'/],
    [['onec'], /no command "onec": serve, demo, check, plan, openapi, help/],
    [['constructor'], /no command "constructor"/],
  ] as const) {
    const { code, stderr } = await cli(...args);
    t.equal(code, 2, args.join(' '));
    t.match(stderr, says, args.join(' '));
    t.notMatch(stderr, /^ +at /m, 'no stack');
  }
});
