import { BlockList, isIP } from 'node:net';
import type { Config } from '../config.ts';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether nobody but this machine can reach an address that is bound. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? host === 'localhost' : LOOPBACK.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** Whether REST answers whoever can reach it: no token, no password and no verified certificate is asked for. */
export function isOpen({ host, web }: Pick<Config, 'host' | 'web'>): boolean {
  const { users = {}, tls } = web.config?.read.value ?? {};
  const closed =
    web.tokens !== undefined || Object.keys(users).length > 0 || (tls?.client.require && tls.client.verify);
  return !closed && !isLoopback(host);
}
