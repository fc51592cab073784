import { type Browser, chromium } from 'playwright-core';
import { absent, findProgram, howToGet, type TestScope } from './process.ts';

/** What the program is called: Debian's and Ubuntu's name, and those of other systems' packages. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** Nothing that reaches out of this machine, and no sandbox: the tests may run as root. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Starts the machine's own Chromium without a window; it ends with the test.
 * @returns undefined, with a visible skip, where there is none.
 * @throws Error where there is none and CI=true, or where it does not start.
 */
export async function launchChromium(t: TestScope): Promise<Browser | undefined> {
  const executablePath = NAMES.map(findProgram).find((path) => path !== undefined);
  if (executablePath === undefined) return absent(t, howToGet('chromium'));
  const browser = await chromium.launch({ executablePath, args: ARGS });
  t.teardown(() => browser.close());
  return browser;
}
