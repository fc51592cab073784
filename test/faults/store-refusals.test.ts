import t from 'tap';
import { runRows } from './matrix.ts';
import { rows as refusals } from './store/refusals.ts';

t.setTimeout(170_000);
runRows(t, [...refusals]);
