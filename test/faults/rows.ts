import { rows as aws } from './aws/index.ts';
import { rows as configuration } from './configuration/index.ts';
import { rows as http } from './http/index.ts';
import type { FaultRow } from './matrix.ts';
import { rows as process } from './process/index.ts';
import { rows as store } from './store/index.ts';

/** The whole matrix, by area. */
export const AREAS: Readonly<Record<string, readonly FaultRow[]>> = {
  aws,
  store,
  process,
  http,
  configuration,
};

/** Every row of the matrix. */
export const ROWS: readonly FaultRow[] = Object.values(AREAS).flat();
