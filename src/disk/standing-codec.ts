import { type TSchema, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { FailedPart } from '../collection/capability.ts';
import type { Standing } from '../collection/snapshot.ts';
import { COLLECTOR_STATES } from '../collection/state.ts';
import { CAUSES, publicCause } from '../errors.ts';
import { UnreadableFile } from './sealed-file.ts';

const nullable = <T extends TSchema>(type: T) => Type.Union([type, Type.Null()]);

const Instant = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?Z$' });
const Time = Type.Number();
const Reason = Type.Object({
  code: Type.Union(CAUSES.map((code) => Type.Literal(code))),
  message: Type.String(),
  advice: Type.String(),
});
const Part = Type.Object({ part: Type.String(), cause: Reason });

const shape = TypeCompiler.Compile(
  Type.Object({
    collector: Type.String(),
    target: Type.String(),
    collectedAt: nullable(Instant),
    confirmedAt: nullable(Instant),
    status: Type.Union(COLLECTOR_STATES.map((status) => Type.Literal(status))),
    cause: nullable(Reason),
    failed: Type.Array(Part),
    passedOver: Type.Array(Part),
    lastAttempt: nullable(Time),
    lastSuccess: nullable(Time),
    emptyHandedAt: nullable(Time),
    notBefore: nullable(Time),
    interruptions: Type.Integer({ minimum: 0 }),
  }),
);

/** Packs how a collector stands, as JSON; of a cause that is an error, what may be shown. */
export function encodeStanding(standing: Standing): Buffer {
  const { cause, failed, passedOver } = standing;
  return Buffer.from(
    JSON.stringify({
      ...standing,
      cause: cause && publicCause(cause),
      failed: failed.map(plain),
      passedOver: passedOver.map(plain),
    }),
  );
}

/** @throws UnreadableFile for whatever is not how a collector of this version stands. */
export function decodeStanding(bytes: Buffer): Standing {
  const value = parse(bytes.toString('utf8'));
  if (!shape.Check(value)) throw new UnreadableFile('not how a collector stands');
  for (const instant of [value.collectedAt, value.confirmedAt]) {
    if (instant !== null && Number.isNaN(Date.parse(instant))) throw new UnreadableFile('no such date');
  }
  return value;
}

const plain = ({ part, cause }: FailedPart) => ({ part, cause: publicCause(cause) });

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UnreadableFile('not JSON', { cause });
  }
}
