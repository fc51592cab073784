import type { App } from '../../src/app.ts';
import { parseMetrics } from '../../test/acceptance/parse-metrics.ts';
import type { Day } from './calendar.ts';
import { type PeriodName, pairOf } from './truth.ts';

/** Amounts as they are shown, by name. */
export type ShownAmounts = ReadonlyMap<string, number>;

/** What /metrics shows of cost, by (service, account). */
export interface ShownCost {
  readonly days: ReadonlyMap<Day, ShownAmounts>;
  readonly periods: Readonly<Record<PeriodName, ShownAmounts>>;
}

/** What REST shows of tags: by key, by (value, service); a key without figures is absent. */
export interface ShownTags {
  readonly keys: ReadonlyMap<string, ShownAmounts>;
  /** When its snapshot was bought, in milliseconds since the epoch. */
  readonly boughtAt: number;
}

/** What REST shows of the forecast. */
export interface ShownForecast {
  readonly amount: number | null;
  readonly boughtAt: number;
}

/** All that a replica shows. Undefined: nothing. */
export interface Shown {
  readonly cost: ShownCost | undefined;
  readonly tags: ShownTags | undefined;
  readonly forecast: ShownForecast | undefined;
}

const FAMILIES = {
  total: 'aws_cost_total',
  monthToDate: 'aws_cost_month_to_date',
  yesterday: 'aws_cost_last_complete_day',
} as const satisfies Record<PeriodName, string>;

/** The business families of cost that a replica's /metrics has; undefined where it has none, as one that does not expose. */
export async function readCost({ metrics }: Pick<App, 'metrics'>): Promise<ShownCost | undefined> {
  const { payload } = await metrics.inject({ url: '/metrics' });
  if (!payload.includes('\naws_cost_daily{')) return undefined;
  const wanted = /^(# (HELP|TYPE) )?aws_cost_(total|month_to_date|last_complete_day|daily)[ {]/;
  const page = parseMetrics(
    `${payload
      .split('\n')
      .filter((line) => wanted.test(line))
      .join('\n')}\n`,
  );
  const table = (family: string) =>
    new Map(
      page
        .series(family)
        .map(({ labels, value }) => [pairOf(labels.service ?? '', labels.account_id ?? ''), value]),
    );
  const days = new Map<Day, Map<string, number>>();
  for (const { labels, value } of page.series('aws_cost_daily')) {
    const { date = '', service = '', account_id = '' } = labels;
    const day = days.get(date) ?? new Map<string, number>();
    days.set(date, day.set(pairOf(service, account_id), value));
  }
  return {
    days,
    periods: {
      total: table(FAMILIES.total),
      monthToDate: table(FAMILIES.monthToDate),
      yesterday: table(FAMILIES.yesterday),
    },
  };
}

interface TagsBody {
  collectedAt: string;
  tags: {
    key: string;
    reason: string | null;
    values: { value: string | null; services: { service: string; cost: number }[] }[];
  }[];
}

/** What `GET /cost/tags` says. */
export async function readTags({ rest }: Pick<App, 'rest'>): Promise<ShownTags | undefined> {
  const answer = await rest.inject({ url: '/cost/tags' });
  if (answer.statusCode !== 200) return undefined;
  const body = answer.json<TagsBody>();
  const keys = body.tags
    .filter(({ reason }) => reason === null)
    .map(({ key, values }) => {
      const amounts = values.flatMap(({ value, services }) =>
        services.map(({ service, cost }) => [pairOf(value ?? '', service), cost] as const),
      );
      return [key, new Map(amounts)] as const;
    });
  return { keys: new Map(keys), boughtAt: Date.parse(body.collectedAt) };
}

/** What `GET /cost/forecast` says. */
export async function readForecast({ rest }: Pick<App, 'rest'>): Promise<ShownForecast | undefined> {
  const answer = await rest.inject({ url: '/cost/forecast' });
  if (answer.statusCode !== 200) return undefined;
  const body = answer.json<{ collectedAt: string; amount: number | null }>();
  return { amount: body.amount, boughtAt: Date.parse(body.collectedAt) };
}
