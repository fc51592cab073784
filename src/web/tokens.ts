import { createHash, timingSafeEqual } from 'node:crypto';
import type { Fault } from '../config/faults.ts';
import { settingDoc } from '../config/settings.ts';
import { codeOf, FileReader, type Read } from './small-file.ts';

/** A bearer token: what it is called, and the SHA-256 of it in lower-case hex. */
export interface Token {
  readonly name: string;
  readonly sha256: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const SHA256 = /^[0-9a-f]{64}$/;
/** Digests of nothing, and of a line end alone: what a slip in a shell gives. */
const OF_NOTHING = ['', '\n'].map((text) => createHash('sha256').update(text).digest('hex'));
/** A line as it should be, of a token that everybody can read here: it is refused too. */
const OF_EXAMPLE = createHash('sha256').update('a token').digest('hex');
const EXAMPLE = `grafana ${OF_EXAMPLE}`;

/** Reads the tokens of an `API_TOKENS_FILE`; all faults at once, and nothing of what a line holds but a name. */
export function readTokens(path: string): Read<readonly Token[]> {
  const reader = new FileReader();
  let text: string;
  try {
    text = reader.read(path);
  } catch (error) {
    const { example } = settingDoc('API_TOKENS_FILE');
    const reason = `cannot be read: ${codeOf(error)}`;
    return {
      ...reader.done(),
      faults: [{ where: 'API_TOKENS_FILE', value: path, reason, example }],
    };
  }
  const faults: Fault[] = [];
  const tokens: Token[] = [];
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const words = line.trim();
    if (words === '' || words.startsWith('#')) continue;
    const token = tokenOf(words);
    const reason = typeof token === 'string' ? token : doubled(token, tokens);
    if (reason !== undefined)
      faults.push({ where: `API_TOKENS_FILE line ${index + 1}`, reason, example: EXAMPLE });
    else if (typeof token !== 'string') tokens.push(token);
  }
  if (tokens.length === 0 && faults.length === 0) {
    faults.push({ where: 'API_TOKENS_FILE', value: path, reason: 'names no token', example: EXAMPLE });
  }
  return { ...reader.done(), faults, value: faults.length > 0 ? undefined : tokens };
}

function tokenOf(line: string): Token | string {
  const [name = '', digest = '', ...more] = line.split(/[ \t]+/);
  const sha256 = digest.toLowerCase();
  if (more.length > 0 || digest === '') return 'must be a name, a space, and the SHA-256 of the token';
  if (!NAME.test(name)) return 'must begin with a name of 1 to 63 letters, digits, `.`, `_` or `-`';
  if (!SHA256.test(sha256))
    return 'must end with 64 hex digits: the SHA-256 of the token, never the token itself';
  if (sha256 === OF_EXAMPLE) return 'is the example: write the SHA-256 of a token of your own';
  return OF_NOTHING.includes(sha256) ? 'is the SHA-256 of nothing: no token was hashed' : { name, sha256 };
}

function doubled({ name, sha256 }: Token, tokens: readonly Token[]): string | undefined {
  if (tokens.some((one) => one.name === name))
    return `has the name ${JSON.stringify(name)}, which stands twice`;
  return tokens.some((one) => one.sha256 === sha256) ? 'has the SHA-256 of another line' : undefined;
}

/** The name of a token that was presented; every line is compared, in a time that tells nothing. */
export function nameOfToken(presented: string, tokens: readonly Token[]): string | undefined {
  const digest = createHash('sha256').update(presented).digest();
  let found: string | undefined;
  for (const { name, sha256 } of tokens) {
    if (timingSafeEqual(digest, Buffer.from(sha256, 'hex'))) found = name;
  }
  return found;
}
