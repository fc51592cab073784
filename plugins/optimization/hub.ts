import {
  GetPreferencesCommand,
  ListEnrollmentStatusesCommand,
  ListRecommendationSummariesCommand,
  type ListRecommendationSummariesCommandInput,
  ListRecommendationsCommand,
  type ListRecommendationsCommandInput,
} from '@aws-sdk/client-cost-optimization-hub';
import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { awsError, invalidResponse, notEnrolled } from '../../src/aws/aws-errors.ts';
import { pages } from '../../src/aws/pages.ts';
import type { CollectContext } from '../../src/collection/capability.ts';
import { wellFormed } from '../../src/collection/words.ts';
import type { Findings, OptimizationData, Recommendation } from './model.ts';

/** Most recommendations on a page: the API's own limit. */
const PAGE_SIZE = 1_000;

const token = Type.Optional(Type.String());
const Statuses = TypeCompiler.Compile(
  Type.Object({ items: Type.Array(Type.Object({ status: Type.String() })) }),
);
const Summaries = TypeCompiler.Compile(
  Type.Object({
    estimatedTotalDedupedSavings: Type.Optional(Type.Number()),
    currencyCode: Type.Optional(Type.String()),
    nextToken: token,
  }),
);
const List = TypeCompiler.Compile(
  Type.Object({
    items: Type.Array(
      Type.Object({
        accountId: Type.String(),
        actionType: Type.String(),
        currentResourceType: Type.String(),
        estimatedMonthlySavings: Type.Number(),
        region: Type.Optional(Type.String()),
        resourceId: Type.Optional(Type.String()),
        resourceArn: Type.Optional(Type.String()),
        estimatedMonthlyCost: Type.Optional(Type.Number()),
        currencyCode: Type.Optional(Type.String()),
        implementationEffort: Type.Optional(Type.String()),
        restartNeeded: Type.Optional(Type.Boolean()),
        rollbackPossible: Type.Optional(Type.Boolean()),
      }),
    ),
    nextToken: token,
  }),
);

/**
 * Recommendations of the Cost Optimization Hub: free, and deduplicated by AWS.
 *
 * @param onPassedOver - told where the preferences are denied: only the mode of the savings is unknown then.
 * @throws {CollectionError} `not_enabled` where the account is not enrolled, `access_denied` naming the IAM action.
 */
export async function findInHub(
  { aws, signal }: CollectContext<OptimizationData>,
  onPassedOver: (part: string, error: unknown) => void,
): Promise<Findings> {
  const client = aws.costOptimizationHub();
  const options = { abortSignal: signal };
  const statuses: unknown = await client
    .send(new ListEnrollmentStatusesCommand({}), options)
    .catch((error: unknown) => {
      throw awsError(error, 'cost-optimization-hub:ListEnrollmentStatuses');
    });
  if (!Statuses.Check(statuses)) throw invalidResponse('it is not what ListEnrollmentStatuses documents');
  if (!statuses.items.some(({ status }) => status === 'Active')) throw notEnrolled();
  const preferences = await client.send(new GetPreferencesCommand({}), options).catch((thrown: unknown) => {
    const error = awsError(thrown, 'cost-optimization-hub:GetPreferences');
    if (error.code !== 'access_denied') throw error;
    onPassedOver('preferences', error);
    return undefined;
  });

  let deduplicated = 0;
  let currency: string | null = null;
  const note = (code: string | undefined) => {
    if (code === undefined) return;
    currency ??= code;
    if (code !== currency) throw invalidResponse(`it mixes ${currency} and ${code}`);
  };
  const sendSummaries = async (request: ListRecommendationSummariesCommandInput) => {
    const answer: unknown = await client.send(new ListRecommendationSummariesCommand(request), options);
    if (!Summaries.Check(answer))
      throw invalidResponse('it is not what ListRecommendationSummaries documents');
    return answer;
  };
  try {
    const request = { groupBy: 'ResourceType', maxResults: PAGE_SIZE };
    for await (const page of pages('nextToken', request, sendSummaries)) {
      deduplicated = page.estimatedTotalDedupedSavings ?? deduplicated;
      note(page.currencyCode);
    }
  } catch (error) {
    throw awsError(error, 'cost-optimization-hub:ListRecommendationSummaries');
  }

  const recommendations: Recommendation[] = [];
  const sendList = async (request: ListRecommendationsCommandInput) => {
    const answer: unknown = await client.send(new ListRecommendationsCommand(request), options);
    if (!List.Check(answer)) throw invalidResponse('it is not what ListRecommendations documents');
    return answer;
  };
  try {
    for await (const { items } of pages('nextToken', { maxResults: PAGE_SIZE }, sendList)) {
      for (const item of items) {
        note(item.currencyCode);
        recommendations.push({
          type: wellFormed(item.actionType),
          category: wellFormed(item.currentResourceType),
          resource: wellFormed(item.resourceId ?? item.resourceArn ?? ''),
          region: item.region ?? null,
          account: item.accountId,
          savings: item.estimatedMonthlySavings,
          cost: item.estimatedMonthlyCost ?? null,
          effort: item.implementationEffort ?? null,
          restart: item.restartNeeded ?? null,
          rollback: item.rollbackPossible ?? null,
        });
      }
    }
  } catch (error) {
    throw awsError(error, 'cost-optimization-hub:ListRecommendations');
  }
  return {
    source: 'cost-optimization-hub',
    currency,
    recommendations,
    deduplicated,
    savingsMode: preferences?.savingsEstimationMode ?? null,
  };
}
