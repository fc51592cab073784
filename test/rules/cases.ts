import type { Case } from './case.ts';
import { COLLECTORS } from './cases/collectors.ts';
import { MONEY } from './cases/money.ts';
import { REPLICAS } from './cases/replicas.ts';
import { SPEND } from './cases/spend.ts';

/** All cases. */
export const CASES: readonly Case[] = [...REPLICAS, ...COLLECTORS, ...SPEND, ...MONEY];
