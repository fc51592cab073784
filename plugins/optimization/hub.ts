import {
  GetPreferencesCommand,
  ListEnrollmentStatusesCommand,
  ListRecommendationSummariesCommand,
  type ListRecommendationSummariesCommandInput,
  ListRecommendationsCommand,
  type ListRecommendationsCommandInput,
} from '@aws-sdk/client-cost-optimization-hub';
import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { awsError, invalidResponse, notEnrolled } from '../../src/aws/aws-errors.ts';
import { pages } from '../../src/aws/pages.ts';
import { AmountNumber } from '../../src/collection/money.ts';
import { wellFormed } from '../../src/collection/words.ts';
import { describeSummary } from './commitments.ts';
import { type Findings, instantOf, isCommitment, type Recommendation } from './model.ts';
import { withoutOverlaps } from './overlaps.ts';
import type { Round } from './paid.ts';

/** Most recommendations on a page: the API's own limit. */
const PAGE_SIZE = 1_000;

const token = Type.Optional(Type.String());
const Statuses = TypeCompiler.Compile(
  Type.Object({ items: Type.Array(Type.Object({ status: Type.String() })) }),
);
const Preferences = TypeCompiler.Compile(
  Type.Object({ savingsEstimationMode: Type.Optional(Type.String()) }),
);
const Summaries = TypeCompiler.Compile(
  Type.Object({
    estimatedTotalDedupedSavings: Type.Optional(AmountNumber),
    currencyCode: Type.Optional(Type.String()),
    nextToken: token,
  }),
);
const Item = Type.Object({
  accountId: Type.String(),
  actionType: Type.String(),
  currentResourceType: Type.String(),
  estimatedMonthlySavings: AmountNumber,
  region: Type.Optional(Type.String()),
  resourceId: Type.Optional(Type.String()),
  resourceArn: Type.Optional(Type.String()),
  estimatedMonthlyCost: Type.Optional(AmountNumber),
  currencyCode: Type.Optional(Type.String()),
  implementationEffort: Type.Optional(Type.String()),
  recommendedResourceSummary: Type.Optional(Type.String()),
  lastRefreshTimestamp: Type.Optional(Type.Date()),
  restartNeeded: Type.Optional(Type.Boolean()),
  rollbackPossible: Type.Optional(Type.Boolean()),
});
const List = TypeCompiler.Compile(Type.Object({ items: Type.Array(Item), nextToken: token }));

/**
 * Recommendations of the Cost Optimization Hub, for which AWS names no price. Where it does not say what can be saved in all,
 * the greatest saving of each resource counts; where the preferences cannot be read, only the mode of the savings is unknown.
 *
 * @throws {CollectionError} `not_enabled` where the account is not enrolled, `access_denied` naming the IAM action.
 */
export async function findInHub(round: Round): Promise<Findings> {
  const client = round.context.aws.costOptimizationHub();
  const options = { abortSignal: round.context.signal };
  const statuses: unknown = await client
    .send(new ListEnrollmentStatusesCommand({}), options)
    .catch((error: unknown) => {
      throw awsError(error, 'cost-optimization-hub:ListEnrollmentStatuses');
    });
  if (!Statuses.Check(statuses)) throw invalidResponse('it is not what ListEnrollmentStatuses documents');
  if (!statuses.items.some(({ status }) => status === 'Active')) throw notEnrolled();
  const savingsMode = await client
    .send(new GetPreferencesCommand({}), options)
    .then((answer: unknown) => {
      if (!Preferences.Check(answer)) throw invalidResponse('it is not what GetPreferences documents');
      return answer.savingsEstimationMode ?? null;
    })
    .catch((error: unknown) => withoutPreferences(round, error));

  let total: number | undefined;
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
      total = page.estimatedTotalDedupedSavings ?? total;
      note(page.currencyCode);
    }
  } catch (thrown) {
    const error = awsError(thrown, 'cost-optimization-hub:ListRecommendationSummaries');
    if (error.code !== 'access_denied') throw error;
    round.passOver('summaries', error);
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
        recommendations.push(recommendationOf(item));
      }
    }
  } catch (error) {
    throw awsError(error, 'cost-optimization-hub:ListRecommendations');
  }
  return {
    source: 'cost-optimization-hub',
    currency,
    recommendations,
    deduplicated: total ?? withoutOverlaps(recommendations),
    savingsMode,
  };
}

/** The last known mode of the savings where the preferences fail; none where they are denied. */
function withoutPreferences(round: Round, thrown: unknown): string | null {
  const { signal, previous } = round.context;
  const error = awsError(thrown, 'cost-optimization-hub:GetPreferences');
  if (signal.aborted || error.code === 'not_enabled' || error.code === 'no_credentials') throw error;
  if (error.code === 'access_denied') {
    round.passOver('preferences', error);
    return null;
  }
  round.fail('preferences', error);
  return previous?.data.savingsMode ?? null;
}

function recommendationOf(item: Static<typeof Item>): Recommendation {
  const type = wellFormed(item.actionType);
  const region = item.region ?? null;
  const resource = wellFormed(item.resourceId ?? item.resourceArn ?? '');
  return {
    type,
    category: wellFormed(item.currentResourceType),
    ...(resource === '' && isCommitment({ type })
      ? describeSummary(item.recommendedResourceSummary ?? '', region)
      : { resource, product: null, region }),
    account: item.accountId,
    savings: item.estimatedMonthlySavings,
    cost: item.estimatedMonthlyCost ?? null,
    effort: item.implementationEffort ?? null,
    restart: item.restartNeeded ?? null,
    rollback: item.rollbackPossible ?? null,
    generatedAt: instantOf(item.lastRefreshTimestamp),
  };
}
