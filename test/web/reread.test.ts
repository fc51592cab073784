// Files that change while the listeners serve: what is taken up, and what is not.
import { once } from 'node:events';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Reread } from '../../src/web/reread.ts';
import { readTokens } from '../../src/web/tokens.ts';
import { eventually } from '../servers/process.ts';
import { basic, hashOf, pki, startWeb, tokenLine, type WebExporter } from './helper.ts';
import { clients, handshake, over, statusOf, TLS } from './tls-client.ts';

t.setTimeout(180_000);

/** The serial number of the certificate that new connections are shown. */
async function serialOf(url: string, ca: string): Promise<string> {
  const socket = await handshake(url, { ca });
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

t.test('a certificate that is replaced is taken up, without a restart, and connections go on', async (t) => {
  const made = await pki(t);
  if (made === undefined) return;
  const { folder, ca, trust } = made;
  const exporter = await startWeb(t, { folder, web: `tls_server_config: {${TLS}}` });
  const { restUrl, metricsUrl } = exporter;
  const before = [await serialOf(restUrl, trust), await serialOf(metricsUrl, trust)];
  const kept = await handshake(restUrl, { ca: trust });
  t.equal(statusOf(await over(kept, '/cost/current')), 200);
  const next = await ca.issue('next');
  renameSync(next.cert, join(folder, 'server.crt'));
  renameSync(next.key, join(folder, 'server.key'));
  await eventually('both listeners show the new one', async () => {
    const now = [await serialOf(restUrl, trust), await serialOf(metricsUrl, trust)];
    return now.every((serial, index) => serial !== before[index]) ? true : undefined;
  });
  t.equal(statusOf(await over(kept, '/cost/current')), 200, 'the connection that was open goes on');
  kept.destroy();
  await exporter.logged(/WEB_CONFIG_FILE was read again/);
  t.same(
    exporter.log().filter(({ level }) => Number(level) > 40),
    [],
    'no moment in between was an error',
  );
});

t.test('replaced as Kubernetes does it: by one symbolic link', async (t) => {
  const made = await pki(t);
  if (made === undefined) return;
  const { folder, ca, trust } = made;
  const mount = join(folder, 'mount');
  mkdirSync(mount);
  const put = async (version: string) => {
    const inside = join(mount, version);
    mkdirSync(inside);
    await ca.issue(`issued-${version}`);
    renameSync(join(folder, `issued-${version}.crt`), join(inside, 'tls.crt'));
    renameSync(join(folder, `issued-${version}.key`), join(inside, 'tls.key'));
    writeFileSync(join(inside, 'web.yaml'), 'tls_server_config: {cert_file: tls.crt, key_file: tls.key}');
    symlinkSync(version, join(mount, '..data_tmp'));
    renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
  };
  await put('..1');
  for (const name of ['tls.crt', 'tls.key', 'web.yaml']) symlinkSync(join('..data', name), join(mount, name));
  const exporter = await startWeb(t, { folder, env: { WEB_CONFIG_FILE: join(mount, 'web.yaml') } });
  const before = await serialOf(exporter.restUrl, trust);
  await put('..2');
  rmSync(join(mount, '..1'), { recursive: true });
  await eventually('the new one', async () =>
    (await serialOf(exporter.restUrl, trust)) === before ? undefined : true,
  );
  t.same(
    exporter.log().filter(({ level }) => Number(level) > 40),
    [],
  );
});

t.test(
  'a new version that is wrong, or opens a door, is one log line; the former one stays in force',
  async (t) => {
    const made = await pki(t);
    if (made === undefined) return;
    const { folder, ca, trust } = made;
    const shown = await clients(folder, ca, t);
    const good = `tls_server_config: {${TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt}\nbasic_auth_users: {alice: ${hashOf('word')}}`;
    const exporter = await startWeb(t, { folder, web: good });
    const inForce = async (what: string) => {
      const tls = { ca: trust, ...shown.named };
      t.equal((await exporter.get('/spend', { tls })).status, 401, what);
      t.equal((await exporter.get('/spend', { tls, headers: basic('alice', 'word') })).status, 200, what);
      t.equal(
        (await exporter.get('/spend', { tls: { ca: trust }, headers: basic('alice', 'word') })).status,
        401,
        what,
      );
    };
    await inForce('at first');
    const wrong: [content: string, words: RegExp][] = [
      ['', /must be a mapping/],
      ['{', /cannot be read/],
      [`basic_auth_users: {alice: ${hashOf('word')}}`, /TLS is put on or taken off: that needs a restart/],
      [
        `tls_server_config: {${TLS}}\nbasic_auth_users: {alice: ${hashOf('word')}}`,
        /ceases to ask for certificates/,
      ],
      [good.replace('RequireAndVerify', 'Request'), /would no longer be required/],
      [good.replace('RequireAndVerifyClientCert', 'RequireAnyClientCert'), /would no longer be verified/],
      [good.replace(/\n.*/, ''), /no user would be left/],
      [good.replace('server.key', 'named.key'), /does not fit the certificate/],
    ];
    for (const [content, words] of wrong) {
      const told = exporter.log().length;
      exporter.writeWeb(content);
      const news = () =>
        exporter
          .log()
          .slice(told)
          .filter(({ level }) => level === 50);
      await eventually(`${words} is told`, () => (news().length > 0 ? true : undefined));
      await new Promise((resolve) => setTimeout(resolve, 100));
      t.equal(news().length, 1, 'told once');
      t.match(JSON.stringify(news()[0]?.faults), words);
      t.notMatch(JSON.stringify(news()), /\$2b|BEGIN/);
      await inForce(String(words));
    }
    exporter.writeWeb(good.replace('alice', 'bob'));
    await eventually('bob is known', async () => {
      const answer = await exporter.get('/spend', {
        tls: { ca: trust, ...shown.named },
        headers: basic('bob', 'word'),
      });
      return answer.status === 200 ? true : undefined;
    });
  },
);

t.test(
  'an authority that is withdrawn is withdrawn at once, for connections that are open too',
  async (t) => {
    const made = await pki(t);
    if (made === undefined) return;
    const { folder, ca, trust } = made;
    const shown = await clients(folder, ca, t);
    const web = (file: string) =>
      `tls_server_config: {${TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ${file}}`;
    const exporter: WebExporter = await startWeb(t, { folder, web: web('ca.crt') });
    const idle = await handshake(exporter.restUrl, { ca: trust, ...shown.named });
    t.equal(statusOf(await over(idle, '/spend')), 200);
    // In the middle of a request when the rules change: it is not idle.
    const busy = await handshake(exporter.restUrl, { ca: trust, ...shown.named });
    busy.on('error', () => undefined);
    busy.write('GET /spend HTTP/1.1\r\n');
    const closed = once(idle, 'close');
    exporter.writeWeb(web('strangers.crt'));
    await exporter.logged(/was read again/);
    await closed;
    const status = async (certificate: object) =>
      (await exporter.get('/spend', { tls: { ca: trust, ...certificate } })).status;
    t.equal(await status(shown.named), 401);
    t.equal(await status(shown.stranger), 200);
    const late = once(busy, 'data');
    busy.write('host: localhost\r\n\r\n');
    const [answer] = (await late) as [Buffer];
    t.match(answer.toString(), /^HTTP\/1\.1 401 [\s\S]*connection: close[\s\S]*connect again/i);
    busy.destroy();
  },
);

t.test('a version counts once two looks have found the same', async (t) => {
  const path = join(t.testdir(), 'tokens');
  const line = (name: string) => tokenLine(name, `the token of ${name}`);
  writeFileSync(path, line('first'));
  const said: string[] = [];
  const log = {
    info: (_: object, message: string) => said.push(message),
    error: (details: object) => said.push(JSON.stringify(details)),
  };
  const loaded = { path, read: readTokens(path) };
  const tokens = new Reread({ loaded, setting: 'API_TOKENS_FILE', read: readTokens, log });
  const names = () => tokens.value.map(({ name }) => name).join();
  // Half of it, then a little more, then all.
  for (const content of ['', `${line('second')}thi`, `${line('second')}${line('third')}`]) {
    writeFileSync(path, content);
    tokens.look();
    t.equal(names(), 'first');
  }
  t.same(said, [], 'what was on its way is no fault');
  tokens.look();
  t.equal(names(), 'second,third');
  tokens.look();
  t.same(said, ['API_TOKENS_FILE was read again']);
  writeFileSync(path, 'broken');
  for (let looks = 0; looks < 5; looks++) tokens.look();
  t.equal(said.length, 2, 'a fault is told once');
  rmSync(path);
  for (let looks = 0; looks < 5; looks++) tokens.look();
  t.match(said.slice(2), [/cannot be read: ENOENT/], 'another one is another line');
  t.equal(said.length, 3);
  writeFileSync(path, `${line('second')}${line('third')}`);
  for (let looks = 0; looks < 5; looks++) tokens.look();
  writeFileSync(path, 'broken');
  for (let looks = 0; looks < 5; looks++) tokens.look();
  t.equal(said.length, 4, 'and one that comes again after it was mended is told again');
  t.equal(names(), 'second,third');
});
