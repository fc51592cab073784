import type { FaultRule } from './faults.ts';

/** Refusals of AWS's that no IAM policy mends, by what is not switched on. */
export const NOT_ENABLED = {
  /** Rightsizing recommendations, which the payer switches on in Cost Explorer's preferences. */
  rightsizing: {
    kind: 'error',
    operation: 'GetRightsizingRecommendation',
    type: 'AccessDeniedException',
    message:
      "Rightsizing EC2 recommendation is an opt-in only feature. You can enable this feature from the PAYER account's Cost Explorer Settings page. Normally it may take up to 24 hours in order to generate your rightsizing recommendations.",
  },
  /** Cost Explorer itself, in the console. */
  costExplorer: {
    kind: 'error',
    operation: 'GetCostAndUsage',
    type: 'AccessDeniedException',
    message: 'User not enabled for cost explorer access',
  },
} as const satisfies Readonly<Record<string, FaultRule>>;
