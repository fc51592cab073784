import type { IncomingMessage } from 'node:http';
import type { Passwords, Users } from './passwords.ts';
import { nameOfToken, type Token } from './tokens.ts';

/** What a request may show to be answered. */
export interface Credentials {
  readonly users: Users;
  readonly tokens: readonly Token[];
}

/** What became of a request's credentials. */
export type Verdict =
  | { readonly kind: 'accepted'; readonly who: Who | undefined }
  | { readonly kind: 'missing' }
  | { readonly kind: 'wrong'; readonly who?: Who | undefined }
  | { readonly kind: 'too_many' }
  | { readonly kind: 'busy' };

/** Who asks, by name; never by what was shown. */
export interface Who {
  readonly kind: 'user' | 'token';
  readonly name: string;
}

/** Counts wrong credentials of a client. */
export interface Failures {
  /** Whether the client has had too many. */
  exceeded(): boolean;
  count(): void;
}

/**
 * Judges the `Authorization` header of a request: a bearer token, or a user with a password, which may also be a token's name with
 * the token, so that a browser can ask for it. Nothing is asked for where there are neither users nor tokens.
 */
export async function judge(
  { authorization }: IncomingMessage['headers'],
  { users, tokens }: Credentials,
  passwords: Passwords,
  failures: Failures,
): Promise<Verdict> {
  const hasUsers = Object.keys(users).length > 0;
  if (!hasUsers && tokens.length === 0) return { kind: 'accepted', who: undefined };
  if (authorization === undefined) return { kind: 'missing' };
  const shown = parse(authorization);
  if (shown === undefined) return { kind: 'wrong' };
  const name = nameOfToken(shown.secret, tokens);
  if (name !== undefined && (shown.user === undefined || shown.user === name))
    return { kind: 'accepted', who: { kind: 'token', name } };
  const { user } = shown;
  // A token cannot be guessed: what is wrong as one is no wrong password.
  if (user === undefined || !hasUsers) return { kind: 'wrong' };
  const who: Who = { kind: 'user', name: user };
  const wrong: Verdict = { kind: 'wrong', who: Object.hasOwn(users, user) ? who : undefined };
  const known = passwords.known(users, user, shown.secret);
  if (known !== undefined) return known ? { kind: 'accepted', who } : wrong;
  if (failures.exceeded()) return { kind: 'too_many' };
  if (passwords.full) return { kind: 'busy' };
  if (await passwords.check(users, user, shown.secret)) return { kind: 'accepted', who };
  failures.count();
  return wrong;
}

/** User and password, or a bearer token alone. */
function parse(header: string): { user?: string; secret: string } | undefined {
  const [, scheme = '', value = ''] = /^(\S+) +(\S+) *$/.exec(header) ?? [];
  if (scheme.toLowerCase() === 'bearer') return { secret: value };
  if (scheme.toLowerCase() !== 'basic' || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return undefined;
  const text = Buffer.from(value, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), secret: text.slice(colon + 1) };
}
