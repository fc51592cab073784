import { restJsonProtocol } from '../protocols/rest-json.ts';
import type { Service } from '../service.ts';
import { getConsolidatedReport, getLensReview, listLensReviews, listWorkloads } from './operations.ts';

/** AWS Well-Architected Tool: each region tells of its own workloads. Not in `aws-cn`. */
export const wellArchitected: Service = {
  name: 'wellarchitected',
  protocol: restJsonProtocol([
    {
      operation: 'GetConsolidatedReport',
      method: 'GET',
      path: '/consolidatedReport',
      query: {
        Format: 'string',
        IncludeSharedResources: 'boolean',
        NextToken: 'string',
        MaxResults: 'integer',
      },
    },
    { operation: 'ListWorkloads', method: 'POST', path: '/workloadsSummaries' },
    {
      operation: 'ListLensReviews',
      method: 'GET',
      path: '/workloads/{WorkloadId}/lensReviews',
      query: { MilestoneNumber: 'integer', NextToken: 'string', MaxResults: 'integer' },
    },
    {
      operation: 'GetLensReview',
      method: 'GET',
      path: '/workloads/{WorkloadId}/lensReviews/{LensAlias}',
      query: { MilestoneNumber: 'integer' },
    },
  ]),
  namespace: '',
  absentFrom: /^cn-/,
  operations: [getConsolidatedReport, listWorkloads, listLensReviews, getLensReview],
  errors: {
    AccessDeniedException: ['AccessDeniedException', 403],
    ExpiredTokenException: ['ExpiredTokenException', 403],
    IncompleteSignatureException: ['IncompleteSignatureException', 403],
    InvalidNextTokenException: ['ValidationException', 400],
    InvalidSignatureException: ['InvalidSignatureException', 403],
    MissingAuthenticationTokenException: ['MissingAuthenticationTokenException', 403],
    ThrottlingException: ['ThrottlingException', 429],
    UnrecognizedClientException: ['UnrecognizedClientException', 403],
  },
};
