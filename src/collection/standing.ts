import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { CAUSES, type FailedPart } from '../errors.ts';
import { fingerprintOf } from './fingerprint.ts';
import { COLLECTOR_STATES, type Standing } from './snapshot.ts';
import type { CollectorState } from './state.ts';

const instantOrNull = Type.Union([
  Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?Z$' }),
  Type.Null(),
]);
const timeOrNull = Type.Union([Type.Number(), Type.Null()]);
const Cause = Type.Object({
  code: Type.Union(CAUSES.map((code) => Type.Literal(code))),
  message: Type.String(),
  advice: Type.String(),
});
const Parts = Type.Array(Type.Object({ part: Type.String(), cause: Cause }));

const StandingData = TypeCompiler.Compile(
  Type.Object({
    collector: Type.String(),
    target: Type.String(),
    fingerprint: Type.String(),
    collectedAt: instantOrNull,
    confirmedAt: instantOrNull,
    status: Type.Union(COLLECTOR_STATES.map((status) => Type.Literal(status))),
    cause: Type.Union([Cause, Type.Null()]),
    failed: Parts,
    passedOver: Parts,
    lastAttempt: timeOrNull,
    lastSuccess: timeOrNull,
    emptyHandedAt: timeOrNull,
    notBefore: timeOrNull,
    interruptions: Type.Integer({ minimum: 0 }),
    minPages: Type.Integer({ minimum: 0 }),
  }),
);

/** Whether what a store has is how a collector stands, in this version's shape. */
export function isStanding(value: unknown): value is Standing {
  if (!StandingData.Check(value)) return false;
  return [value.collectedAt, value.confirmedAt].every(
    (instant) => instant === null || !Number.isNaN(Date.parse(instant)),
  );
}

/** How a collector stands, as the store keeps it. */
export function standingOf(state: CollectorState): Standing {
  const { capability, target, kept, status, cause, failed, passedOver } = state;
  return {
    collector: capability.name,
    target: target.name,
    fingerprint: fingerprintOf(state),
    collectedAt: kept?.snapshot.collectedAt ?? null,
    confirmedAt: kept?.confirmedAt ?? null,
    status,
    cause,
    failed: failed.map(withoutError),
    passedOver: passedOver.map(withoutError),
    lastAttempt: state.lastAttempt ?? null,
    lastSuccess: state.lastSuccess ?? null,
    emptyHandedAt: state.emptyHandedAt ?? null,
    notBefore: state.notBefore ?? null,
    interruptions: state.interruptions,
    minPages: state.minPages,
  };
}

function withoutError({ part, cause }: FailedPart): Omit<FailedPart, 'error'> {
  return { part, cause };
}

/** Takes over how a collector stood for whoever wrote that down; its snapshot is the state's already. */
export function adoptStanding(state: CollectorState, standing: Standing): void {
  state.status = standing.status;
  state.cause = standing.cause;
  state.failed = standing.failed;
  state.passedOver = standing.passedOver;
  state.lastAttempt = standing.lastAttempt ?? undefined;
  state.lastSuccess = standing.lastSuccess ?? undefined;
  state.emptyHandedAt = standing.emptyHandedAt ?? undefined;
  state.notBefore = standing.notBefore ?? undefined;
  state.interruptions = standing.interruptions;
  state.minPages = standing.minPages;
}
