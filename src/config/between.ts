import { accessSync, constants } from 'node:fs';
import { type Fault, isSet } from './faults.ts';
import type { Settings } from './settings.ts';

/**
 * What is wrong with settings that are right each for itself: two that exclude each other, and some that have no effect.
 *
 * @param wrong names of the settings that have a fault already
 */
export function* faultsBetween(
  env: NodeJS.ProcessEnv,
  settings: Settings,
  wrong: ReadonlySet<string>,
): Generator<Fault> {
  const { REDIS_HOST: host, REDIS_URL: url, NODE_EXTRA_CA_CERTS: pem, PRIORITY_THRESHOLDS } = settings;
  if (host && url) {
    yield {
      where: 'REDIS_HOST',
      value: host,
      reason: 'and REDIS_URL are both set: set one',
      example: 'redis.monitoring.svc',
    };
  }
  yield* storeFaults(settings);
  yield* idleFaults(env, settings);
  if (pem && !readable(pem)) {
    yield {
      where: 'NODE_EXTRA_CA_CERTS',
      value: pem,
      reason: 'cannot be read',
      example: '/etc/ssl/certs/ca.pem',
    };
  }
  const [high = 0, medium = 0] = PRIORITY_THRESHOLDS;
  if (!wrong.has('PRIORITY_THRESHOLDS') && medium > high) {
    yield {
      where: 'PRIORITY_THRESHOLDS',
      value: PRIORITY_THRESHOLDS.join(','),
      reason: 'must have the greater number first',
      example: '250,50',
    };
  }
}

function* storeFaults(settings: Settings): Generator<Fault> {
  const redis = settings.REDIS_HOST ?? (settings.REDIS_URL && 'REDIS_URL');
  const sentinels = settings.REDIS_SENTINELS ?? [];
  if (settings.STATE_DIR && (redis || sentinels.length > 0)) {
    yield {
      where: 'STATE_DIR',
      value: settings.STATE_DIR,
      reason: 'and Redis are both set: with Redis the state is kept there, unset one',
      example: '/var/lib/aws-cost-exporter',
    };
  }
  if (sentinels.length > 0 !== (settings.REDIS_SENTINEL_NAME !== undefined)) {
    yield {
      where: sentinels.length > 0 ? 'REDIS_SENTINEL_NAME' : 'REDIS_SENTINELS',
      reason: 'must be set too: REDIS_SENTINELS and REDIS_SENTINEL_NAME go together',
      example: sentinels.length > 0 ? 'mymaster' : 'sentinel-0:26379,sentinel-1:26379',
    };
  }
}

/** Settings of Redis that what is set beside them, or is not, leaves without effect. */
function* idleFaults(env: NodeJS.ProcessEnv, settings: Settings): Generator<Fault> {
  const { REDIS_URL: url, REDIS_HOST: host, REDIS_SENTINELS: sentinels } = settings;
  const byName = sentinels.length > 0;
  if (byName && host) {
    yield {
      where: 'REDIS_HOST',
      value: host,
      reason: 'has no effect beside REDIS_SENTINELS, which say where Redis is: unset one',
      example: 'redis.monitoring.svc',
    };
  }
  const withoutPort = byName && 'beside REDIS_SENTINELS, which name their ports: unset it';
  const inUrl = url !== undefined && 'beside REDIS_URL: write it there, and unset it';
  const nowhere = !host && 'without REDIS_HOST: set that too, or unset it';
  const idle = { REDIS_PORT: withoutPort || inUrl || nowhere, REDIS_DB: inUrl || (!byName && nowhere) };
  for (const [name, why] of Object.entries(idle) as [keyof typeof idle, string | false][]) {
    // A wrong value has its fault already, as have two addresses.
    if (!why || !isSet(env, name) || typeof settings[name] !== 'number' || (url && host)) continue;
    yield {
      where: name,
      value: settings[name],
      reason: `has no effect ${why}`,
      example:
        why === inUrl
          ? 'REDIS_URL=redis://redis:6379/1'
          : byName
            ? 'REDIS_SENTINELS=redis:26379'
            : 'REDIS_HOST=redis',
    };
  }
}

function readable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
