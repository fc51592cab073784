/**
 * Generates the chart's Grafana dashboards from dashboards/. `--write` writes them; without it the script fails where a file differs from
 * what the code says, is missing, or is of no dashboard.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dashboards } from '../dashboards/index.ts';

const folder = new URL('../helm/aws-cost-exporter/dashboards/', import.meta.url);

const files = new Map(
  Object.entries(dashboards).map(([name, dashboard]) => [
    `${name}.json`,
    `${JSON.stringify(dashboard, null, 2)}\n`,
  ]),
);

const present = existsSync(folder) ? readdirSync(folder) : [];

if (process.argv.includes('--write')) {
  mkdirSync(folder, { recursive: true });
  for (const name of present.filter((one) => !files.has(one))) rmSync(new URL(name, folder));
  for (const [name, text] of files) writeFileSync(new URL(name, folder), text);
} else {
  const differ = [...new Set([...files.keys(), ...present])].filter(
    (name) => !present.includes(name) || readFileSync(new URL(name, folder), 'utf8') !== files.get(name),
  );
  for (const name of differ)
    console.error(
      `helm/aws-cost-exporter/dashboards/${name} is not what dashboards/ says: npm run dashboards`,
    );
  if (differ.length > 0) process.exitCode = 1;
}
