import { setImmediate } from 'node:timers/promises';
import { GetCostAndUsageCommand, type GetCostAndUsageCommandInput } from '@aws-sdk/client-cost-explorer';
import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { Amount } from '../collection/money.ts';
import { awsError, invalidResponse } from './aws-errors.ts';
import type { AwsSession } from './clients.ts';
import { pages } from './pages.ts';

const CostPage = Type.Object({
  ResultsByTime: Type.Array(
    Type.Object({
      TimePeriod: Type.Object({ Start: Type.String(), End: Type.String() }),
      Estimated: Type.Optional(Type.Boolean()),
      /** The amounts of a query without groups; whoever sends one checks them. */
      Total: Type.Optional(Type.Unknown()),
      Groups: Type.Array(
        Type.Object({
          Keys: Type.Array(Type.String(), { minItems: 1, maxItems: 2 }),
          Metrics: Type.Record(
            Type.String(),
            Type.Object({
              Amount: Amount,
              Unit: Type.String({ minLength: 1 }),
            }),
          ),
        }),
      ),
    }),
  ),
  DimensionValueAttributes: Type.Optional(
    Type.Array(
      Type.Object({
        Value: Type.String(),
        Attributes: Type.Optional(Type.Record(Type.String(), Type.String())),
      }),
    ),
  ),
  NextPageToken: Type.Optional(Type.String()),
});

/** A page of GetCostAndUsage, checked. */
export type CostPage = Static<typeof CostPage>;

const Page = TypeCompiler.Compile(CostPage);

/** In place of the expected pages of a query: the caller has set it aside, and gives back what is left. */
export const HELD = 0;

/**
 * Buys every page of a GetCostAndUsage; each is checked once, where it enters. The whole query is set aside in the budget
 * before its first page.
 *
 * @param expected - pages that it is expected to have; `HELD` where the caller has set it aside together with others.
 * @throws {CollectionError} `budget` where it does not fit; `invalid_response` where a page has another shape; else what
 *   AWS's error means.
 */
export async function* costPages(
  aws: Pick<AwsSession, 'costExplorer' | 'hold' | 'release'>,
  request: GetCostAndUsageCommandInput,
  expected: number,
  signal: AbortSignal,
): AsyncGenerator<CostPage, void, void> {
  const client = aws.costExplorer();
  const groups = request.GroupBy?.length ?? 0;
  const account = (request.GroupBy ?? []).findIndex(({ Key }) => Key === 'LINKED_ACCOUNT');
  const once = new Once();
  const send = async (page: GetCostAndUsageCommandInput) => {
    const answer: unknown = await client.send(new GetCostAndUsageCommand(page), { abortSignal: signal });
    // The SDK has held the event loop for as long as it takes to read a page.
    await setImmediate();
    if (!Page.Check(answer)) {
      const first = Page.Errors(answer).First();
      throw invalidResponse(`${first?.path || 'the answer'} is not what GetCostAndUsage documents`);
    }
    if (answer.ResultsByTime.some(({ Groups }) => Groups.some(({ Keys }) => Keys.length !== groups))) {
      throw invalidResponse(`a group does not have ${groups} keys`);
    }
    if (answer.ResultsByTime.some(({ Groups }) => Groups.some(({ Keys }) => Keys[account] === ''))) {
      throw invalidResponse('a group has an empty account');
    }
    once.see(answer);
    return answer;
  };
  if (expected !== HELD) await aws.hold(expected);
  try {
    yield* pages('NextPageToken', request, send);
  } catch (error) {
    throw awsError(error, 'ce:GetCostAndUsage');
  } finally {
    if (expected !== HELD) await aws.release();
  }
}

/** Refuses a group that comes twice in one period of a query, also on another page: summed it would be a wrong figure. */
class Once {
  /** By period, first key and second key, as AWS wrote them: names that become equal only when they are made well-formed are different groups. */
  readonly #seen = new Map<string, Map<string, Set<string>>>();

  see({ ResultsByTime }: CostPage): void {
    for (const { TimePeriod, Groups } of ResultsByTime) {
      const period = this.#seen.get(TimePeriod.Start) ?? new Map<string, Set<string>>();
      this.#seen.set(TimePeriod.Start, period);
      for (const { Keys } of Groups) {
        // All groups of a query have as many keys.
        const [first = '', second = ''] = Keys;
        const seen = period.get(first);
        if (seen === undefined) period.set(first, new Set([second]));
        else if (seen.size === seen.add(second).size) throw invalidResponse('a group comes twice');
      }
    }
  }
}

/** Reads one metric's amounts and refuses a second currency. */
export class Amounts {
  readonly #metric: string;
  #currency: string | null = null;

  constructor(metric: string) {
    this.#metric = metric;
  }

  /** ISO 4217 code of all amounts so far; null before the first. */
  get currency(): string | null {
    return this.#currency;
  }

  /** The amount of a group. */
  of({ Metrics }: { readonly Metrics: Readonly<Record<string, { Amount: string; Unit: string }>> }): number {
    const metric = Metrics[this.#metric];
    if (metric === undefined) throw invalidResponse(`a group lacks ${this.#metric}`);
    this.#currency ??= metric.Unit;
    if (metric.Unit !== this.#currency)
      throw invalidResponse(`it mixes ${this.#currency} and ${metric.Unit}`);
    return Number(metric.Amount);
  }
}
