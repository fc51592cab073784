// Rows of the matrix by name: `ROWS=aws/throttled,store/down node test/faults/some.ts`.
import t from 'tap';
import { runRows } from './matrix.ts';
import { ROWS } from './rows.ts';

// Each row has its own limit.
t.setTimeout(1_800_000);
runRows(t, ROWS);
