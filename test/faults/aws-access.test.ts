import t from 'tap';
import { rows as credentials } from './aws/credentials.ts';
import { rows as denied } from './aws/denied.ts';
import { rows as network } from './aws/network.ts';
import { runRows } from './matrix.ts';

t.setTimeout(170_000);
runRows(t, [...credentials, ...denied, ...network]);
