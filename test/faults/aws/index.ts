import type { FaultRow } from '../matrix.ts';
import { rows as example } from './example.ts';

export const rows: readonly FaultRow[] = [...example];
