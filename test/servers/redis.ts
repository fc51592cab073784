import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  eventually,
  findProgram,
  freePort,
  type Launched,
  launch,
  requireProgram,
  run,
  type TestScope,
} from './process.ts';

/** How a test wants its Redis. */
export interface RedisServerOptions {
  /** Password of the default user. */
  password?: string;
  /** TLS only, with a certificate for 127.0.0.1 and localhost that is signed by the CA in `RedisServer.ca`. */
  tls?: boolean;
  /** Default: a free one. */
  port?: number;
  /** More command line of redis-server, e.g. `['--maxmemory', '2mb']`. */
  args?: readonly string[];
}

/** A real Redis server of one test. */
export interface RedisServer {
  /** `redis://` or `rediss://`, with the password. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** PEM of the certificate authority, with `tls`. */
  readonly ca: string | undefined;
  /** Process id of the running server. */
  pid(): number;
  /** Ends it as an operator would, its data on disk. */
  stop(): Promise<void>;
  /** SIGKILL. What it had acknowledged is on disk. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay open, nothing is answered. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Ends it if it runs, and starts it again on the same port; without `keepData` it comes up empty. */
  restart(options: { keepData: boolean; args?: readonly string[] }): Promise<void>;
  /** Runs redis-cli: its standard output without the last line end. `input` becomes the last argument, byte for byte. @throws Error on an error reply. */
  cli(args: readonly string[], input?: string | Buffer): Promise<string>;
}

const HOST = '127.0.0.1';

/**
 * Starts a Redis server in a folder of its own; both end with the test.
 * @returns undefined, with a visible skip, where redis-server is absent.
 * @throws Error where it is absent and CI=true, or where it does not come up.
 */
export async function startRedis(
  t: TestScope,
  options: RedisServerOptions = {},
): Promise<RedisServer | undefined> {
  const program = requireProgram(t, 'redis-server');
  const client = program && requireProgram(t, 'redis-cli');
  if (program === undefined || client === undefined) return undefined;
  if (options.tls && requireProgram(t, 'openssl') === undefined) return undefined;

  const folder = await mkdtemp(join(tmpdir(), 'redis-test-'));
  let server: Launched | undefined;
  t.teardown(async () => {
    await server?.end();
    await rm(folder, { recursive: true, force: true });
  });
  const ca = options.tls ? await makeCertificates(folder) : undefined;
  let port = options.port ?? (await freePort());

  const cli: RedisServer['cli'] = async (args, input) => {
    const tls = ca === undefined ? [] : ['--tls', '--cacert', join(folder, 'ca.crt')];
    const env =
      options.password === undefined ? process.env : { ...process.env, REDISCLI_AUTH: options.password };
    const all = [
      '-h',
      HOST,
      '-p',
      String(port),
      '-e',
      ...tls,
      ...(input === undefined ? [] : ['-x']),
      ...args,
    ];
    const { code, stdout, stderr } = await run(client, all, {
      env,
      timeoutMs: 10_000,
      ...(input === undefined ? {} : { input }),
    });
    if (code !== 0) throw new Error(`redis-cli ${args[0]}: ${stderr || stdout}`.trim());
    return stdout.replace(/\n$/, '');
  };

  async function start(extra: readonly string[] = []): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const started = await launch(program as string, [...serverArguments(port, folder, options), ...extra]);
      server = started;
      try {
        await eventually('redis-server answers', async () => {
          if (started.ended()) return 'ended';
          return (await cli(['ping'])) === 'PONG' ? 'up' : undefined;
        });
      } catch (error) {
        throw new Error(`redis-server is not up: ${started.output()}`, { cause: error });
      }
      if (!started.ended()) return;
      const taken = started.output().includes('already in use');
      if (!taken || options.port !== undefined || attempt === 5)
        throw new Error(`redis-server ended: ${started.output()}`);
      port = await freePort();
    }
  }
  await start();

  return {
    get url() {
      const password = options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`;
      return `${options.tls ? 'rediss' : 'redis'}://${password}${HOST}:${port}`;
    },
    host: HOST,
    get port() {
      return port;
    },
    ca,
    pid: () => server?.pid ?? 0,
    stop: async () => server?.end(),
    async kill() {
      server?.signal('SIGKILL');
      await server?.exit;
    },
    pause: () => server?.signal('SIGSTOP'),
    resume: () => server?.signal('SIGCONT'),
    async restart({ keepData, args }) {
      await server?.end();
      if (!keepData) await rm(join(folder, 'data'), { recursive: true, force: true });
      await start(args);
    },
    cli,
  };
}

function serverArguments(port: number, folder: string, options: RedisServerOptions): string[] {
  const listen = options.tls
    ? ['--port', '0', '--tls-port', String(port), '--tls-cert-file', join(folder, 'server.crt')]
        .concat(['--tls-key-file', join(folder, 'server.key'), '--tls-ca-cert-file', join(folder, 'ca.crt')])
        .concat(['--tls-auth-clients', 'no'])
    : ['--port', String(port)];
  return [
    ...['--bind', HOST, ...listen, '--dir', folder, '--daemonize', 'no'],
    // An append-only file without fsync survives a kill of the process, and costs next to nothing.
    ...['--save', '', '--appendonly', 'yes', '--appendfsync', 'no', '--appenddirname', 'data'],
    ...(options.password === undefined ? [] : ['--requirepass', options.password]),
    ...(options.args ?? []),
  ];
}

/** A certificate authority and a server certificate of it, both of one day. Returns the authority's PEM. */
async function makeCertificates(folder: string): Promise<string> {
  const openssl = findProgram('openssl') ?? 'openssl';
  const path = (name: string) => join(folder, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  const steps = [
    [
      'req',
      '-x509',
      ...key,
      '-subj',
      '/CN=test authority',
      '-keyout',
      path('ca.key'),
      '-out',
      path('ca.crt'),
    ],
    [
      'req',
      '-x509',
      ...key,
      '-subj',
      '/CN=localhost',
      '-keyout',
      path('server.key'),
      '-out',
      path('server.crt'),
    ].concat(
      [
        '-CA',
        path('ca.crt'),
        '-CAkey',
        path('ca.key'),
        '-addext',
        'subjectAltName=IP:127.0.0.1,DNS:localhost',
      ],
      ['-addext', 'basicConstraints=critical,CA:FALSE'],
    ),
  ];
  for (const step of steps) {
    const { code, stderr } = await run(openssl, step);
    if (code !== 0) throw new Error(`openssl ${step[0]}: ${stderr}`);
  }
  return readFile(path('ca.crt'), 'utf8');
}
