import type { FaultRow } from '../matrix.ts';
import { rows as disk } from './disk.ts';
import { rows as losses } from './losses.ts';
import { rows as outages } from './outages.ts';
import { rows as refusals } from './refusals.ts';
import { rows as values } from './values.ts';

export const rows: readonly FaultRow[] = [...outages, ...losses, ...refusals, ...values, ...disk];
