import t from 'tap';
import { rows as settings } from './configuration/settings.ts';
import { runRows } from './matrix.ts';

t.setTimeout(170_000);
runRows(t, [...settings]);
