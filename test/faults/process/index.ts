import type { FaultRow } from '../matrix.ts';
import { rows as calendar } from './calendar.ts';
import { rows as clock } from './clock.ts';
import { rows as limits } from './limits.ts';
import { rows as output } from './output.ts';
import { rows as signals } from './signals.ts';

export const rows: readonly FaultRow[] = [...signals, ...limits, ...output, ...clock, ...calendar];
