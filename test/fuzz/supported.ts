// What the answers of AWS support, worked out from their text alone.
import { plusDays } from '../acceptance/bill.ts';
import type { PageSample } from '../e2e/page.ts';
import type { Answered } from './answer-proxy.ts';

interface CostAnswer {
  ResultsByTime: {
    TimePeriod: { Start: string; End: string };
    Groups: { Keys: string[]; Metrics: Record<string, { Amount: unknown; Unit: string }> }[];
  }[];
}

/** Figures by name. */
type Figures = Map<string, number>;

function add(figures: Figures, name: string, amount: unknown): void {
  figures.set(name, (figures.get(name) ?? 0) + Number(amount));
}

const clean = (text: string) => text.toWellFormed().replaceAll('\0', '\ufffd');
const asked = ({ asked: text }: Answered) =>
  JSON.parse(text) as { GroupBy?: { Type: string; Key: string }[] };
const isByAccount = (answer: Answered) =>
  asked(answer).GroupBy?.some(({ Key }) => Key === 'LINKED_ACCOUNT') ?? false;

/** Cost by service, account and day, as a collection that succeeded was told it. */
function costOf(answers: readonly Answered[]): Figures {
  const figures: Figures = new Map();
  for (const answer of answers
    .filter(({ operation }) => operation === 'GetCostAndUsage')
    .filter(isByAccount)) {
    for (const { TimePeriod, Groups } of (JSON.parse(answer.body) as CostAnswer).ResultsByTime) {
      for (const { Keys, Metrics } of Groups) {
        const name = `aws_cost_daily ${Keys.map(clean).join('/')}/${TimePeriod.Start}`;
        add(figures, name, Metrics.BlendedCost?.Amount);
      }
    }
  }
  return figures;
}

/** Cost by tag value and service. */
function tagsOf(answers: readonly Answered[]): Figures {
  const figures: Figures = new Map();
  for (const answer of answers.filter(({ operation }) => operation === 'GetCostAndUsage')) {
    const key = asked(answer).GroupBy?.find(({ Type }) => Type === 'TAG')?.Key;
    if (key === undefined) continue;
    for (const { Groups } of (JSON.parse(answer.body) as CostAnswer).ResultsByTime) {
      for (const { Keys, Metrics } of Groups) {
        const [tag = '', service = ''] = Keys;
        const value = clean(tag.slice(tag.indexOf('$') + 1));
        add(
          figures,
          `aws_cost_by_tag ${key}/${value || 'untagged'}/${clean(service)}`,
          Metrics.BlendedCost?.Amount,
        );
      }
    }
  }
  return figures;
}

interface ForecastAnswer {
  ForecastResultsByTime: { TimePeriod: { Start: string }; MeanValue: unknown }[];
}

function forecastOf(answers: readonly Answered[], today: string): Figures {
  const answer = answers.findLast(({ operation }) => operation === 'GetCostForecast');
  const figures: Figures = new Map();
  if (answer === undefined) return figures;
  const days = (JSON.parse(answer.body) as ForecastAnswer).ForecastResultsByTime.filter(
    ({ TimePeriod: { Start } }) => Start >= today && Start < plusDays(today, 30),
  );
  // A sum that lacks its first day is not shown.
  if (!days.some(({ TimePeriod }) => TimePeriod.Start === today)) return figures;
  for (const { MeanValue } of days) add(figures, 'aws_cost_forecast', MeanValue);
  return figures;
}

function toldOf(collector: string, answers: readonly Answered[], today: string): Figures | undefined {
  if (collector === 'cost') return costOf(answers);
  if (collector === 'tags') return tagsOf(answers);
  return collector === 'forecast' ? forecastOf(answers, today) : undefined;
}

/** The differences between what is on the page and what the answers of a successful collection support. */
export function unsupported(
  collector: string,
  page: readonly PageSample[],
  answers: readonly Answered[],
  today: string,
): string[] {
  const shown: Figures = new Map();
  const told = toldOf(collector, answers, today);
  if (told === undefined) return [];
  for (const { name, labels, value } of page) {
    const { service, account_id, date, tag_key, tag_value } = labels;
    if (collector === 'cost' && name === 'aws_cost_daily')
      shown.set(`${name} ${service}/${account_id}/${date}`, value);
    if (collector === 'tags' && name === 'aws_cost_by_tag')
      shown.set(`${name} ${tag_key}/${tag_value}/${service ?? ''}`, value);
    if (collector === 'forecast' && name === 'aws_cost_forecast') shown.set(name, value);
  }
  const differences: string[] = [];
  for (const name of new Set([...shown.keys(), ...told.keys()])) {
    const [one, other] = [shown.get(name) ?? 0, told.get(name) ?? 0];
    const close = Math.abs(one - other) <= 1e-6 + 1e-9 * Math.abs(other);
    const past = collector !== 'cost' || (name.split('/').at(-1) ?? '') >= plusDays(today, -30);
    if (past && !close) differences.push(`${name}: ${one}, not ${other}`);
  }
  return differences;
}
