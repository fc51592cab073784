import t from 'tap';
import { runRows } from './matrix.ts';
import { rows as calendar } from './process/calendar.ts';
import { rows as clock } from './process/clock.ts';

t.setTimeout(170_000);
runRows(t, [...clock, ...calendar]);
