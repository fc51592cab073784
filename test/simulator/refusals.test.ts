import t from 'tap';
import { authorization, now, type RawAnswer, rawCall, row, start } from './helper.ts';

const GOOD = {
  TimePeriod: { Start: '2026-03-01', End: '2026-03-15' },
  Granularity: 'DAILY',
  Metrics: ['BlendedCost'],
};
const service = { Type: 'DIMENSION', Key: 'SERVICE' };
const dimension = { Key: 'SERVICE', Values: ['Tax'] };

function period(Start: unknown, End: unknown) {
  return { TimePeriod: { Start, End } };
}

const CASES: [name: string, changes: object, message: RegExp, type?: string][] = [
  ['no TimePeriod', { TimePeriod: undefined }, /'timePeriod'/],
  ['no Start', period(undefined, '2026-03-02'), /'timePeriod.start'/],
  ['Start is End', period('2026-03-01', '2026-03-01'), /before end date/],
  ['Start after End', period('2026-03-02', '2026-03-01'), /before end date/],
  ['a one-digit month', period('2026-3-01', '2026-03-15'), /Start time 2026-3-01 is invalid/],
  ['a day that is none', period('2026-02-30', '2026-03-15'), /Start time 2026-02-30 is invalid/],
  ['an hour', period('2026-03-01T00:00:00Z', '2026-03-15T00:00:00Z'), /invalid/],
  ['a number for a date', period(20260301, '2026-03-15'), /string/, 'SerializationException'],
  ['End after the 1st of next month', period('2026-03-01', '2026-04-02'), /past the beginning of next month/],
  ['Start before the history', period('2025-01-31', '2026-03-02'), /historical data/],
  ['no Granularity', { Granularity: undefined }, /'granularity'/],
  ['an unknown Granularity', { Granularity: 'WEEKLY' }, /enum value set: \[DAILY, MONTHLY, HOURLY\]/],
  ['HOURLY', { Granularity: 'HOURLY' }, /[Hh]ourly/],
  ['no Metrics', { Metrics: undefined }, /Metrics/],
  ['empty Metrics', { Metrics: [] }, /Metrics/],
  ['an unknown metric', { Metrics: ['BlendedCost', 'Blended'] }, /'Blended'/],
  ['a metric that every object has', { Metrics: ['constructor'] }, /'constructor'/],
  ['Metrics that is no list', { Metrics: 'BlendedCost' }, /list/, 'SerializationException'],
  [
    'three groupings',
    { GroupBy: [service, { Type: 'TAG', Key: 'a' }, { Type: 'TAG', Key: 'b' }] },
    /at most 2/,
  ],
  ['one grouping twice', { GroupBy: [service, service] }, /twice/],
  ['an unknown dimension', { GroupBy: [{ Type: 'DIMENSION', Key: 'SERVICES' }] }, /'SERVICES'/],
  [
    'a dimension that cannot group',
    { GroupBy: [{ Type: 'DIMENSION', Key: 'USAGE_TYPE_GROUP' }] },
    /USAGE_TYPE_GROUP/,
  ],
  ['an unknown grouping', { GroupBy: [{ Type: 'LABEL', Key: 'a' }] }, /enum/],
  ['a grouping without key', { GroupBy: [{ Type: 'TAG' }] }, /key/],
  [
    'two root operators',
    { Filter: { Dimensions: dimension, Not: { Dimensions: dimension } } },
    /only one is allowed/,
  ],
  [
    'two nested operators',
    { Filter: { Not: { Dimensions: dimension, Tags: { Key: 'a', Values: ['b'] } } } },
    /one/,
  ],
  ['no operator', { Filter: {} }, /operator/],
  ['an unknown operator', { Filter: { Xor: [] } }, /'Xor'/],
  ['And of one', { Filter: { And: [{ Dimensions: dimension }] } }, /two operands/],
  ['an unknown filter dimension', { Filter: { Dimensions: { Key: 'COLOUR', Values: ['x'] } } }, /'COLOUR'/],
  ['no values', { Filter: { Dimensions: { Key: 'SERVICE', Values: [] } } }, /Values/],
  [
    'ABSENT for a dimension',
    { Filter: { Dimensions: { Key: 'SERVICE', MatchOptions: ['ABSENT'] } } },
    /ABSENT/,
  ],
  ['an unknown field', { Period: {} }, /'Period'/],
  ['an unknown nested field', { TimePeriod: { ...GOOD.TimePeriod, Zone: 'UTC' } }, /'Zone'/],
  ['a garbage token', { NextPageToken: 'x' }, /token/, 'InvalidNextTokenException'],
];

t.test('GetCostAndUsage refuses what Cost Explorer refuses', async (t) => {
  const simulator = await start(t, { bill: [row('2026-03-01', '1')], now });
  const good = await rawCall(simulator, 'GetCostAndUsage', GOOD);
  t.equal(good.status, 200);
  for (const [name, changes, message, type = 'ValidationException'] of CASES) {
    const answer = await rawCall(simulator, 'GetCostAndUsage', { ...GOOD, ...changes });
    t.equal(answer.status, 400, name);
    t.equal(answer.body.__type, type, `${name}: ${String(answer.body.message)}`);
    t.match(answer.body.message, message, name);
    t.equal(answer.headers.get('x-amzn-errortype'), type);
    t.match(answer.headers.get('x-amzn-requestid'), /^[0-9a-f-]{36}$/);
  }
  for (const [name, limits] of [
    ['the last day that may be asked for', period('2026-03-01', '2026-04-01')],
    ['the first day of the history', period('2025-02-01', '2025-02-02')],
  ] as const) {
    t.equal((await rawCall(simulator, 'GetCostAndUsage', { ...GOOD, ...limits })).status, 200, name);
  }
});

t.test('the request as a whole', async (t) => {
  const simulator = await start(t, { bill: [row('2026-03-01', '1')], now });
  const refused = (answer: RawAnswer, type: string, message: RegExp) => {
    t.equal(answer.body.__type, type);
    t.equal(answer.status, 400);
    t.match(answer.body.message, message);
  };
  refused(await rawCall(simulator, 'GetCostAndUsage', '{"TimePeriod"'), 'SerializationException', /JSON/);
  refused(await rawCall(simulator, 'GetCostAndUsage', '[]'), 'SerializationException', /object/);
  refused(await rawCall(simulator, 'GetBill', GOOD), 'UnknownOperationException', /GetBill/);
  refused(await rawCall(simulator, 'constructor', GOOD), 'UnknownOperationException', /constructor/);
  const header = (headers: Record<string, string>) => rawCall(simulator, 'GetCostAndUsage', GOOD, headers);
  refused(await header({ 'content-type': 'application/json' }), 'SerializationException', /Content type/);
  refused(await header({ 'x-amz-target': 'Nothing.GetCostAndUsage' }), 'UnknownOperationException', /none/);
  refused(await header({ authorization: '' }), 'MissingAuthenticationTokenException', /Missing/);
  refused(await header({ authorization: 'Bearer x' }), 'IncompleteSignatureException', /Authorization/);
  refused(
    await header({ authorization: authorization('eu-west-1') }),
    'InvalidSignatureException',
    /us-east-1/,
  );
  refused(
    await header({ authorization: authorization('us-east-1', 'sts') }),
    'InvalidSignatureException',
    /'ce'/,
  );
  refused(
    await header({ authorization: authorization('us-east-1', 'ce', 'ASIAUNKNOWN') }),
    'UnrecognizedClientException',
    /token/,
  );
  t.equal((await header({ authorization: authorization('cn-northwest-1') })).status, 200);
});
