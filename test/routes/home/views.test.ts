import type { Page } from 'playwright-core';
import t from 'tap';
import { judge } from '../../servers/axe.ts';
import { launchChromium, openPage } from '../../servers/chromium.ts';
import { CONTRASTS, measure, SIDEWAYS } from './measure.ts';
import { VIEWS } from './views.ts';

// A browser on a busy machine takes its time.
t.setTimeout(180_000);

/** As a desk and as a phone show it. */
const SCREENS = [
  { width: 1280, colorScheme: 'light' },
  { width: 360, colorScheme: 'dark' },
] as const;

t.test('whatever the page shows', async (t) => {
  const browser = await launchChromium(t);
  if (browser === undefined) return;
  for (const [name, start] of Object.entries(VIEWS)) {
    await t.test(name, async (t) => {
      const { restUrl } = await start(t);
      for (const { width, colorScheme } of SCREENS) {
        const viewport = { width, height: 800 };
        const plain = await openPage(browser, { colorScheme, viewport });
        await open(plain.page, restUrl);
        t.strictSame(plain.problems, [], `${width}: no error, no violation of the policy`);
        t.strictSame(
          await measure(plain.page, SIDEWAYS),
          { scroll: width, cut: [], broken: [] },
          `${width}: all fits`,
        );
        await plain.page.close();

        // axe is a script, which the policy would not let in.
        const { page } = await openPage(browser, { colorScheme, viewport, bypassCSP: true });
        await open(page, restUrl);
        const contrasts = (await measure(page, CONTRASTS)) as { text: string; ratio: number }[];
        t.ok(contrasts.length > 20, `${colorScheme}: ${contrasts.length} texts`);
        t.strictSame(
          contrasts.filter(({ ratio }) => ratio < 4.5),
          [],
          `${colorScheme}: contrast of WCAG AA`,
        );
        const { passes, violations } = await judge(page);
        t.ok(passes > 20, 'axe has looked');
        t.strictSame(violations, [], `${width} ${colorScheme}: accessible`);
        await page.close();
      }
    });
  }
});

async function open(page: Page, url: string) {
  await page.goto(url);
  for (const summary of await page.locator('summary').all()) await summary.click();
}
