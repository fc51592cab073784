import t from 'tap';
import { rows } from './aws/index.ts';
import { runRows } from './matrix.ts';

t.setTimeout(170_000);
runRows(t, rows);
