import { createHash, randomBytes } from 'node:crypto';
import type { TSchema } from '@sinclair/typebox';
import type { Test } from 'tap';
import { SETTING_NAMES, settingDoc } from '../../src/config/settings.ts';
import { TargetEntry } from '../../src/config/targets-file.ts';
import { WebFile } from '../../src/web/web-file.ts';

/** A secret of a test that nothing may ever print, by where it was planted. */
export type Canaries = ReadonlyMap<string, string>;

/** A word that stands nowhere else. */
export const canary = (): string => `Canary${randomBytes(12).toString('hex')}`;

/** The leaves of a schema that are marked secret, by their path; a mapping of names counts as one. */
function* secretsOf(schema: TSchema, path: string): Generator<string> {
  if (schema.type === 'object' && schema.properties !== undefined) {
    for (const [name, property] of Object.entries<TSchema>(schema.properties))
      yield* secretsOf(property, `${path}.${name}`);
  } else if (schema.secret === true) {
    yield path;
  }
}

/** Every place of the configuration that the schemas mark secret. */
export const SECRET_PLACES: readonly string[] = [
  ...SETTING_NAMES.filter((name) => settingDoc(name).secret === true),
  ...secretsOf(TargetEntry, 'CONFIG_FILE targets'),
  ...secretsOf(WebFile, 'WEB_CONFIG_FILE'),
];

/** How a secret may look where it should not: as it is, in base 64 at any offset, in hex, percent-encoded, as its SHA-256. */
export function shapesOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const base64 = ['', 'x', 'xx'].map((before) =>
    // The letters at both ends depend on the neighbours.
    Buffer.concat([Buffer.from(before), bytes])
      .toString('base64')
      .slice(4, -4),
  );
  return [
    secret,
    encodeURIComponent(secret),
    bytes.toString('hex'),
    createHash('sha256').update(secret).digest('hex'),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ].filter((shape) => shape.length >= 12);
}

/** Asserts that no canary, in no shape, is in what was said. */
export function isSilent(t: Test, canaries: Canaries, said: string, where: string): void {
  const heard = [...canaries].filter(([, secret]) => shapesOf(secret).some((shape) => said.includes(shape)));
  t.same(
    heard.map(([place]) => place),
    [],
    `${where} (${said.length} characters) holds no secret`,
  );
}
