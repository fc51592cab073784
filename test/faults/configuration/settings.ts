import type { FaultRow } from '../matrix.ts';
import { fileIn, refused, SECRET } from './helper.ts';

/** A row with these settings. */
function settings(
  id: string,
  fault: string,
  expected: string,
  env: Readonly<Record<string, string>>,
  ...names: readonly RegExp[]
): FaultRow {
  return refused({ id: `configuration/${id}`, fault, expected }, { env, names });
}

/** Environment variables. */
export const rows: readonly FaultRow[] = [
  settings(
    'budget-not-a-number',
    'AWS_SPEND_BUDGET_USD is "$1"',
    'Refused: a budget that is not understood is not taken for the default.',
    { AWS_SPEND_BUDGET_USD: '$1' },
    /^AWS_SPEND_BUDGET_USD="\$1": must be a number of US dollars/,
  ),
  settings(
    'intervals-out-of-range',
    'Intervals of 500 ms, 25 days, and without a unit',
    'All three are refused at once, each with an example.',
    { COST_INTERVAL: '500ms', FORECAST_INTERVAL: '25d', TAGS_INTERVAL: '30' },
    /^COST_INTERVAL="500ms": must be a duration.*example/,
    /^FORECAST_INTERVAL="25d": must be a duration.*example/,
    /^TAGS_INTERVAL="30": must be a duration.*example/,
  ),
  settings(
    'tag-keys-odd',
    'TAG_KEYS has a key of 129 characters; CAPABILITIES has nothing but commas',
    'Both are refused.',
    { TAG_KEYS: `Team,${'x'.repeat(129)}`, CAPABILITIES: ' , ,' },
    /^TAG_KEYS=.*1 to 100 tag keys of at most 128 characters/,
    /^CAPABILITIES=.*must be a comma-separated list/,
  ),
  settings(
    'thresholds-swapped',
    'PRIORITY_THRESHOLDS has the smaller number first',
    'Refused: medium would be above high.',
    { PRIORITY_THRESHOLDS: '10,100' },
    /^PRIORITY_THRESHOLDS="10,100": must have the greater number first/,
  ),
  settings(
    'state-dir-and-redis',
    'STATE_DIR and REDIS_HOST are both set',
    'Refused: there is one place for the state.',
    { STATE_DIR: fileIn('state'), REDIS_HOST: 'redis.example.com' },
    /^STATE_DIR=.*and Redis are both set/,
  ),
  settings(
    'redis-twice',
    'REDIS_HOST and REDIS_URL are both set, and a port for neither',
    'Refused; the URL with its password is not shown.',
    { REDIS_HOST: 'redis', REDIS_URL: `redis://user:${SECRET}@redis:6379` },
    /^REDIS_HOST="redis": and REDIS_URL are both set/,
  ),
  settings(
    'sentinels-without-name',
    'REDIS_SENTINELS without REDIS_SENTINEL_NAME',
    'Refused: they go together.',
    { REDIS_SENTINELS: 'one:26379' },
    /^REDIS_SENTINEL_NAME: must be set too/,
  ),
  settings(
    'secrets-in-wrong-places',
    'Passwords in REDIS_HOST, in REDIS_SENTINELS, in an endpoint, and as a whole REDIS_URL',
    'All are refused by name, and no password is shown.',
    {
      REDIS_HOST: `user:${SECRET}@redis`,
      REDIS_SENTINELS: `one:1,redis://:${SECRET}@two:2`,
      AWS_ENDPOINT_URL: `ftp://user:${SECRET}@aws.example.com`,
      REDIS_URL: SECRET,
    },
    /^REDIS_HOST="\*\*\*@redis": must be/,
    /^REDIS_SENTINELS=.*\*\*\*@two:2": must be/,
    /^AWS_ENDPOINT_URL="ftp:\/\/\*\*\*@aws\.example\.com": must be/,
    /^REDIS_URL: must be/,
  ),
  settings(
    'authorities-unreadable',
    'NODE_EXTRA_CA_CERTS names a file that is not there',
    'Refused: Node.js alone would warn, and every request fail.',
    { NODE_EXTRA_CA_CERTS: fileIn('none.pem') },
    /^NODE_EXTRA_CA_CERTS=.*cannot be read/,
  ),
];
