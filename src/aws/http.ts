import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';

/** Longest time to connect to AWS, in milliseconds. */
export const CONNECT_TIMEOUT_MS = 5_000;
/** Longest time from a request to the first byte of its answer, in milliseconds. */
export const REQUEST_TIMEOUT_MS = 60_000;
/** Longest silence on the wire within an answer, in milliseconds. */
export const SOCKET_TIMEOUT_MS = 60_000;

const KEEP_ALIVE = { keepAlive: true, maxSockets: 20 } as const;

/** The one set of connections to AWS that every client of the process shares. */
export interface Transport {
  /** What an SDK client takes as its `requestHandler`. */
  readonly handler: Pick<
    NodeHttpHandler,
    'handle' | 'metadata' | 'updateHttpClientConfig' | 'httpHandlerConfigs'
  >;
  /** Ends every connection. */
  close(): void;
}

/**
 * Connections with keep-alive and timeouts. `https:` requests go through the proxy of HTTPS_PROXY where there is one and
 * NO_PROXY does not name the host; `http:` ones (a simulator's) never do.
 *
 * @param proxy - the URL of the proxy, as the configuration has it.
 */
export function createTransport(proxy?: string): Transport {
  const direct = handlerWith(new HttpsAgent(KEEP_ALIVE));
  const proxied = proxy === undefined ? direct : handlerWith(new HttpsProxyAgent(proxy, KEEP_ALIVE));
  const handler: Transport['handler'] = {
    metadata: direct.metadata,
    handle(request, options) {
      return (isProxied(request) ? proxied : direct).handle(request, options);
    },
    updateHttpClientConfig: (key, value) => direct.updateHttpClientConfig(key, value),
    httpHandlerConfigs: () => direct.httpHandlerConfigs(),
  };
  return {
    handler,
    close() {
      direct.destroy();
      proxied.destroy();
    },
  };
}

function isProxied({
  protocol,
  hostname,
  port,
}: {
  protocol: string;
  hostname: string;
  port?: number;
}): boolean {
  const host = port === undefined ? hostname : `${hostname}:${port}`;
  return protocol === 'https:' && getProxyForUrl(`https://${host}/`) !== '';
}

function handlerWith(httpsAgent: HttpsAgent | HttpsProxyAgent<string>): NodeHttpHandler {
  return new NodeHttpHandler({
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    throwOnRequestTimeout: true,
    socketTimeout: SOCKET_TIMEOUT_MS,
    httpAgent: new HttpAgent(KEEP_ALIVE),
    httpsAgent,
  });
}
