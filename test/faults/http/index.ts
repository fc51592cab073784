import type { FaultRow } from '../matrix.ts';

export const rows: readonly FaultRow[] = [];
