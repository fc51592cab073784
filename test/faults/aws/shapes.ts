import { plusDays } from '../../acceptance/bill.ts';
import { TODAY } from '../../helper.ts';
import type { FaultRow } from '../matrix.ts';
import { failing } from './helper.ts';

type Body = Record<string, unknown>;
interface Day {
  TimePeriod: { Start: string; End: string };
  Groups: { Keys: string[]; Metrics: Record<string, { Amount: unknown; Unit: unknown }> }[];
}

const daysOf = (body: Body) => body.ResultsByTime as Day[];

/** Changes the first group of the tenth day. */
function group(change: (group: Day['Groups'][number], day: Day) => unknown): (body: Body) => Body {
  return (body) => {
    const day = daysOf(body)[9];
    const [first] = day?.Groups ?? [];
    if (day !== undefined && first !== undefined) change(first, day);
    return body;
  };
}

const amount = (value: unknown, unit = 'USD') =>
  group(({ Metrics }) => {
    Metrics.BlendedCost = { Amount: value, Unit: unit };
  });

/** A row in which an answer of status 200 is not what AWS documents: refused whole, paid once. */
function refused(
  id: string,
  fault: string,
  expected: string,
  says: RegExp,
  mutate: (body: Body) => Body,
  collector: 'cost' | 'forecast' = 'cost',
): FaultRow {
  const operation = collector === 'cost' ? 'GetCostAndUsage' : 'GetCostForecast';
  return failing(
    { id: `aws/${id}`, fault, expected },
    {
      collector,
      operation,
      code: 'invalid_response',
      says,
      advice: /next collection/,
      attempts: { success: 1 },
      cents: 1,
    },
    [{ kind: 'mutate', mutate }],
  );
}

/** AWS answers well-formed JSON that is no bill, or not the one that was asked for. */
export const rows: readonly FaultRow[] = [
  refused(
    'empty-answer',
    'GetCostAndUsage answers {}',
    'No days are not an empty bill: refused, the figures stay.',
    /ResultsByTime/,
    () => ({}),
  ),
  refused(
    'object-for-list',
    'ResultsByTime is an object',
    'Refused where it enters; the field is named.',
    /ResultsByTime/,
    (body) => ({ ...body, ResultsByTime: {} }),
  ),
  refused(
    'number-for-string',
    'An amount is the number 12.5, not a string',
    'Refused where it enters; the field is named.',
    /Amount/,
    amount(12.5),
  ),
  refused(
    'amount-not-a-number',
    'An amount is "NaN"',
    'Refused: NaN is never published.',
    /Amount/,
    amount('NaN'),
  ),
  refused(
    'amount-beyond-numbers',
    'An amount is "1e400"',
    'Refused: infinity is never published.',
    /Amount/,
    amount('1e400'),
  ),
  refused(
    'two-currencies',
    'One group of the answer is in EUR, the others in USD',
    'Refused: amounts of two currencies are never added.',
    /mixes USD and EUR/,
    amount('1', 'EUR'),
  ),
  refused(
    'another-period',
    'The answer has a day of 2020',
    'Refused: it is not what was asked for.',
    /not asked for/,
    (body) => ({
      ...body,
      ResultsByTime: [
        { ...daysOf(body)[0], TimePeriod: { Start: '2020-01-01', End: '2020-01-02' } },
        ...daysOf(body),
      ],
    }),
  ),
  refused(
    'day-missing',
    'A day of the window is not in the answer',
    'Refused: a sum that lacks a day is a wrong one.',
    /it lacks/,
    (body) => ({
      ...body,
      ResultsByTime: daysOf(body).filter(({ TimePeriod }) => TimePeriod.Start !== plusDays(TODAY, -3)),
    }),
  ),
  refused(
    'group-twice',
    'A service comes twice on one day',
    'Refused: summed it would be a wrong figure.',
    /comes twice/,
    group((first, day) => day.Groups.push(structuredClone(first))),
  ),
  refused(
    'another-metric',
    'A group has UnblendedCost in place of the BlendedCost asked for',
    'Refused: another metric is another bill.',
    /lacks BlendedCost/,
    group((first) => {
      first.Metrics = { UnblendedCost: { Amount: '1', Unit: 'USD' } };
    }),
  ),
  refused(
    'forecast-day-missing',
    "A day of the forecast's period is not in the answer",
    'Refused: the sum would be a day short; cost is right.',
    /it lacks/,
    (body) => ({
      ...body,
      ForecastResultsByTime: (body.ForecastResultsByTime as object[]).filter((_, index) => index !== 5),
    }),
    'forecast',
  ),
  refused(
    'forecast-day-twice',
    'A day of the forecast comes twice',
    'Refused: the mean would be counted twice.',
    /day twice/,
    (body) => ({
      ...body,
      ForecastResultsByTime: [
        ...(body.ForecastResultsByTime as object[]),
        (body.ForecastResultsByTime as object[])[5],
      ],
    }),
    'forecast',
  ),
];
