import type { FaultRow } from '../matrix.ts';
import { rows as floods } from './floods.ts';
import { rows as load } from './load.ts';
import { rows as malformed } from './malformed.ts';
import { rows as wishes } from './wishes.ts';

export const rows: readonly FaultRow[] = [...malformed, ...wishes, ...load, ...floods];
