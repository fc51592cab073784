import t from 'tap';
import { rows as money } from './aws/money.ts';
import { rows as paging } from './aws/paging.ts';
import { runRows } from './matrix.ts';

t.setTimeout(170_000);
runRows(t, [...money, ...paging]);
