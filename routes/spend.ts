import { type Static, Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import { addDays, dayOf, daysIn, firstOfMonth, firstOfNextMonth } from '../src/collection/periods.ts';
import type { CollectorState } from '../src/collection/state.ts';
import type { Config } from '../src/config.ts';
import { day } from '../src/documents.ts';
import { pagesFor, resetAfter, usdFor } from '../src/spend/budget.ts';
import type { DayPages, Ledger } from '../src/spend/ledger.ts';
import { PAGES_FROM, type PlanRow, perDayOf, planOf } from '../src/spend/plan.ts';

/** What the route reads. */
export interface SpendSource {
  readonly config: Config;
  readonly ledger: Ledger;
  readonly states: readonly CollectorState[];
  readonly now: () => number;
}

const requests = Type.Integer({ description: 'Paid requests: pages.', examples: [41] });
const usd = Type.Number({ description: 'What AWS takes for them, in US dollars.', examples: [0.41] });

const Sums = {
  requests,
  usd,
  byTarget: Type.Array(
    Type.Object({
      target: Type.String({ description: 'Name of the target.', examples: ['default'] }),
      requests,
      usd,
    }),
    { description: 'The same by target.' },
  ),
  byOperation: Type.Array(
    Type.Object({
      operation: Type.String({ description: 'AWS operation.', examples: ['GetCostAndUsage'] }),
      requests,
      usd,
    }),
    { description: 'The same by operation, most first.' },
  ),
};

const Spend = Type.Object(
  {
    budget: Type.Object(
      {
        usd: Type.Number({
          description: 'AWS_SPEND_BUDGET_USD: of all replicas and targets in one UTC day, in US dollars.',
          examples: [1],
        }),
        requests: Type.Integer({ description: 'Pages that it buys.', examples: [100] }),
        remaining: Type.Integer({ description: 'Pages that are left of it today.', examples: [59] }),
        resetAt: Type.String({
          format: 'date-time',
          description: 'When the next budget begins: midnight UTC.',
          examples: ['2026-11-27T00:00:00.000Z'],
        }),
        targets: Type.Array(
          Type.Object({
            target: Type.String({ description: 'Name of the target.', examples: ['default'] }),
            usd: Type.Number({ description: 'Its spendBudgetUsd, in US dollars.', examples: [0.5] }),
          }),
          { description: 'Targets with a budget of their own.' },
        ),
      },
      { description: 'What may be spent in one UTC day.' },
    ),
    complete: Type.Boolean({
      description:
        'Whether the sums are of all replicas; false while Redis cannot be asked: then they are what this replica knows, and more may have been spent.',
      examples: [true],
    }),
    today: Type.Object(
      { day: day('The day', '2026-11-26'), ...Sums },
      { description: 'This UTC day so far.' },
    ),
    month: Type.Object(
      {
        start: day('First day of the month', '2026-11-01'),
        end: day('End of the month, exclusive', '2026-12-01'),
        ...Sums,
      },
      { description: 'This month so far (UTC), as far as the ledger reaches back.' },
    ),
    projected: Type.Object(
      {
        requests: Type.Number({
          description: 'Pages by the end of the month: spent, and planned for the rest within the budget.',
          examples: [1220],
        }),
        usd: Type.Number({ description: 'The same in US dollars.', examples: [12.2] }),
      },
      { description: "Projection to the month's end." },
    ),
    plan: Type.Array(
      Type.Object({
        target: Type.String({ description: 'Name of the target.', examples: ['default'] }),
        collector: Type.String({ description: 'The capability that buys.', examples: ['cost'] }),
        pages: Type.Integer({ description: 'Pages of a whole collection.', examples: [20] }),
        pagesOnceADay: Type.Integer({
          description: 'Pages that are bought once in a UTC day beside that.',
          examples: [0],
        }),
        known: Type.Boolean({
          description: 'Whether the kept snapshot tells both; else see `pagesFrom`.',
          examples: [true],
        }),
        pagesFrom: Type.Union(
          PAGES_FROM.map((from) => Type.Literal(from)),
          {
            description:
              'Who tells: the kept `snapshot`; a `former` one, of another configuration; nobody: one page a query is `assumed`.',
            examples: ['snapshot'],
          },
        ),
        requestsPerDay: Type.Number({
          description: 'Pages that it is expected to buy in a UTC day, on average, whatever the budget is.',
          examples: [40.3],
        }),
      }),
      { description: 'What each collector is expected to buy, by what it knows: `aws-cost-exporter plan`.' },
    ),
  },
  { description: 'What the exporter itself spends on AWS requests.' },
);

/** `GET /spend`: paid requests and dollars of today and this month, projected to its end, and the budget. */
export function spendRoute(fastify: FastifyInstance, source: SpendSource): void {
  fastify.get(
    '/spend',
    {
      schema: {
        tags: ['service'],
        operationId: 'getSpend',
        summary: "The exporter's own spend",
        description:
          'Paid AWS requests of all replicas, from the ledger: today, this month, projected to its end, by target and operation; the budget; and the plan by target and collector, with the page counts that this process knows. A request of unknown outcome counts as paid.',
        querystring: Type.Object({}, { additionalProperties: false }),
        response: { 200: Spend },
      },
    },
    async (_request, reply): Promise<Static<typeof Spend>> => {
      reply.header('cache-control', 'no-store');
      return spendOf(source);
    },
  );
}

async function spendOf({ config, ledger, states, now }: SpendSource): Promise<Static<typeof Spend>> {
  const at = now();
  const today = dayOf(at);
  const [start, end] = [firstOfMonth(today), firstOfNextMonth(today)];
  const { pages: days, complete } = await ledger.days(daysIn(start, addDays(today, 1)));
  const spentToday = sumsOf(days.slice(-1));
  const month = sumsOf(days);
  const budget = pagesFor(config.spend.budgetUsd);
  const remaining = Math.max(0, budget - spentToday.requests);
  const rows = planOf(states, config.changes, at);
  const planned = Math.min(perDayOf(rows).configured, budget);
  const restOfToday = Math.min(remaining, (planned * (resetAfter(at) - at)) / 86_400_000);
  const projected = month.requests + restOfToday + planned * (daysIn(today, end).length - 1);
  return {
    budget: {
      usd: config.spend.budgetUsd,
      requests: budget,
      remaining,
      resetAt: new Date(resetAfter(at)).toISOString(),
      targets: config.targets.flatMap(({ name, spendBudgetUsd }) =>
        spendBudgetUsd === undefined ? [] : [{ target: name, usd: spendBudgetUsd }],
      ),
    },
    complete,
    today: { day: today, ...spentToday },
    month: { start, end, ...month },
    projected: { requests: Math.round(projected), usd: usdFor(Math.round(projected)) },
    plan: rows.map(plannedBy),
  };
}

function plannedBy({ target, collector, pages, daily, pagesFrom, perDay }: PlanRow) {
  const known = pagesFrom === 'snapshot';
  const requestsPerDay = Math.round(perDay.configured * 1e3) / 1e3;
  return { target, collector, pages, pagesOnceADay: daily, known, pagesFrom, requestsPerDay };
}

function sumsOf(days: readonly DayPages[]) {
  const targets = new Map<string, number>();
  const operations = new Map<string, number>();
  for (const [target, entries] of days.flatMap((pages) => Object.entries(pages))) {
    for (const [operation, pages] of Object.entries(entries)) {
      targets.set(target, (targets.get(target) ?? 0) + pages);
      operations.set(operation, (operations.get(operation) ?? 0) + pages);
    }
  }
  const rows = (sums: ReadonlyMap<string, number>) =>
    [...sums].filter(([, pages]) => pages > 0).toSorted(([, one], [, other]) => other - one);
  const all = [...targets.values()].reduce((sum, pages) => sum + pages, 0);
  return {
    requests: all,
    usd: usdFor(all),
    byTarget: rows(targets).map(([target, pages]) => ({ target, requests: pages, usd: usdFor(pages) })),
    byOperation: rows(operations).map(([operation, pages]) => ({
      operation,
      requests: pages,
      usd: usdFor(pages),
    })),
  };
}
