import { TypeCompiler } from '@sinclair/typebox/compiler';
import fp from 'fastify-plugin';
import type { Capability } from '../../src/collection/capability.ts';
import type { Config } from '../../src/config.ts';
import { pageOf } from '../../src/documents.ts';
import type { Parameters } from '../platform/documents.ts';
import { tagFamilies, tagSamples } from './families.ts';
import { keyFigures } from './figures.ts';
import { TAGS_SCHEMA, TagsData } from './model.ts';
import { tagsPurchases } from './purchases.ts';
import { CostTag, CostTags, TagQuery, type TagsDocument, tagParams } from './schema.ts';

/** Longest time for one collection, all keys and regions, in milliseconds. */
const TIMEOUT_MS = 15 * 60_000;

const Data = TypeCompiler.Compile(TagsData);

/** Cost by tag value: one query for each active key, a free count of resources, and `GET /cost/tags`. */
export default fp<{ config: Config }>(
  async function tagsPlugin(fastify, { config }) {
    const settings = { metric: config.cost.metric, windowDays: config.cost.windowDays };
    const capability: Capability<TagsData> = {
      name: 'tags',
      intervalMs: config.tags.intervalMs,
      timeoutMs: TIMEOUT_MS,
      operations: ['ListCostAllocationTags', 'GetCostAndUsage', 'GetResources'],
      schema: TAGS_SCHEMA,
      families: tagFamilies,
      reads: ['cost'],
      accepts: (data): data is TagsData => Data.Check(data),
      fingerprint: ({ tagKeys, regions }) =>
        JSON.stringify([settings.metric, settings.windowDays, tagKeys, regions]),
      newDay: 'with the next change',
      // A window of complete days does not notice what today costs.
      boughtDays: ({ keys }) => keys.flatMap(({ buckets }) => buckets),
      purchases: (target, snapshot, assumedPages) => tagsPurchases(target, snapshot, assumedPages, settings),
      collect: async (context) => (await import('./collect.ts')).collectTags(context, settings),
      present(view) {
        const keys = keyFigures(view, config.estimates);
        return {
          ...tagSamples(view, keys),
          claims: [],
          document: (): TagsDocument => ({
            currency: view.snapshot.data.currency,
            tags: keys.map((key) => ({
              ...key,
              values: key.values.map((value) => ({ ...value, services: [...value.services] })),
            })),
          }),
        };
      },
      empty: (reason, { tagKeys }): TagsDocument => ({
        currency: null,
        tags: tagKeys.map((key) => ({
          key,
          reason,
          untaggedShare: null,
          resourcesEstimated: false,
          values: [],
        })),
      }),
    };
    fastify.collections.register(capability);
    fastify.documentRoute({
      url: '/cost/tags',
      collector: 'tags',
      operationId: 'getCostTags',
      summary: 'Cost by tag, all keys',
      description:
        'What one target has spent over the trailing COST_WINDOW_DAYS complete days, by the values of each key of TAG_KEYS. From the last good snapshot.',
      body: CostTags,
      query: TagQuery,
      select: (document, parameters) => selectKeys(document as TagsDocument, parameters),
    });
    fastify.documentRoute({
      url: '/cost/tags/:key',
      collector: 'tags',
      operationId: 'getCostTag',
      summary: 'Cost by tag, one key',
      description:
        'What one target has spent over the trailing COST_WINDOW_DAYS complete days, by the values of one key of TAG_KEYS. From the last good snapshot.',
      body: CostTag,
      params: tagParams(config.targets[0]?.tagKeys[0] ?? 'Environment'),
      query: TagQuery,
      select(document, { key, ...parameters }) {
        const { currency, tags } = selectKeys(document as TagsDocument, parameters);
        const found = tags.find((tag) => tag.key === key);
        return found && { currency, ...found };
      },
    });
  },
  { name: 'tags', fastify: '5.x', dependencies: ['documents'] },
);

function selectKeys({ currency, tags }: TagsDocument, parameters: Parameters): TagsDocument {
  return { currency, tags: tags.map((tag) => ({ ...tag, values: pageOf(tag.values, parameters) })) };
}
