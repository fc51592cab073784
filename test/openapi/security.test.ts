// What the OpenAPI document says of credentials, and Swagger UI that is given some.
import { Validator } from '@seriousme/openapi-schema-validator';
import t, { type Test } from 'tap';
import { launchChromium, openPage } from '../servers/chromium.ts';
import { basic, bearer, hashOf, pki, startWeb, tokenLine, type WebOptions } from '../web/helper.ts';
import type { OpenapiDocument, Operation } from './document.ts';

t.setTimeout(180_000);

const USERS = `basic_auth_users: {alice: ${hashOf('word')}}`;
const TOKENS = tokenLine('grafana', 'first-token');

type Secured = OpenapiDocument & {
  security?: object[];
  components: { securitySchemes?: Record<string, { type: string; scheme?: string; description: string }> };
  paths: Record<string, { get: Operation & { security?: object[] } }>;
};

async function documentOf(
  t: Test,
  options: WebOptions,
  headers: Record<string, string> = {},
): Promise<Secured> {
  const { get } = await startWeb(t, options);
  return (await get('/docs/json', { headers })).json<Secured>();
}

t.test('the document says what is asked for', async (t) => {
  const token = { token: [] };
  const password = { password: [] };
  const cases: [options: WebOptions, headers: Record<string, string>, security: object[] | undefined][] = [
    [{}, {}, undefined],
    [{ web: USERS }, basic('alice', 'word'), [password]],
    [{ tokens: TOKENS }, bearer('first-token'), [token, password]],
    [{ web: USERS, tokens: TOKENS }, bearer('first-token'), [token, password]],
  ];
  for (const [options, headers, security] of cases) {
    const document = await documentOf(t, options, headers);
    const { valid, errors } = await new Validator().validate(structuredClone({ ...document }));
    t.ok(valid, JSON.stringify(errors));
    t.same(document.security, security);
    t.same(
      Object.keys(document.components.securitySchemes ?? {}),
      (security ?? []).flatMap((one) => Object.keys(one)),
    );
    for (const [path, { get }] of Object.entries(document.paths)) {
      const open = path === '/health' || path === '/ready';
      t.equal('401' in get.responses, security !== undefined && !open, `${path}: 401`);
      t.equal('429' in get.responses, path !== '/health', `${path}: 429`);
      t.equal('503' in get.responses, path !== '/health', `${path}: 503`);
      if (security === undefined) t.equal(get.security, undefined, path);
      else if (path === '/health') t.same(get.security, [], path);
      else if (path === '/ready') t.same(get.security, [...security, {}], path);
      else t.equal(get.security, undefined, `${path}: as the whole document says`);
    }
  }
});

t.test('certificates are in the document too', async (t) => {
  const made = await pki(t);
  if (made === undefined) return;
  const { app } = await startWeb(t, {
    folder: made.folder,
    web: `tls_server_config: {cert_file: server.crt, key_file: server.key, client_ca_file: ca.crt, client_auth_type: RequireAndVerifyClientCert}`,
    tokens: TOKENS,
  });
  const document = app.rest.swagger() as unknown as Secured;
  t.same(document.security, [
    { token: [], certificate: [] },
    { password: [], certificate: [] },
  ]);
  t.equal(document.components.securitySchemes?.certificate?.type, 'mutualTLS');
  const { valid, errors } = await new Validator().validate(structuredClone({ ...document }));
  t.ok(valid, JSON.stringify(errors));
});

t.test('Swagger UI in a real browser: a token opens the page, and Authorize sends another', async (t) => {
  const browser = await launchChromium(t);
  if (browser === undefined) return;
  const exporter = await startWeb(t, { tokens: `${TOKENS}${tokenLine('finops', 'second-token')}` });
  const { page, problems } = await openPage(browser, {
    viewport: { width: 1280, height: 900 },
    httpCredentials: { username: 'grafana', password: 'first-token' },
  });
  const sent: string[] = [];
  page.on('request', async (request) => {
    if (request.url().endsWith('/spend')) sent.push((await request.headerValue('authorization')) ?? '');
  });
  await page.goto(`${exporter.restUrl}/docs`);
  await page.waitForSelector('.opblock');
  await page.locator('.auth-wrapper .authorize').first().click();
  const dialog = page.locator('.dialog-ux');
  const bearerForm = dialog.locator('.auth-container', { hasText: 'Bearer' }).first();
  await bearerForm.locator('input').fill('second-token');
  await bearerForm.locator('button.authorize').click();
  await dialog.locator('.btn-done').first().click();
  const block = page.locator('.opblock', { has: page.locator('[data-path="/spend"]') });
  await block.locator('.opblock-summary-control').click();
  await block.locator('.try-out__btn').click();
  await block.locator('.execute').click();
  const status = block.locator('.live-responses-table .response-col_status').last();
  t.match(await status.textContent(), /^\s*200/);
  t.match(sent, ['Bearer second-token']);
  t.same(
    problems.filter((one) => !/: 401$|401 \(Unauthorized\)/.test(one)),
    [],
    'the policy is kept',
  );
  t.match(
    exporter
      .log()
      .map(({ token }) => token)
      .filter(Boolean),
    ['grafana', 'finops'],
  );
  await page.close();
});
