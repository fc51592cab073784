import t from 'tap';
import { runRows } from './matrix.ts';
import { rows as losses } from './store/losses.ts';
import { rows as outages } from './store/outages.ts';

t.setTimeout(170_000);
runRows(t, [...outages, ...losses]);
