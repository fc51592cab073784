import {
  GetConsolidatedReportCommand,
  type GetConsolidatedReportCommandInput,
  type WellArchitectedClient,
} from '@aws-sdk/client-wellarchitected';
import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { awsError, invalidResponse } from '../../src/aws/aws-errors.ts';
import { pages } from '../../src/aws/pages.ts';
import { wellFormed } from '../../src/collection/words.ts';
import type { Workload } from './model.ts';
import { AwsRiskCounts, riskCounts } from './risks.ts';

/** Most workloads on a page: the API's own limit. */
const PAGE_SIZE = 15;

const Report = TypeCompiler.Compile(
  Type.Object({
    Metrics: Type.Optional(
      Type.Array(
        Type.Object({
          WorkloadId: Type.String(),
          WorkloadArn: Type.String(),
          WorkloadName: Type.Optional(Type.String()),
          UpdatedAt: Type.Optional(Type.Date()),
          Lenses: Type.Optional(
            Type.Array(
              Type.Object({
                LensArn: Type.Optional(Type.String()),
                Pillars: Type.Optional(
                  Type.Array(
                    Type.Object({ PillarId: Type.String(), RiskCounts: Type.Optional(AwsRiskCounts) }),
                  ),
                ),
              }),
            ),
          ),
        }),
      ),
    ),
    NextToken: Type.Optional(Type.String()),
  }),
);

/** Every workload of a region with its lenses and pillars, shared ones too. @throws {CollectionError} */
export async function consolidated(
  client: Pick<WellArchitectedClient, 'send'>,
  signal: AbortSignal,
): Promise<Omit<Workload, 'region' | 'improvementStatus'>[]> {
  const workloads: Omit<Workload, 'region' | 'improvementStatus'>[] = [];
  const request = { Format: 'JSON', IncludeSharedResources: true, MaxResults: PAGE_SIZE } as const;
  const send = async (page: GetConsolidatedReportCommandInput) => {
    const answer: unknown = await client.send(new GetConsolidatedReportCommand(page), {
      abortSignal: signal,
    });
    if (!Report.Check(answer)) throw invalidResponse('it is not what GetConsolidatedReport documents');
    return answer;
  };
  try {
    for await (const { Metrics = [] } of pages('NextToken', request, send)) {
      for (const { WorkloadId, WorkloadArn, WorkloadName, UpdatedAt, Lenses = [] } of Metrics) {
        workloads.push({
          id: WorkloadId,
          arn: WorkloadArn,
          name: wellFormed(WorkloadName ?? WorkloadId),
          updatedAt: UpdatedAt?.toISOString() ?? null,
          lenses: Lenses.map(({ LensArn, Pillars = [] }) => ({
            lens: LensArn ?? '',
            pillars: Pillars.map(({ PillarId, RiskCounts }) => ({
              pillar: PillarId,
              risks: riskCounts(RiskCounts),
            })),
          })),
        });
      }
    }
  } catch (error) {
    throw awsError(error, 'wellarchitected:GetConsolidatedReport');
  }
  return workloads;
}
