import { jsonProtocol } from '../protocols/json.ts';
import type { Service } from '../service.ts';
import { getResources } from './get-resources.ts';

/** AWS Resource Groups Tagging API: each region tells of its own resources. */
export const tagging: Service = {
  name: 'tagging',
  iamPrefix: 'tag',
  protocol: jsonProtocol('1.1'),
  namespace: 'ResourceGroupsTaggingAPI_20170126',
  operations: [getResources],
  errors: {
    InternalServerException: ['InternalServiceException', 500],
    InvalidNextTokenException: ['PaginationTokenExpiredException', 400],
    ThrottlingException: ['ThrottledException', 400],
    ValidationException: ['InvalidParameterException', 400],
  },
};
