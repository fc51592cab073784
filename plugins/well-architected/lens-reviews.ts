import {
  GetLensReviewCommand,
  ListLensReviewsCommand,
  type ListLensReviewsCommandInput,
  type WellArchitectedClient,
} from '@aws-sdk/client-wellarchitected';
import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { awsError, invalidResponse } from '../../src/aws/aws-errors.ts';
import { pages } from '../../src/aws/pages.ts';
import type { Workload } from './model.ts';
import { AwsRiskCounts, riskCounts } from './risks.ts';

const List = TypeCompiler.Compile(
  Type.Object({
    LensReviewSummaries: Type.Optional(
      Type.Array(
        Type.Object({ LensAlias: Type.Optional(Type.String()), LensArn: Type.Optional(Type.String()) }),
      ),
    ),
    NextToken: Type.Optional(Type.String()),
  }),
);

const Review = TypeCompiler.Compile(
  Type.Object({
    LensReview: Type.Object({
      PillarReviewSummaries: Type.Optional(
        Type.Array(Type.Object({ PillarId: Type.String(), RiskCounts: Type.Optional(AwsRiskCounts) })),
      ),
    }),
  }),
);

/** The longer way: the lenses of one workload, review by review. @throws {CollectionError} */
export async function reviewed(
  client: Pick<WellArchitectedClient, 'send'>,
  workloadId: string,
  signal: AbortSignal,
): Promise<Workload['lenses']> {
  const lenses: Workload['lenses'] = [];
  for (const lens of await lensesOf(client, workloadId, signal)) {
    try {
      // A custom lens has no alias: its ARN stands in.
      const command = new GetLensReviewCommand({ WorkloadId: workloadId, LensAlias: lens });
      const answer: unknown = await client.send(command, { abortSignal: signal });
      if (!Review.Check(answer)) throw invalidResponse('it is not what GetLensReview documents');
      const { PillarReviewSummaries = [] } = answer.LensReview;
      lenses.push({
        lens,
        pillars: PillarReviewSummaries.map(({ PillarId, RiskCounts }) => ({
          pillar: PillarId,
          risks: riskCounts(RiskCounts),
        })),
      });
    } catch (error) {
      throw awsError(error, 'wellarchitected:GetLensReview');
    }
  }
  return lenses;
}

async function lensesOf(
  client: Pick<WellArchitectedClient, 'send'>,
  workloadId: string,
  signal: AbortSignal,
): Promise<string[]> {
  const lenses: string[] = [];
  const send = async (page: ListLensReviewsCommandInput) => {
    const answer: unknown = await client.send(new ListLensReviewsCommand(page), { abortSignal: signal });
    if (!List.Check(answer)) throw invalidResponse('it is not what ListLensReviews documents');
    return answer;
  };
  try {
    const request = { WorkloadId: workloadId, MaxResults: 50 };
    for await (const { LensReviewSummaries = [] } of pages('NextToken', request, send)) {
      lenses.push(...LensReviewSummaries.flatMap(({ LensArn, LensAlias }) => LensArn ?? LensAlias ?? []));
    }
  } catch (error) {
    throw awsError(error, 'wellarchitected:ListLensReviews');
  }
  return lenses;
}
