import { constants } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { hasName } from './client-certificate.ts';
import { limitConnections } from './connection-limit.ts';
import type { WebLimits } from './limits.ts';
import { type ClientAuth, contextOf, type TlsMaterial } from './tls-material.ts';

/** Time between two looks for connections that are too slow, in milliseconds. */
const CHECK_MS = 2_000;

/** What a handshake has shown of a client, and by which rules it was judged. */
interface Shown {
  readonly rules: ClientAuth & { readonly ca: string | undefined };
  readonly fault: string | undefined;
}

/** What the listeners of one app are made with. */
export interface ListenerOptions {
  readonly limits: WebLimits;
  readonly tls: TlsMaterial | undefined;
  /** Told of each connection that was closed because there are too many, or too many requests on it. */
  readonly onDrop: () => void;
}

/** Every server socket of one app: plain or TLS, with time limits, and a certificate that can be changed while they serve. */
export class Listeners {
  readonly #servers = new Set<Server>();
  readonly #shown = new WeakMap<object, Shown>();
  readonly #options: ListenerOptions;
  #tls: TlsMaterial | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#tls = options.tls;
  }

  /** Makes one server; for Fastify, which makes more than one where `HOST` has several addresses. */
  readonly create = (handler: RequestListener): Server => {
    const { limits, onDrop } = this.#options;
    const common = {
      // Node's own refusal of a missing host has no body; the errors plugin has one.
      requireHostHeader: false,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: CHECK_MS,
    };
    const server = this.#tls ? this.#createTls(this.#tls, common) : createServer(common);
    limitConnections(server, limits, onDrop);
    server.on('request', handler);
    this.#servers.add(server);
    server.on('close', () => this.#servers.delete(server));
    return server;
  };

  /** Takes other certificates and rules. Connections go on, but for those whose client was let in by rules that hold no longer. */
  use(tls: TlsMaterial): void {
    const before = this.#tls;
    this.#tls = tls;
    for (const server of this.#servers) {
      if ('setSecureContext' in server) (server as TlsServer).setSecureContext(secureOptions(tls));
      if (before !== undefined && !sameRules(rulesOf(before), rulesOf(tls))) server.closeIdleConnections();
    }
  }

  /** Why the client of a connection has not shown the certificate that it must; undefined where it has, or need not. */
  certificateFault(socket: object): string | undefined {
    const rules = this.#tls && rulesOf(this.#tls);
    if (!rules?.ask) return undefined;
    const shown = this.#shown.get(socket);
    if (shown === undefined || !sameRules(shown.rules, rules))
      return 'The rules for client certificates have changed: connect again.';
    return shown.fault;
  }

  /** Ends every connection, whatever is under way. */
  closeAllConnections(): void {
    for (const server of this.#servers) server.closeAllConnections();
  }

  #createTls(tls: TlsMaterial, common: object): Server {
    const server = createTlsServer({
      ...common,
      ...secureOptions(tls),
      handshakeTimeout: this.#options.limits.handshakeMs,
      requestCert: tls.client.ask,
      // Who may ask for what is decided for each request: probes have no certificate.
      rejectUnauthorized: false,
    });
    server.on('secureConnection', (socket) => {
      const rules = rulesOf(this.#tls ?? tls);
      if (rules.ask) this.#shown.set(socket, { rules, fault: faultOf(socket, rules) });
    });
    return server;
  }
}

type TlsServer = ReturnType<typeof createTlsServer>;

function secureOptions(tls: TlsMaterial) {
  // A resumed session shows no certificate of its own: who must show one starts anew each time.
  const noTickets = tls.client.ask ? constants.SSL_OP_NO_TICKET : 0;
  return { ...contextOf(tls), secureOptions: constants.SSL_OP_NO_RENEGOTIATION | noTickets };
}

function rulesOf({ client, ca }: TlsMaterial): Shown['rules'] {
  return { ...client, ca };
}

function sameRules(one: Shown['rules'], other: Shown['rules']): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function faultOf(socket: TLSSocket, { require, verify, allowedSans }: ClientAuth): string | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return require ? 'A client certificate is needed.' : undefined;
  if (verify && !socket.authorized) return 'The client certificate is not one that is trusted here.';
  if (allowedSans !== undefined && !hasName(certificate, allowedSans))
    return 'The client certificate has none of the names that are let in.';
  return undefined;
}
