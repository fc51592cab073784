/**
 * Draws docs/pictures: the results of the dashboards' own queries, asked of a real Prometheus that scrapes the demo, and screenshots of
 * the pages that the demo serves. Grafana is not needed, and not shown: the panels are drawn here. Needs prometheus and chromium.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { dashboards } from '../../dashboards/index.ts';
import { panelsOf, variablesOf } from '../../test/dashboards/grafana.ts';
import { CHROMIUM_ABSENT, findChromium } from '../../test/servers/chromium.ts';
import { eventually } from '../../test/servers/process.ts';
import { type Prometheus, startPrometheus } from '../../test/servers/prometheus.ts';
import { answered } from './answers.ts';
import { page } from './draw.ts';
import { PICTURES } from './pictures.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));
const WIDTH = 1200;
/** A README loads them all. */
const MOST_BYTES = 150_000;

const clean: (() => unknown)[] = [];
const scope = {
  teardown: (one: () => unknown) => void clean.unshift(one),
  pass(message: string) {
    throw new Error(message);
  },
};

/** Starts the demo; resolves with its addresses once it serves. */
async function startDemo(): Promise<{ metrics: string; rest: string }> {
  const child = spawn(process.execPath, ['src/cli.ts', 'demo'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  scope.teardown(() => child.kill());
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await eventually('the demo serves', () => (output.includes('Serving until') ? true : undefined), 120_000);
  const [, metrics = ''] = /metrics +(\S+)/.exec(output) ?? [];
  const [, rest = ''] = /API docs +(\S+)\/docs/.exec(output) ?? [];
  return { metrics, rest };
}

async function drawPanels(browser: Browser, prometheus: Prometheus): Promise<void> {
  for (const [name, { dashboard: key, panels, choice = {} }] of Object.entries(PICTURES)) {
    const dashboard = dashboards[key];
    if (dashboard === undefined) throw new Error(`${key} is no dashboard`);
    const wanted = panelsOf(dashboard).filter(({ title = '' }) => panels.includes(title));
    if (wanted.length !== panels.length) throw new Error(`${key} has not all panels of the picture`);
    const shown = [];
    for (const panel of wanted) shown.push(await answered(panel, prometheus, variablesOf(dashboard), choice));
    const tab = await browser.newPage({ viewport: { width: WIDTH + 16, height: 100 } });
    await tab.setContent(page(dashboard.title ?? '', shown, WIDTH));
    await save(name, (path) => tab.screenshot({ path, fullPage: true }));
    await tab.close();
  }
}

async function drawPages(browser: Browser, rest: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    const tab = await browser.newPage({ colorScheme, viewport: { width: 1040, height: 900 } });
    await tab.goto(`${rest}/`);
    await save(`home-${colorScheme}`, (path) => tab.screenshot({ path }));
    await tab.close();
  }
  const tab = await browser.newPage({ viewport: { width: 1100, height: 900 } });
  await tab.goto(`${rest}/docs`);
  await tab.locator('.opblock').first().waitFor();
  await save('docs', (path) => tab.screenshot({ path }));
  await tab.close();
}

async function save(name: string, shoot: (path: string) => Promise<unknown>): Promise<void> {
  const path = `${FOLDER}${name}.png`;
  await shoot(path);
  const { size } = statSync(path);
  console.log(`docs/pictures/${name}.png: ${Math.round(size / 1000)} kB`);
  if (size > MOST_BYTES) throw new Error(`${name}.png is too large`);
}

async function main(): Promise<void> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error(CHROMIUM_ABSENT);
  mkdirSync(FOLDER, { recursive: true });
  const { metrics, rest } = await startDemo();
  const prometheus = await startPrometheus(scope, {
    targets: [{ url: metrics, job: 'aws-cost-exporter' }],
    scrapeIntervalMs: 2_000,
  });
  if (prometheus === undefined) throw new Error('no prometheus');
  await prometheus.waitForTargetsUp();
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  scope.teardown(() => browser.close());
  await drawPanels(browser, prometheus);
  await drawPages(browser, rest);
}

try {
  await main();
} finally {
  for (const one of clean) await one();
}
