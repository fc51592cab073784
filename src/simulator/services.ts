import { costExplorer } from './cost-explorer/cost-explorer.ts';
import { costOptimizationHub } from './cost-optimization-hub/cost-optimization-hub.ts';
import type { Service } from './service.ts';
import { sts } from './sts/sts.ts';
import { tagging } from './tagging/tagging.ts';
import { wellArchitected } from './well-architected/well-architected.ts';

/** The dispatch table: every service that the simulator answers for. */
export const SERVICES: readonly Service[] = [
  sts,
  costExplorer,
  costOptimizationHub,
  tagging,
  wellArchitected,
];
