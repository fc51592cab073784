import t from 'tap';
import { runRows } from './matrix.ts';
import { rows as disk } from './store/disk.ts';

t.setTimeout(170_000);
runRows(t, [...disk]);
