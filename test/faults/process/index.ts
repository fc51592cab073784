import type { FaultRow } from '../matrix.ts';
import { rows as calendar } from './calendar.ts';
import { rows as clock } from './clock.ts';

export const rows: readonly FaultRow[] = [...clock, ...calendar];
