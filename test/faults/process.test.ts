import t from 'tap';
import { runRows } from './matrix.ts';
import { rows } from './process/index.ts';

t.setTimeout(170_000);
runRows(t, rows);
