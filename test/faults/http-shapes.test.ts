import t from 'tap';
import { rows as malformed } from './http/malformed.ts';
import { rows as wishes } from './http/wishes.ts';
import { runRows } from './matrix.ts';

t.setTimeout(170_000);
runRows(t, [...malformed, ...wishes]);
