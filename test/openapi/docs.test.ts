import type { Browser } from 'playwright-core';
import t, { type Test } from 'tap';
import { ask, startExporter } from '../helper.ts';
import { launchChromium, openPage } from '../servers/chromium.ts';
import { AnswerCheck, type OpenapiDocument } from './document.ts';
import { startPrefixProxy } from './prefix-proxy.ts';

// A browser on a busy machine takes its time.
t.setTimeout(180_000);

/** Not the names that examples would have by themselves. */
const TARGETS =
  'targets: [{name: production}, {name: staging, roleArn: "arn:aws:iam::222222222222:role/read"}]';

/** Opens Swagger UI and resolves once it shows the operations. */
async function openDocs(browser: Browser, url: string) {
  const { page, problems } = await openPage(browser, { viewport: { width: 1280, height: 900 } });
  await page.goto(url);
  await page.waitForSelector('.opblock');
  return { page, problems };
}

/** What Swagger UI shows of an answer. */
interface Shown {
  readonly status: string;
  readonly url: string;
  readonly body: string;
}

/** Executes every operation as it is offered, with the parameters' examples; the answers by path. */
async function executeAll(page: Awaited<ReturnType<typeof openDocs>>['page']) {
  const answers: Record<string, Shown> = {};
  for (const block of await page.locator('.opblock').all()) {
    const path = (await block.locator('.opblock-summary-path').getAttribute('data-path')) ?? '';
    await block.locator('.opblock-summary-control').click();
    await block.locator('.try-out__btn').click();
    await block.locator('.execute').click();
    const answer = block.locator('.live-responses-table .response-col_status').last();
    const status = (await answer.textContent())?.trim().match(/^\d+/)?.[0] ?? '';
    const body =
      (await block.locator('.live-responses-table .highlight-code code').first().textContent()) ?? '';
    answers[path] = { status, url: (await block.locator('.request-url pre').textContent()) ?? '', body };
    await block.locator('.opblock-summary-control').click();
  }
  return answers;
}

async function works(t: Test, browser: Browser, base: string, document: OpenapiDocument) {
  const check = new AnswerCheck(document);
  const { page, problems } = await openDocs(browser, `${base}/docs`);
  t.equal(page.url(), `${base}/docs/`, '/docs leads to /docs/, the prefix kept');
  t.equal(await page.title(), 'aws-cost-exporter API');
  const answers = await executeAll(page);
  t.strictSame(
    Object.keys(answers).toSorted(),
    Object.keys(document.paths).toSorted(),
    'every operation is there',
  );
  for (const [path, { status, url, body }] of Object.entries(answers)) {
    t.equal(status, '200', `${path} answers 200`);
    const { parameters = [] } = document.paths[path]?.get ?? {};
    const asked = new URL(url.trim());
    const expected = path.replaceAll(/\{(\w+)\}/g, (_, name) =>
      String(parameters.find((parameter) => parameter.name === name)?.example),
    );
    t.equal(
      `${asked.origin}${asked.pathname}`,
      `${base}${expected}`,
      `${path} is asked where the page came from`,
    );
    const query = parameters.filter((parameter) => parameter.in === 'query');
    t.strictSame(
      Object.fromEntries(asked.searchParams),
      Object.fromEntries(
        query
          .filter(({ example }) => example !== undefined)
          .map(({ name, example }) => [name, String(example)]),
      ),
      `${path} is asked with the examples of the parameters`,
    );
    t.strictSame(
      check.body(path, Number(status), JSON.parse(body)),
      [],
      `${path}: the answer is shown, whole`,
    );
  }
  t.strictSame(problems, [], 'no error in the console, no violation of the content security policy');
  await page.close();
}

t.test('Swagger UI in a real browser', async (t) => {
  const browser = await launchChromium(t);
  if (browser === undefined) return;
  const exporter = await startExporter(t, { configFile: TARGETS });
  const document = (await exporter.get('/docs/json')).json<OpenapiDocument>();

  await t.test('"Try it out" answers on every route', (t) => works(t, browser, exporter.restUrl, document));

  await t.test('behind a path prefix as well', async (t) => {
    await works(t, browser, await startPrefixProxy(t, exporter.restUrl, '/aws-cost'), document);
  });

  await t.test('fits a phone, and follows the choice of light or dark', async (t) => {
    const { page, problems } = await openPage(browser, {
      colorScheme: 'dark',
      viewport: { width: 360, height: 800 },
    });
    await page.goto(`${exporter.restUrl}/docs`);
    await page.waitForSelector('.opblock');
    const background = () =>
      page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
    const dark = await background();
    await page.emulateMedia({ colorScheme: 'light' });
    await page.locator('html:not(.dark-mode)').waitFor();
    t.not(await background(), dark);
    for (const control of await page.locator('.opblock-summary-control').all()) await control.click();
    await page.locator('.try-out__btn').first().click();
    await page.locator('.execute').first().click();
    await page.locator('.live-responses-table').waitFor();
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 360, 'no sideways scrolling');
    t.strictSame(problems, []);
    await page.close();
  });
});

t.test('the redirect to /docs/ is relative, and stays when there is a query', async (t) => {
  const { restUrl } = await startExporter(t, { settle: false });
  for (const path of ['/docs', '/docs?a=b']) {
    for (const method of ['GET', 'HEAD']) {
      const { status, headers } = await ask(`${restUrl}${path}`, { method });
      t.match(
        { status, location: headers.location },
        { status: 302, location: 'docs/' },
        `${method} ${path}`,
      );
    }
  }
  const page = await ask(`${restUrl}/docs/`);
  t.equal(page.status, 200);
  t.notMatch(page.text, /(src|href)="(\/|https?:)/, 'every link of the page is relative');
  const policy = String(page.headers['content-security-policy']);
  t.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
  t.notMatch(policy, /unsafe|sha256|nonce|https?:|\*/, 'nothing inline, nothing from elsewhere');
});
