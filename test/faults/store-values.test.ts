import t from 'tap';
import { runRows } from './matrix.ts';
import { rows as values } from './store/values.ts';

t.setTimeout(170_000);
runRows(t, [...values]);
