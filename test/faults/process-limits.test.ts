import t from 'tap';
import { runRows } from './matrix.ts';
import { rows as limits } from './process/limits.ts';

t.setTimeout(170_000);
runRows(t, [...limits]);
