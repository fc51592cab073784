import type { TSchema } from '@sinclair/typebox';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';

const envelope = {
  target: 'default',
  accountId: '111122223333',
  collectedAt: '2026-03-15T12:00:00.000Z',
  stale: false,
};

/** What is wrong with a document that the machine puts its envelope around; none where it is what the schema says. */
export function schemaFaults(schema: TSchema, document: object): string[] {
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv);
  const validate = ajv.compile(schema);
  if (validate({ ...envelope, ...document })) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
