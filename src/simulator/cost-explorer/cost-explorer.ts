import { jsonProtocol } from '../protocols/json.ts';
import type { Service } from '../service.ts';
import { getCostAndUsage } from './get-cost-and-usage.ts';
import { getCostForecast } from './get-cost-forecast.ts';
import { listCostAllocationTags } from './list-cost-allocation-tags.ts';
import { getReservationPurchaseRecommendation } from './recommendations/get-reservation-purchase-recommendation.ts';
import { getRightsizingRecommendation } from './recommendations/get-rightsizing-recommendation.ts';
import { getSavingsPlansPurchaseRecommendation } from './recommendations/get-savings-plans-purchase-recommendation.ts';

/** AWS Cost Explorer: signed for us-east-1, in China for cn-northwest-1. */
export const costExplorer: Service = {
  name: 'ce',
  protocol: jsonProtocol('1.1'),
  namespace: 'AWSInsightsIndexService',
  regions: ['us-east-1', 'cn-northwest-1'],
  operations: [
    getCostAndUsage,
    getCostForecast,
    listCostAllocationTags,
    getRightsizingRecommendation,
    getSavingsPlansPurchaseRecommendation,
    getReservationPurchaseRecommendation,
  ],
};
