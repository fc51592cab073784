// Collectors: every alert firing and not firing, with one replica and with three, whatever becomes of labels, over takeovers, rollouts, outages.
import { tryCases } from '../try-cases.ts';
import { COLLECTORS } from './collectors.ts';

tryCases(COLLECTORS);
