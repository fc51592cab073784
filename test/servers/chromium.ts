import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { absent, findProgram, type TestScope } from './process.ts';

/** How Debian names the package of Chromium. */
export const CHROMIUM_PACKAGE = 'chromium';
/** One line: how to get it. */
export const CHROMIUM_ABSENT =
  'chromium is absent: apt-get install chromium, or brew install --cask chromium; google-chrome will do as well';

/** Nothing that reaches out of this machine, and no sandbox: the tests may run as root. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The path of the machine's own Chromium, by the names that systems give it, or undefined. */
export function findChromium(): string | undefined {
  return ['chromium', 'chromium-browser', 'google-chrome']
    .map(findProgram)
    .find((path) => path !== undefined);
}

/**
 * Starts the machine's own Chromium without a window; it ends with the test.
 * @returns undefined, with a visible skip, where there is none.
 * @throws Error where there is none and CI=true, or where it does not start.
 */
export async function launchChromium(t: TestScope): Promise<Browser | undefined> {
  const executablePath = findChromium();
  if (executablePath === undefined) return absent(t, CHROMIUM_ABSENT);
  const browser = await chromium.launch({ executablePath, args: ARGS });
  t.teardown(() => browser.close());
  return browser;
}

/**
 * Opens an empty page in a profile of its own, and notes what goes wrong in it: errors and warnings of the console (violations
 * of the content security policy are among them), uncaught exceptions, requests that failed or were answered with an error.
 */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; problems: string[] }> {
  const page = await browser.newPage(options);
  const problems: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`exception: ${error.message}`));
  page.on('requestfailed', (request) => problems.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on('response', (response) => {
    if (response.status() >= 400) problems.push(`${response.url()}: ${response.status()}`);
  });
  return { page, problems };
}
