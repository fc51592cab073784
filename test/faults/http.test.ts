import t from 'tap';
import { rows } from './http/index.ts';
import { runRows } from './matrix.ts';

t.setTimeout(170_000);
runRows(t, rows);
