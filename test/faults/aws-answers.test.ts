import t from 'tap';
import { rows as answers } from './aws/answers.ts';
import { rows as shapes } from './aws/shapes.ts';
import { rows as wire } from './aws/wire.ts';
import { runRows } from './matrix.ts';

t.setTimeout(170_000);
runRows(t, [...answers, ...shapes, ...wire]);
