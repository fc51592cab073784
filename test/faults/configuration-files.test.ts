import t from 'tap';
import { rows as listeners } from './configuration/listeners.ts';
import { rows as restarts } from './configuration/restarts.ts';
import { rows as targets } from './configuration/targets.ts';
import { runRows } from './matrix.ts';

t.setTimeout(170_000);
runRows(t, [...listeners, ...restarts, ...targets]);
