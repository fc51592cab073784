import { X509Certificate } from 'node:crypto';
import type { WebSettings } from '../config.ts';
import type { Who } from './access.ts';
import type { WebLimits } from './limits.ts';
import { Listeners } from './listeners.ts';
import { Occasional } from './occasional.ts';
import { Passwords, type Users } from './passwords.ts';
import { Reread, type RereadLog } from './reread.ts';
import type { TlsMaterial } from './tls-material.ts';
import { readTokens, type Token } from './tokens.ts';
import { readWebConfig, type WebConfig } from './web-config.ts';

/** Where an app says what it notices. */
export interface WebLog extends RereadLog {
  warn(details: object, message: string): void;
}

/** What the listeners of one app ask of their clients now: the two files as they are in force, and what is made of them. */
export class WebInForce {
  readonly listeners: Listeners;
  readonly passwords: Passwords;
  readonly #config: Reread<WebConfig> | undefined;
  readonly #tokens: Reread<readonly Token[]> | undefined;
  readonly #limits: WebLimits;
  readonly #log: () => WebLog;
  readonly #greeted = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  /** `log` is called late: the app that logs is made with the listeners. */
  constructor({ config, tokens }: WebSettings, limits: WebLimits, log: () => WebLog) {
    const drops = new Occasional();
    this.#limits = limits;
    this.#log = log;
    this.passwords = new Passwords(limits.passwordQueue);
    this.listeners = new Listeners({
      limits,
      tls: config?.read.value?.tls,
      onDrop: () =>
        drops.note((times) =>
          log().warn({ times }, 'connections were closed: there are too many, or too many requests on one'),
        ),
    });
    const later: RereadLog = {
      info: (details, message) => log().info(details, message),
      error: (details, message) => log().error(details, message),
    };
    this.#config =
      config &&
      new Reread<WebConfig>({
        loaded: config,
        setting: 'WEB_CONFIG_FILE',
        read: readWebConfig,
        refuse: whyNot,
        onChange: ({ tls }) => {
          if (tls === undefined) return;
          this.listeners.use(tls);
          this.#sayIfOver(tls);
        },
        log: later,
      });
    this.#tokens =
      tokens &&
      new Reread<readonly Token[]>({
        loaded: tokens,
        setting: 'API_TOKENS_FILE',
        read: readTokens,
        log: later,
      });
  }

  /** Whether there is any file by which clients could be asked for something. */
  get configured(): boolean {
    return this.#config !== undefined || this.#tokens !== undefined;
  }

  get users(): Users {
    return this.#config?.value.users ?? {};
  }

  get tokens(): readonly Token[] {
    return this.#tokens?.value ?? [];
  }

  /** Headers of every answer; undefined where there is no web configuration. */
  get headers(): (() => WebConfig['headers']) | undefined {
    const config = this.#config;
    return config && (() => config.value.headers);
  }

  get tls(): boolean {
    return this.#config?.value.tls !== undefined;
  }

  /** Whether nobody is answered without a certificate. */
  get requiresCertificate(): boolean {
    return this.#config?.value.tls?.client.require ?? false;
  }

  /** Whether clients of one listener at least must show something to be answered. */
  get requiresAnything(): boolean {
    return this.tokens.length > 0 || Object.keys(this.users).length > 0 || this.requiresCertificate;
  }

  /** The same, or a certificate that is shown is looked at. */
  get asksForAnything(): boolean {
    return this.requiresAnything || (this.#config?.value.tls?.client.ask ?? false);
  }

  certificateFault(socket: object): string | undefined {
    return this.listeners.certificateFault(socket);
  }

  /** Says once of each user and token that it is in use. */
  noteFirst({ kind, name }: Who): void {
    const key = `${kind} ${name}`;
    if (this.#greeted.has(key)) return;
    this.#greeted.add(key);
    this.#log().info({ [kind]: name }, 'credentials are used for the first time since the start');
  }

  /** Follows the files from now on. */
  start(): void {
    const tls = this.#config?.value.tls;
    if (tls !== undefined) this.#sayIfOver(tls);
    const followed = [this.#config, this.#tokens].filter((one) => one !== undefined);
    if (followed.length === 0) return;
    this.#timer = setInterval(() => {
      for (const one of followed) one.look();
    }, this.#limits.rereadMs).unref();
  }

  #sayIfOver({ cert }: TlsMaterial): void {
    const until = new Date(new X509Certificate(cert).validTo);
    if (until.getTime() < Date.now())
      this.#log().error(
        { until },
        'the certificate of WEB_CONFIG_FILE is over: clients that verify it do not connect',
      );
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.passwords.close();
  }
}

/** What cannot change while the listeners are up, and what must not: a file that is half written opens no door. */
function whyNot(next: WebConfig, inForce: WebConfig): string | undefined {
  if ((next.tls === undefined) !== (inForce.tls === undefined))
    return 'TLS is put on or taken off: that needs a restart';
  if (next.tls?.client.ask !== inForce.tls?.client.ask)
    return 'client_auth_type begins or ceases to ask for certificates: that needs a restart';
  if (inForce.tls?.client.require && !next.tls?.client.require)
    return 'a client certificate would no longer be required: that needs a restart';
  if (inForce.tls?.client.verify && !next.tls?.client.verify)
    return 'client certificates would no longer be verified: that needs a restart';
  if (Object.keys(inForce.users).length > 0 && Object.keys(next.users).length === 0)
    return 'no user would be left, and no password be asked for: that needs a restart';
  return undefined;
}
