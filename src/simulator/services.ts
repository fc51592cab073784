import { costExplorer } from './cost-explorer/cost-explorer.ts';
import type { Service } from './service.ts';
import { sts } from './sts/sts.ts';

/** The dispatch table: every service that the simulator answers for. */
export const SERVICES: readonly Service[] = [sts, costExplorer];
