import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';
import { bounded } from './bounded-answer.ts';
import { AWS_LIMITS, type AwsLimits } from './limits.ts';

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
 * Connections with keep-alive, timeouts and a largest answer. `https:` requests go through the proxy of HTTPS_PROXY where there is one and
 * NO_PROXY does not name the host; `http:` ones (a simulator's) never do.
 *
 * @param proxy - the URL of the proxy, as the configuration has it.
 */
export function createTransport(proxy?: string, limits: AwsLimits = AWS_LIMITS): Transport {
  const direct = handlerWith(limits, new HttpsAgent(KEEP_ALIVE));
  const proxied = proxy === undefined ? direct : handlerWith(limits, new HttpsProxyAgent(proxy, KEEP_ALIVE));
  const handler: Transport['handler'] = {
    metadata: direct.metadata,
    async handle(request, options) {
      const { response } = await (isProxied(request) ? proxied : direct).handle(request, options);
      response.body = bounded(response.body, limits.answerBytes);
      return { response };
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

function handlerWith(
  { connectMs, requestMs, silenceMs }: AwsLimits,
  httpsAgent: HttpsAgent | HttpsProxyAgent<string>,
): NodeHttpHandler {
  return new NodeHttpHandler({
    connectionTimeout: connectMs,
    requestTimeout: requestMs,
    throwOnRequestTimeout: true,
    socketTimeout: silenceMs,
    httpAgent: new HttpAgent(KEEP_ALIVE),
    httpsAgent,
  });
}
