import t from 'tap';
import { rows as floods } from './http/floods.ts';
import { rows as load } from './http/load.ts';
import { runRows } from './matrix.ts';

t.setTimeout(170_000);
runRows(t, [...load, ...floods]);
