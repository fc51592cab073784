import type { FaultRow } from '../matrix.ts';
import { rows as listeners } from './listeners.ts';
import { rows as restarts } from './restarts.ts';
import { rows as settings } from './settings.ts';
import { rows as targets } from './targets.ts';

export const rows: readonly FaultRow[] = [...settings, ...targets, ...listeners, ...restarts];
