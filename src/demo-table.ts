import type { FastifyInstance } from 'fastify';

interface Cost {
  currency: string | null;
  window: { start: string; end: string };
  total: number | null;
  monthToDate: number | null;
  byService: { service: string; cost: number }[];
}
interface Forecast {
  amount: number | null;
  monthEnd: number | null;
}
interface Tags {
  tags: { key: string; untaggedShare: number | null; values: { value: string | null; cost: number }[] }[];
}
interface Savings {
  currency: string | null;
  source: string | null;
  total_potential_savings: number;
  recommendations: unknown[];
}
interface Spend {
  today: { requests: number; usd: number };
}
interface Reviews {
  pillars: { pillar: string; score: number | null; high: number }[];
  workloads: unknown[];
}

type Row = readonly [name: string, amount: number | null];

/**
 * What the exporter found, as a short text: read from the answers of its REST API, within the process, whatever that asks of
 * others. Capabilities that are off are left out.
 */
export async function demoTable(rest: Pick<FastifyInstance, 'inject'>): Promise<string> {
  const read = async <Body>(path: string): Promise<Body | undefined> => {
    const answer = await rest.inject(path);
    return answer.statusCode === 200 ? answer.json<Body>() : undefined;
  };
  const sections = [
    costTable(await read<Cost>('/cost/current'), await read<Forecast>('/cost/forecast')),
    tagLines(await read<Tags>('/cost/tags')),
    savingsLine(await read<Savings>('/recommendations')),
    reviewLine(await read<Reviews>('/wellarchitected')),
    spendLine(await read<Spend>('/spend')),
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function costTable(cost: Cost | undefined, forecast: Forecast | undefined): string {
  const rows: Row[] = [];
  if (cost) {
    const rest = cost.byService.slice(5);
    rows.push(...cost.byService.slice(0, 5).map(({ service, cost: amount }): Row => [service, amount]));
    if (rest.length > 0) rows.push([`${rest.length} more`, rest.reduce((sum, row) => sum + row.cost, 0)]);
    rows.push(['Total of the window', cost.total], ['Month to date', cost.monthToDate]);
  }
  if (forecast)
    rows.push(['Forecast, next 30 days', forecast.amount], ["Forecast, month's end", forecast.monthEnd]);
  if (rows.length === 0) return '';
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(
    ([name, amount]) =>
      `  ${name.replaceAll(/\p{Cc}/gu, '\ufffd').padEnd(width)}  ${figure(amount).padStart(14)}`,
  );
  const head = cost
    ? `Cost by service, ${cost.window.start} up to ${cost.window.end}, in ${cost.currency ?? 'no currency'}:`
    : 'Forecast:';
  return [head, '', ...lines].join('\n');
}

function figure(amount: number | null): string {
  return amount === null ? 'no data' : amount.toFixed(4);
}

function tagLines(tags: Tags | undefined): string {
  const shown = tags?.tags.filter(({ values }) => values.length > 0) ?? [];
  if (shown.length === 0) return '';
  const width = Math.max(...shown.map(({ key }) => key.length));
  const lines = shown.map(({ key, untaggedShare, values }) => {
    const top = values.find(({ value }) => value !== null);
    const share = untaggedShare === null ? 'unknown' : `${(untaggedShare * 100).toFixed(0)} %`;
    return `  ${key.padEnd(width)}  untagged ${share}${top ? `, most for ${JSON.stringify(top.value)}: ${top.cost.toFixed(4)}` : ''}`;
  });
  return ['Cost by tag:', '', ...lines].join('\n');
}

function savingsLine(savings: Savings | undefined): string {
  if (savings === undefined) return '';
  const { recommendations, total_potential_savings: total, currency, source } = savings;
  return `Recommendations: ${recommendations.length} from ${source ?? 'no source'}, ${total.toFixed(2)} ${currency ?? ''} a month in all.`;
}

function spendLine(spend: Spend | undefined): string {
  if (spend === undefined) return '';
  const { requests, usd } = spend.today;
  return `On AWS the ${requests} paid requests would have cost USD ${usd.toFixed(2)}.`;
}

function reviewLine(reviews: Reviews | undefined): string {
  if (reviews === undefined || reviews.workloads.length === 0) return '';
  const pillars = reviews.pillars.map(
    ({ pillar, score, high }) =>
      `  ${pillar.padEnd(22)} score ${score === null ? '-' : score.toFixed(0)}, ${high} high risks`,
  );
  return [`Well-Architected, ${reviews.workloads.length} workloads:`, '', ...pillars].join('\n');
}
