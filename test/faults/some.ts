// Rows of the matrix by name: `ROWS=aws/throttled,store/down node test/faults/some.ts`.
import t from 'tap';
import { runRows } from './matrix.ts';
import { ROWS } from './rows.ts';

t.setTimeout(170_000);
runRows(t, ROWS);
