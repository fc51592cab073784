import { jsonProtocol } from '../protocols/json.ts';
import type { Service } from '../service.ts';
import { getPreferences, listEnrollmentStatuses } from './enrollment.ts';
import { listRecommendationSummaries } from './list-recommendation-summaries.ts';
import { listRecommendations } from './list-recommendations.ts';

/** AWS Cost Optimization Hub: signed for us-east-1, in no other partition than `aws`. */
export const costOptimizationHub: Service = {
  name: 'cost-optimization-hub',
  protocol: jsonProtocol('1.0'),
  namespace: 'CostOptimizationHubService',
  regions: ['us-east-1'],
  operations: [listEnrollmentStatuses, getPreferences, listRecommendationSummaries, listRecommendations],
  errors: {
    InvalidNextTokenException: ['ValidationException', 400],
  },
};
