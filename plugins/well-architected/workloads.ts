import {
  ListWorkloadsCommand,
  type ListWorkloadsCommandInput,
  type WellArchitectedClient,
} from '@aws-sdk/client-wellarchitected';
import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { awsError, invalidResponse } from '../../src/aws/aws-errors.ts';
import { pages } from '../../src/aws/pages.ts';
import { wellFormed } from '../../src/collection/words.ts';
import type { Workload } from './model.ts';

const List = TypeCompiler.Compile(
  Type.Object({
    WorkloadSummaries: Type.Optional(
      Type.Array(
        Type.Object({
          WorkloadId: Type.String(),
          WorkloadArn: Type.String(),
          WorkloadName: Type.Optional(Type.String()),
          UpdatedAt: Type.Optional(Type.Date()),
          ImprovementStatus: Type.Optional(Type.String()),
        }),
      ),
    ),
    NextToken: Type.Optional(Type.String()),
  }),
);

/** A workload without what its reviews say. */
export type WorkloadSummary = Omit<Workload, 'region' | 'lenses'>;

/** Every workload of a region, shared ones too. @throws {CollectionError} */
export async function listWorkloads(
  client: Pick<WellArchitectedClient, 'send'>,
  signal: AbortSignal,
): Promise<WorkloadSummary[]> {
  const workloads: WorkloadSummary[] = [];
  const send = async (page: ListWorkloadsCommandInput) => {
    const answer: unknown = await client.send(new ListWorkloadsCommand(page), { abortSignal: signal });
    if (!List.Check(answer)) throw invalidResponse('it is not what ListWorkloads documents');
    return answer;
  };
  try {
    for await (const { WorkloadSummaries = [] } of pages('NextToken', { MaxResults: 50 }, send)) {
      for (const {
        WorkloadId,
        WorkloadArn,
        WorkloadName,
        UpdatedAt,
        ImprovementStatus,
      } of WorkloadSummaries) {
        workloads.push({
          id: WorkloadId,
          arn: WorkloadArn,
          name: wellFormed(WorkloadName ?? WorkloadId),
          improvementStatus: ImprovementStatus ?? null,
          updatedAt: UpdatedAt?.toISOString() ?? null,
        });
      }
    }
  } catch (error) {
    throw awsError(error, 'wellarchitected:ListWorkloads');
  }
  return workloads;
}
