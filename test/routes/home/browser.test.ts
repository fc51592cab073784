import type { Page } from 'playwright-core';
import t from 'tap';
import { startExporter } from '../../helper.ts';
import { startPrefixProxy } from '../../openapi/prefix-proxy.ts';
import { launchChromium, openPage } from '../../servers/chromium.ts';

// A browser on a busy machine takes its time.
t.setTimeout(180_000);

const TARGETS = `targets:
  - {name: production}
  - {name: a-target-with-a-name-as-long-as-they-may-be-${'x'.repeat(15)}, roleArn: "arn:aws:iam::222222222222:role/r"}`;

/** Runs in the page; the DOM's types are not those of this program. */
const measure = (page: Page, expression: string): Promise<unknown> => page.evaluate(expression);

t.test('the page in a real browser', async (t) => {
  const browser = await launchChromium(t);
  if (browser === undefined) return;
  const exporter = await startExporter(t, {
    configFile: TARGETS,
    before: (sim) => sim.faults.add({ kind: 'deny', account: '222222222222', operation: 'GetCostForecast' }),
  });

  await t.test('fits every width, light and dark, without a complaint', async (t) => {
    const backgrounds = new Set<unknown>();
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 375, 320]) {
        const { page, problems } = await openPage(browser, { colorScheme, viewport: { width, height: 800 } });
        await page.goto(exporter.restUrl);
        for (const summary of await page.locator('summary').all()) await summary.click();
        t.equal(
          await measure(page, 'document.documentElement.scrollWidth'),
          width,
          `${width}: no sideways scrolling`,
        );
        const cut = `[...document.querySelectorAll('main *')].filter((element) => {
          const { left, right } = element.getBoundingClientRect();
          return right > left + 1 && (left < -1 || right > ${width} + 1) && getComputedStyle(element).visibility !== 'hidden';
        }).map((element) => element.outerHTML.slice(0, 80))`;
        t.strictSame(await measure(page, cut), [], `${width}: nothing stands out`);
        const labels = `[...document.querySelectorAll('#target-1 .label')].map((label) => label.getBoundingClientRect())
          .filter(({ width }) => width > 0)          .every(({ left }, index, all) => index === 0 || left > all[index - 1].right)`;
        t.equal(await measure(page, labels), true, `${width}: the chart's labels do not touch`);
        t.strictSame(problems, [], `${width} ${colorScheme}: no error, no violation of the policy`);
        backgrounds.add(await measure(page, 'getComputedStyle(document.body).backgroundColor'));
        await page.close();
      }
    }
    t.equal(backgrounds.size, 2, 'light and dark differ');
  });

  await t.test('every text can be told from its background', async (t) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await openPage(browser, { colorScheme });
      await page.goto(exporter.restUrl);
      const ratios = (await measure(page, CONTRASTS)) as { text: string; ratio: number }[];
      t.ok(ratios.length > 30, `${colorScheme}: ${ratios.length} texts`);
      t.strictSame(
        ratios.filter(({ ratio }) => ratio < 4.5),
        [],
        `${colorScheme}: WCAG AA`,
      );
      await page.close();
    }
  });

  await t.test('works by keyboard', async (t) => {
    const { page } = await openPage(browser);
    await page.goto(exporter.restUrl);
    const reachable = await page.locator('a, summary').count();
    const reached = new Set<unknown>();
    for (let press = 0; press < reachable; press++) {
      await page.keyboard.press('Tab');
      reached.add(
        await measure(page, "[...document.querySelectorAll('a, summary')].indexOf(document.activeElement)"),
      );
      t.not(
        await measure(page, 'getComputedStyle(document.activeElement).outlineStyle'),
        'none',
        'the focus shows',
      );
    }
    t.equal(reached.size, reachable, 'each link and each table is reached');
    await page.locator('summary').first().focus();
    await page.keyboard.press('Enter');
    t.ok(await page.locator('table').first().isVisible(), 'a table opens');
    await page.locator('nav .jump a').nth(1).focus();
    await page.keyboard.press('Enter');
    t.match(page.url(), /#target-2$/);
    await page.close();
  });

  await t.test('a bar tells its day where the pointer is', async (t) => {
    const { page } = await openPage(browser);
    await page.goto(exporter.restUrl);
    const day = page.locator('.day').nth(3);
    t.notOk(await day.locator('.tip').isVisible());
    await day.locator('.hit').hover();
    t.ok(await day.locator('.tip').isVisible());
    t.equal(await day.locator('.tip').textContent(), await day.locator('title').textContent());
    await page.close();
  });

  await t.test('is read out as it looks', async (t) => {
    const { page } = await openPage(browser);
    await page.goto(exporter.restUrl);
    const chart = page.getByRole('img', { name: /^Cost per day: 30 complete days and today so far USD/ });
    t.equal(await chart.count(), 2, 'the charts are pictures with a name');
    t.equal(
      await page.getByRole('region', { name: 'production' }).count(),
      1,
      'a target is a region of its name',
    );
    t.equal(await page.getByRole('navigation').count(), 2);
    t.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
    await page.close();
  });

  await t.test('works behind a path prefix', async (t) => {
    const base = await startPrefixProxy(t, exporter.restUrl);
    const { page } = await openPage(browser);
    const links = page.locator('a:not([href^="#"])');
    await page.goto(`${base}/`);
    const count = await links.count();
    t.equal(count, 6);
    for (let index = 0; index < count; index++) {
      await page.goto(`${base}/`);
      const [response] = await Promise.all([
        page.waitForResponse((one) => one.request().isNavigationRequest()),
        links.nth(index).click(),
      ]);
      t.ok(response.url().startsWith(`${base}/`), response.url());
      t.equal(response.status(), 200);
    }
    await page.close();
  });
});

/** The contrast of each visible text with what is behind it, by WCAG 2's formula. */
const CONTRASTS = `(() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = parse(getComputedStyle(one).backgroundColor);
      if (color.length === 3) return color;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('body *')].flatMap((element) => {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const style = getComputedStyle(element);
    if (!own || element.tagName === 'title' || style.visibility === 'hidden' || !element.getClientRects().length) return [];
    const text = luminance(parse(element.namespaceURI.includes('svg') ? style.fill : style.color));
    const back = luminance(behind(element));
    const ratio = (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
    return { text: element.textContent.slice(0, 40), ratio };
  });
})()`;
