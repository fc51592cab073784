import {
  GetResourcesCommand,
  type GetResourcesCommandInput,
} from '@aws-sdk/client-resource-groups-tagging-api';
import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { awsError, invalidResponse } from '../../src/aws/aws-errors.ts';
import { pages } from '../../src/aws/pages.ts';
import type { CollectContext } from '../../src/collection/capability.ts';
import { wellFormed } from '../../src/collection/words.ts';
import type { ResourceCounts, TagsData } from './model.ts';

/** Most pages of 100 resources that are asked for in one region: the API is free, but throttled. */
export const REGION_PAGE_LIMIT = 500;

const Answer = TypeCompiler.Compile(
  Type.Object({
    PaginationToken: Type.Optional(Type.String()),
    ResourceTagMappingList: Type.Array(
      Type.Object({
        Tags: Type.Optional(Type.Array(Type.Object({ Key: Type.String(), Value: Type.String() }))),
      }),
    ),
  }),
);

/**
 * Counts the target's own tagged resources by key and value, in one pass over its regions for all keys.
 *
 * @throws {CollectionError} where a region is denied or fails: half a count would be a wrong one.
 */
export async function countResources(
  { aws, signal, startedAt }: CollectContext<TagsData>,
  keys: readonly string[],
): Promise<ResourceCounts> {
  const counts = new Map(keys.map((key) => [key, new Map<string, number>()]));
  let cut = false;
  for (const region of aws.regions) {
    const client = aws.tagging(region);
    const send = async (request: GetResourcesCommandInput) => {
      const answer: unknown = await client.send(new GetResourcesCommand(request), { abortSignal: signal });
      if (!Answer.Check(answer)) throw invalidResponse('it is not what GetResources documents');
      return answer;
    };
    let page = 0;
    try {
      for await (const { ResourceTagMappingList, PaginationToken } of pages(
        'PaginationToken',
        { ResourcesPerPage: 100 },
        send,
        REGION_PAGE_LIMIT + 1,
      )) {
        for (const { Tags = [] } of ResourceTagMappingList) {
          for (const { Key, Value } of Tags) {
            const ofKey = counts.get(Key);
            const value = wellFormed(Value);
            ofKey?.set(value, (ofKey.get(value) ?? 0) + 1);
          }
        }
        page++;
        if (page < REGION_PAGE_LIMIT || !PaginationToken) continue;
        cut = true;
        break;
      }
    } catch (error) {
      throw awsError(error, 'tag:GetResources');
    }
  }
  return {
    collectedAt: new Date(startedAt).toISOString(),
    cut,
    counts: Object.fromEntries([...counts].map(([key, ofKey]) => [key, Object.fromEntries(ofKey)])),
  };
}
