import type { FaultRow } from '../matrix.ts';
import { rows as answers } from './answers.ts';
import { rows as credentials } from './credentials.ts';
import { rows as denied } from './denied.ts';
import { rows as money } from './money.ts';
import { rows as network } from './network.ts';
import { rows as paging } from './paging.ts';
import { rows as shapes } from './shapes.ts';
import { rows as wire } from './wire.ts';

export const rows: readonly FaultRow[] = [
  ...answers,
  ...wire,
  ...shapes,
  ...denied,
  ...paging,
  ...money,
  ...credentials,
  ...network,
];
