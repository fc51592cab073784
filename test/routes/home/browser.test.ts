import t from 'tap';
import { startExporter } from '../../helper.ts';
import { startPrefixProxy } from '../../openapi/prefix-proxy.ts';
import { launchChromium, openPage } from '../../servers/chromium.ts';
import { measure, SIDEWAYS } from './measure.ts';

// A browser on a busy machine takes its time.
t.setTimeout(180_000);

const TARGETS = `targets:
  - {name: production}
  - {name: a-target-with-a-name-as-long-as-they-may-be-${'x'.repeat(15)}, roleArn: "arn:aws:iam::222222222222:role/r"}`;

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
      for (const width of [1280, 360, 320]) {
        const { page, problems } = await openPage(browser, { colorScheme, viewport: { width, height: 800 } });
        await page.goto(exporter.restUrl);
        for (const summary of await page.locator('summary').all()) await summary.click();
        t.strictSame(
          await measure(page, SIDEWAYS),
          { scroll: width, cut: [], broken: [] },
          `${width}: all fits`,
        );
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

  await t.test('works by keyboard', async (t) => {
    const { page } = await openPage(browser);
    await page.goto(exporter.restUrl);
    const focused = () =>
      measure(page, "[...document.querySelectorAll('a, summary')].indexOf(document.activeElement)");
    const reachable = await page.locator('a, summary').count();
    for (let press = 0; press < reachable; press++) {
      await page.keyboard.press('Tab');
      t.equal(await focused(), press, 'one after the other, in the order of the page');
      t.match(
        await measure(page, FOCUS),
        { outline: /^solid [1-9]/, visible: true },
        `the focus shows: ${await measure(page, 'document.activeElement.textContent')}`,
      );
    }
    await page.locator('summary').first().focus();
    await page.keyboard.press('Enter');
    t.ok(await page.locator('table').first().isVisible(), 'a table opens');
    await page.locator('nav .jump a').nth(1).focus();
    await page.keyboard.press('Enter');
    t.match(page.url(), /#target-2$/);

    await page.goto(exporter.restUrl);
    const skip = page.locator('.skip');
    t.equal((await skip.boundingBox())?.y ?? 0, -64, 'the way past the head is out of sight');
    await page.keyboard.press('Tab');
    t.ok(((await skip.boundingBox())?.y ?? -1) >= 0, 'until the first Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    t.equal(
      await measure(
        page,
        "document.activeElement.closest('main') !== null && document.activeElement.tagName",
      ),
      'SUMMARY',
      'the next Tab is in the figures',
    );
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

  await t.test('works behind a path prefix, opened with a slash at the end or without', async (t) => {
    for (const [prefix, path] of [
      ['/aws-cost', '/'],
      ['/aws-cost', ''],
      ['/team/billing/aws-cost', '?a=b#target-2'],
    ] as const) {
      const base = await startPrefixProxy(t, exporter.restUrl, prefix);
      const { page, problems } = await openPage(browser);
      const links = page.locator('a:not([href^="#"])');
      await page.goto(`${base}${path}`);
      t.equal(page.url(), `${base}/${path.replace(/^\//, '')}`, 'the slash is there, the rest is kept');
      t.strictSame(problems, []);
      const count = await links.count();
      t.equal(count, 7);
      for (let index = 0; index < count; index++) {
        await page.goto(`${base}${path}`);
        const [response] = await Promise.all([
          page.waitForResponse((one) => one.request().isNavigationRequest()),
          links.nth(index).click(),
        ]);
        t.ok(response.url().startsWith(`${base}/`), response.url());
        t.equal(response.status(), 200);
      }
      await page.goto(`${base}${path}`);
      await page.locator('a[href^="#target"]').first().click();
      t.equal(
        page.url(),
        `${base}/${path.replace(/^\/|#.*/g, '')}#target-1`,
        'a place on the page stays there',
      );
      await page.close();
    }
  });

  await t.test('without scripts the page is whole, and its links lead on from its own address', async (t) => {
    const base = await startPrefixProxy(t, exporter.restUrl);
    const { page } = await openPage(browser, { javaScriptEnabled: false });
    await page.goto(`${base}/`);
    t.equal(await page.locator('.chart').count(), 2);
    await page.locator('nav a').first().click();
    t.equal(page.url(), `${base}/docs/`);
    await page.close();
  });
});

/** How the focused element shows that it is. */
const FOCUS = `(() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  const { left, right, top, bottom } = document.activeElement.getBoundingClientRect();
  const visible = right > left && bottom > top && left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
  return { outline: outlineStyle + ' ' + outlineWidth, visible };
})()`;
