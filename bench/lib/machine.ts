import { cpus, loadavg, release, totalmem } from 'node:os';

/** One sentence: when and on what was measured, and what else the machine did at the end. */
export function machine(): string {
  const all = cpus();
  const model = all[0]?.model.trim() ?? 'unknown CPU';
  const memory = Math.round(totalmem() / 2 ** 30);
  const load = loadavg()
    .map((value) => value.toFixed(1))
    .join(', ');
  const day = new Date().toISOString().slice(0, 10);
  return `Measured on ${day}: ${all.length} x ${model}, ${memory} GiB, ${process.platform} ${release()}, Node.js ${process.version}; load average at the end ${load}.`;
}
