/**
 * Requests per second of /cost/current, 200 and 304, against a bare Fastify that sends a constant of the same size.
 *
 *   npm run bench:rest
 */
import { startChild } from '../collect/children.ts';
import { startAws } from '../lib/aws.ts';
import { progress, publish } from '../lib/report.ts';
import { inTurns } from '../lib/rounds.ts';
import { withScope } from '../lib/scope.ts';
import { ratio, spread } from '../lib/stats.ts';
import { table, withRange } from '../lib/text.ts';
import { load, type Target } from './load.ts';

const SHAPE = { accounts: 20, services: 40 };
const ROUND_MS = 1_500;
const WARM_UP = 2;
const ROUNDS = 9;
const GOAL = 0.9;

interface Measured {
  readonly perSecond: number;
  /** CPU time of the server for one request, in microseconds. */
  readonly cpuMicroseconds: number;
}

await withScope(async (scope) => {
  const aws = await startAws(scope, SHAPE);
  const exporter = await startChild<{ port: number; etag: string; body: string }>(
    scope,
    new URL('./exporter-process.ts', import.meta.url),
    [aws.url],
  );
  const { port, etag, body } = exporter.hello;
  const bytes = Buffer.byteLength(body);
  const startConstant = (...kind: string[]) =>
    startChild<{ port: number }>(scope, new URL('./constant-process.ts', import.meta.url), [
      String(bytes),
      ...kind,
    ]);
  const constant = await startConstant();
  const furnished = await startConstant('furnished');
  const measure = (child: typeof exporter.child, target: Target) => async (): Promise<Measured> => {
    const before = await child.ask<NodeJS.CpuUsage>('cpu');
    const { requests, seconds } = await load(target, ROUND_MS);
    const after = await child.ask<NodeJS.CpuUsage>('cpu');
    const cpu = after.user + after.system - before.user - before.system;
    return { perSecond: requests / seconds, cpuMicroseconds: cpu / requests };
  };
  const conditional = { 'if-none-match': etag };
  progress('rest: measuring');
  const all = await inTurns(WARM_UP + ROUNDS, {
    exporter200: measure(exporter.child, { port, path: '/cost/current', status: 200 }),
    constant200: measure(constant.child, { port: constant.hello.port, path: '/constant', status: 200 }),
    furnished200: measure(furnished.child, { port: furnished.hello.port, path: '/constant', status: 200 }),
    exporter304: measure(exporter.child, { port, path: '/cost/current', headers: conditional, status: 304 }),
    constant304: measure(constant.child, {
      port: constant.hello.port,
      path: '/304',
      headers: conditional,
      status: 304,
    }),
  });
  type Name = keyof typeof all;
  const of = (name: Name, what: keyof Measured) => all[name].slice(WARM_UP).map((one) => one[what]);
  const row = (label: string, name: Name, against: Name) => [
    label,
    withRange(spread(of(name, 'perSecond'))),
    withRange(ratio(of(name, 'perSecond'), of(against, 'perSecond'))),
    withRange(spread(of(name, 'cpuMicroseconds'))),
    withRange(ratio(of(name, 'cpuMicroseconds'), of(against, 'cpuMicroseconds'))),
  ];
  publish({
    name: 'rest',
    body: [
      `A body of ${bytes.toLocaleString('en')} bytes (20 accounts, 40 services); 32 connections with a request under way on each; ${ROUNDS} rounds of ${ROUND_MS / 1_000} s in turns after ${WARM_UP} that do not count.`,
      '',
      table(
        ['', 'requests per second', 'against the constant', 'CPU per request, us', 'against the constant'],
        [
          row('exporter, 200', 'exporter200', 'constant200'),
          row('constant with fastify-metrics and the same headers, 200', 'furnished200', 'constant200'),
          row('constant, 200', 'constant200', 'constant200'),
          row('exporter, 304', 'exporter304', 'constant304'),
          row('constant, 304', 'constant304', 'constant304'),
        ],
      ),
    ].join('\n'),
    goals: ([200, 304] as const).map((status) => {
      const found = ratio(of(`exporter${status}`, 'perSecond'), of(`constant${status}`, 'perSecond'));
      return {
        goal: `${status}: at least ${GOAL}x of the requests per second of a route that sends a constant`,
        found: `${withRange(found)}x`,
        met: found.median >= GOAL,
      };
    }),
  });
});
