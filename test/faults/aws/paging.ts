import type { FaultRow } from '../matrix.ts';
import { failing, gettingOver, startWell } from './helper.ts';

type Body = Record<string, unknown>;

const COST = { operation: 'GetCostAndUsage' } as const;
/** Some 30 days at four groups each, in five pages. */
const FIVE_PAGES = { simulator: { pageSize: 26 } };
const PAGE_LIMIT = 200;

/** Empty pages without end, each with a token of its own. */
function endless(field: string, list: string) {
  let count = 0;
  return {
    kind: 'mutate',
    ignoreToken: true,
    mutate: (body: Body): Body => ({ ...body, [list]: [], [field]: `page ${++count}` }),
  } as const;
}

/** Queries of many pages. */
export const rows: readonly FaultRow[] = [
  failing(
    {
      id: 'aws/token-comes-twice',
      fault: 'GetCostAndUsage gives the same NextPageToken with every page',
      expected: 'The loop ends with the second; what it has cost is counted, and no sum is doubled.',
    },
    {
      ...COST,
      code: 'invalid_response',
      says: /repeats a page token/,
      advice: /next collection/,
      attempts: { success: 2 },
      cents: 2,
    },
    [
      {
        kind: 'mutate',
        ignoreToken: true,
        mutate: (body) => ({ ...body, ResultsByTime: [], NextPageToken: 'again' }),
      },
    ],
  ),
  failing(
    {
      id: 'aws/token-without-end',
      fault: 'GetCostAndUsage gives a new NextPageToken with every page, for ever',
      expected: 'It ends at 200 pages, whatever the budget is.',
    },
    {
      ...COST,
      code: 'invalid_response',
      says: new RegExp(`does not end within ${PAGE_LIMIT} pages`),
      advice: /next collection/,
      attempts: { success: PAGE_LIMIT },
      cents: PAGE_LIMIT,
    },
    [endless('NextPageToken', 'ResultsByTime')],
    // The guard that is missing must not be replaced by the clock's.
    { env: { AWS_SPEND_BUDGET_USD: '4' } },
  ),
  {
    id: 'aws/token-without-end-and-a-budget',
    fault: 'The same with a budget of USD 0.20 a day',
    expected: 'The budget ends it: USD 0.20 are spent and not a cent more, and the state says so.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startWell(t, { env: { AWS_SPEND_BUDGET_USD: '0.20' } });
      const { sim, clock, run, before, log } = exporter;
      sim.faults.add({ ...COST, ...endless('NextPageToken', 'ResultsByTime') });
      clock.advance(60_000);
      t.equal(await run('cost'), 'skipped');
      fired('pages of a query without end', exporter.hits());
      const { today } = (await exporter.get('/spend')).json<{ today: { usd: number } }>();
      t.equal(today.usd, 0.2);
      t.equal(exporter.paid(), 20, 'AWS has got no more requests than that');
      const view = await exporter.collector('cost');
      t.match(view, { state: 'budget', cause: { code: 'budget' } });
      state(`cost budget, ${exporter.paid()} requests, USD ${today.usd}`);
      t.equal((await exporter.metrics()).businessText(), before.businessText());
      figures('unchanged');
      const line = log.findLast(({ code }) => code === 'budget');
      t.match(line?.msg, /budget/i);
      t.match(line?.advice, /AWS_SPEND_BUDGET_USD/);
      message(line?.msg ?? '');
    },
  },
  failing(
    {
      id: 'aws/page-two-fails',
      fault: 'Page one is answered, page two with HTTP 500 to every attempt',
      expected: 'Half a bill is none: the figures stay, and page one is counted as paid.',
    },
    {
      ...COST,
      code: 'error',
      says: /HTTP status 500/,
      advice: /Health Dashboard/,
      attempts: { success: 1, error: 3 },
      cents: 1,
    },
    [{ kind: 'error500', page: 2 }],
    FIVE_PAGES,
  ),
  failing(
    {
      id: 'aws/page-two-throttled-for-ever',
      fault: 'Page one is answered, page two throttled at every attempt',
      expected: 'Half a bill is none: the figures stay, and page one is counted as paid.',
    },
    {
      ...COST,
      code: 'throttled',
      says: /throttled the request/,
      advice: /raise the interval/,
      attempts: { success: 1, throttled: 3 },
      cents: 1,
    },
    [{ kind: 'throttle', page: 2 }],
    FIVE_PAGES,
  ),
  gettingOver(
    {
      id: 'aws/page-three-throttled-once',
      fault: 'Page three of five is throttled once',
      expected: 'That page is tried again, not the query: five pages are paid, and the figures are right.',
    },
    {
      ...COST,
      attempts: { success: 5, throttled: 1 },
      cents: 5,
      rules: [{ kind: 'throttle', page: 3, times: 1 }],
    },
    FIVE_PAGES,
  ),
  failing(
    {
      id: 'aws/page-token-refused',
      fault: 'Page two is refused: AWS does not know its token any more',
      expected: 'It is not begun again at once; the figures stay, and page one is counted as paid.',
    },
    {
      ...COST,
      code: 'error',
      says: /refused the token/,
      advice: /first page/,
      attempts: { success: 1, error: 1 },
      cents: 1,
    },
    [
      {
        kind: 'error',
        page: 2,
        type: 'InvalidNextTokenException',
        message: 'The token is too old',
      },
    ],
    FIVE_PAGES,
  ),
  failing(
    {
      id: 'aws/currency-changes-on-page-two',
      fault: 'Page one is in USD, page two in EUR',
      expected: 'Refused: amounts of two currencies are never added, across pages either.',
    },
    {
      ...COST,
      code: 'invalid_response',
      says: /mixes USD and EUR/,
      advice: /next collection/,
      attempts: { success: 2 },
      cents: 2,
    },
    [
      {
        kind: 'mutate',
        page: 2,
        mutate: (body) => JSON.parse(JSON.stringify(body).replaceAll('"USD"', '"EUR"')),
      },
    ],
    FIVE_PAGES,
  ),
];
