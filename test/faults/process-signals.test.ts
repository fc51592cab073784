import t from 'tap';
import { runRows } from './matrix.ts';
import { rows as output } from './process/output.ts';
import { rows as signals } from './process/signals.ts';

t.setTimeout(170_000);
runRows(t, [...signals, ...output]);
