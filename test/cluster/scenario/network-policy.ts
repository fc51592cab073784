import type { Context } from './context.ts';
import { kubectl } from './kubectl.ts';
import { Release } from './release.ts';

const TIMEOUT_MS = 2_000;
/** Run in a pod by its Node.js: connects, and prints whether that could be done. */
const CONNECT = `
const [host, port] = process.argv.slice(1);
const socket = require('node:net').connect({ host, port: Number(port), timeout: ${TIMEOUT_MS} });
const end = (word) => { console.log(word); process.exit(); };
socket.on('connect', () => end('open')).on('timeout', () => end('shut')).on('error', () => end('shut'));`;

/** A connection that a pod tries. */
interface Attempt {
  readonly from: { readonly namespace: string; readonly workload: string };
  readonly to: string;
  readonly port: number;
  readonly wanted: 'open' | 'shut';
}

/** What the NetworkPolicies of the installation with everything on, and of one with the chart's own values, let through, and what they do not. */
export async function networkPolicies({ report }: Context): Promise<void> {
  const [full, plain] = [new Release('full'), new Release('plain')];
  const exporter = { namespace: full.name, workload: `deployment/${full.fullname}` };
  const byDefault = { namespace: plain.name, workload: `deployment/${plain.fullname}` };
  const stranger = { namespace: 'aws', workload: 'deployment/simulator' };
  const redis = `${full.fullname}-redis.${full.name}.svc.cluster.local`;
  const attempts: Attempt[] = [
    { from: exporter, to: 'simulator.aws.svc.cluster.local', port: 4566, wanted: 'open' },
    { from: exporter, to: redis, port: 6379, wanted: 'open' },
    { from: exporter, to: `${plain.fullname}.${plain.name}.svc.cluster.local`, port: 5000, wanted: 'shut' },
    { from: byDefault, to: 'simulator.aws.svc.cluster.local', port: 4566, wanted: 'open' },
    { from: byDefault, to: `${full.fullname}.${full.name}.svc.cluster.local`, port: 5000, wanted: 'shut' },
    { from: stranger, to: redis, port: 6379, wanted: 'shut' },
    { from: stranger, to: `${full.fullname}.${full.name}.svc.cluster.local`, port: 5000, wanted: 'open' },
    { from: stranger, to: `${full.fullname}.${full.name}.svc.cluster.local`, port: 8080, wanted: 'open' },
  ];
  await report.step('NetworkPolicies hold', async () => {
    const wrong: string[] = [];
    for (const { from, to, port, wanted } of attempts) {
      const found = await kubectl(
        ...['exec', '--namespace', from.namespace, from.workload, '--'],
        ...['/nodejs/bin/node', '--eval', CONNECT, to, String(port)],
      );
      if (found !== wanted) wrong.push(`from ${from.workload} to ${to}:${port}: ${found}, not ${wanted}`);
    }
    if (wrong.length > 0) throw new Error(wrong.join('; '));
    return `${attempts.length} connections as they should be`;
  });
}
