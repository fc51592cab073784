import { existsSync } from 'node:fs';
import t from 'tap';
import { generateBill, readFocusFile, type Simulator } from '../../src/simulator/index.ts';
import { NOW, now, start } from './helper.ts';
import { modelCall } from './model-call.ts';
import { loadModels, type Model, type ServiceName } from './models.ts';
import { checkShape } from './shape-check.ts';
import { type GoodRequest, goodRequests, type Known } from './shape-requests.ts';
import { violations } from './shape-violations.ts';

/** Making the Python environment takes a while, once. */
const LONG = { timeout: 240_000 };

type Models = Record<ServiceName, Model>;

/** Errors that AWS documents for all services and no model lists. */
const COMMON_ERRORS = [
  'AccessDenied',
  'AccessDeniedException',
  'SerializationException',
  'ValidationError',
  'ValidationException',
];

/** Where each operation has its page token, in requests and answers alike. */
const TOKENS: Readonly<Record<string, string>> = {
  GetConsolidatedReport: 'NextToken',
  GetCostAndUsage: 'NextPageToken',
  GetReservationPurchaseRecommendation: 'NextPageToken',
  GetResources: 'PaginationToken',
  GetRightsizingRecommendation: 'NextPageToken',
  GetSavingsPlansPurchaseRecommendation: 'NextPageToken',
  ListCostAllocationTags: 'NextToken',
  ListEnrollmentStatuses: 'nextToken',
  ListLensReviews: 'NextToken',
  ListRecommendationSummaries: 'nextToken',
  ListRecommendations: 'nextToken',
  ListWorkloads: 'NextToken',
};

/** Parameters that the simulator does not take, though the model has them. */
const NOT_TAKEN: readonly string[] = [
  'GetCostAndUsage.BillingViewArn',
  'GetCostForecast.BillingViewArn',
  'ListLensReviews.MilestoneNumber',
  'GetLensReview.MilestoneNumber',
  'AssumeRole.MinimumSessionTokenSize',
  'AssumeRole.PolicyArns',
  'AssumeRole.Policy',
  'AssumeRole.Tags',
  'AssumeRole.TransitiveTagKeys',
  'AssumeRole.SerialNumber',
  'AssumeRole.TokenCode',
  'AssumeRole.SourceIdentity',
  'AssumeRole.ProvidedContexts',
];

t.setTimeout(LONG.timeout);
let loaded: ReturnType<typeof loadModels> | undefined;

/** The models, read once; the first test that asks may wait for a Python environment to be made. */
function read(t: Parameters<typeof loadModels>[0]) {
  loaded ??= loadModels(t);
  return loaded;
}

const bill = generateBill({ seed: 11, today: NOW, days: 75 });

async function know(simulator: Simulator, all: Models): Promise<Known> {
  const { body } = await modelCall(simulator, all.wellarchitected, {
    service: 'wellarchitected',
    operation: 'ListWorkloads',
    input: {},
  });
  const text = JSON.stringify(body);
  return {
    workload: /"WorkloadId":"(\w+)"/.exec(text)?.[1] ?? '',
    lens: /"(arn:aws:wellarchitected:[^"]+:lens[^"]+)"/.exec(text)?.[1] ?? '',
    arn: 'arn:aws:s3:::data-0',
  };
}

/** All pages of a request; each must be what the model says. */
async function checkPages(simulator: Simulator, model: Model, request: GoodRequest): Promise<string[]> {
  const { operation } = request;
  const shapes = model.operations[operation];
  const problems = checkShape(model, shapes?.input?.shape ?? '', request.input, 'input');
  let { input } = request;
  for (let pages = 0; pages < 200; pages++) {
    const answer = await modelCall(simulator, model, { ...request, input });
    if (answer.status !== 200) return [...problems, `${answer.status} ${JSON.stringify(answer.body)}`];
    if (shapes?.output === undefined) return [...problems, 'no output shape'];
    problems.push(...checkShape(model, shapes.output.shape, answer.body, 'output'));
    const field = TOKENS[operation] ?? '';
    const token = answer.body[field];
    if (typeof token !== 'string' || token === '') return problems;
    input = { ...request.input, [field]: token };
    problems.push(...checkShape(model, shapes.input?.shape ?? '', input, 'input'));
  }
  return [...problems, 'it does not end'];
}

t.test("every answer is what AWS's service models say", LONG, async (t) => {
  const models = await read(t);
  if (models === undefined) return;
  for (const pageSize of [5000, 3]) {
    const simulator = await start(t, { bill, now, pageSize });
    for (const request of goodRequests(await know(simulator, models))) {
      // Thousands of small pages are no other shapes than a few.
      if (pageSize === 3 && request.operation === 'GetCostAndUsage') continue;
      const problems = await checkPages(simulator, models[request.service], request);
      t.strictSame(problems.slice(0, 5), [], `${request.operation} ${JSON.stringify(request.input)}`);
    }
  }
});

t.test('the requests above have every parameter that there is', LONG, async (t) => {
  const models = await read(t);
  if (models === undefined) return;
  const given = new Set<string>();
  const asked = new Set<string>();
  for (const { service, operation, input } of goodRequests({ workload: '', lens: '', arn: '' })) {
    for (const name of Object.keys(input)) given.add(`${operation}.${name}`);
    const shape = models[service].operations[operation]?.input?.shape ?? '';
    for (const name of Object.keys(models[service].shapes[shape]?.members ?? {})) {
      if (name !== TOKENS[operation]) asked.add(`${operation}.${name}`);
    }
  }
  t.strictSame(
    [...asked].filter((name) => !given.has(name) && !NOT_TAKEN.includes(name)),
    [],
  );
});

t.test("what AWS's service models forbid is refused", LONG, async (t) => {
  const models = await read(t);
  if (models === undefined) return;
  const simulator = await start(t, { bill, now });
  let count = 0;
  for (const request of goodRequests(await know(simulator, models))) {
    const { service, operation, input } = request;
    const model = models[service];
    const own = (model.operations[operation]?.errors ?? []).map(({ shape }) => shape);
    const accepted: string[] = [];
    for (const wrong of violations(model, operation, input, service !== 'sts')) {
      const answer = await modelCall(simulator, model, { ...request, input: wrong.input });
      count++;
      const isRefused = answer.status >= 400 && answer.status < 500;
      const isKnown = [...own, ...COMMON_ERRORS].includes(answer.error ?? '');
      if (!isRefused || !isKnown) accepted.push(`${wrong.what} -> ${answer.status} ${answer.error}`);
    }
    t.strictSame(accepted, [], `${operation} ${JSON.stringify(input)}`);
  }
  t.ok(count > 500, `${count} wrong requests`);
});

t.test('the check finds what is wrong', LONG, async (t) => {
  const models = await read(t);
  if (models === undefined) return;
  const simulator = await start(t, { bill, now });
  const request: GoodRequest = {
    service: 'cost-optimization-hub',
    operation: 'ListRecommendations',
    input: {},
  };
  const cases: [change: Record<string, unknown>, problem: RegExp][] = [
    [{ estimatedMonthlySavings: '12.5' }, /estimatedMonthlySavings: "12.5" is no number/],
    [{ savings: 1 }, /savings: unknown member/],
    [{ source: 'Hub' }, /source: 'Hub' is not in the enum/],
    [{ tags: [] }, /tags: 0 members/],
    [{ lastRefreshTimestamp: '2026-03-15' }, /lastRefreshTimestamp: .* is no timestamp/],
    [{ recommendationLookbackPeriodInDays: 1.5 }, /is no integer/],
  ];
  for (const [change, problem] of cases) {
    simulator.faults.clear();
    simulator.faults.add({ kind: 'mutate', mutate: (body) => ({ ...body, items: [change] }) });
    t.match(await checkPages(simulator, models[request.service], request), [problem]);
  }
  t.match(checkShape(models.ce, 'CostAllocationTag', { TagKey: 'a' }, 'x'), [
    /x.Type: missing/,
    /x.Status: missing/,
  ]);
});

const SAMPLE = new URL('../../../shared/data/focus_1_0_aws_sample.csv.gz', import.meta.url).pathname;
/** What the check says of an account id of 11 or 13 digits. */
const ACCOUNT_ID = /(accountId|Account|Owner): ('\d+' does not match|1[13] characters)/;
const skip = existsSync(SAMPLE) ? false : 'the FOCUS sample is not here';

t.test('the FOCUS sample: the shapes hold but for its account ids', { ...LONG, skip }, async (t) => {
  const models = await read(t);
  if (models === undefined) return;
  const simulator = await start(t, { bill: await readFocusFile(SAMPLE, { today: NOW }), now });
  const requests = goodRequests({ workload: '0'.repeat(32), lens: 'x', arn: 'arn:aws:s3:::x' });
  for (const request of requests) {
    if (['GetLensReview', 'ListLensReviews', 'AssumeRole'].includes(request.operation)) continue;
    const problems = await checkPages(simulator, models[request.service], request);
    // They have 11 and 13 digits, where AWS's have 12.
    const others = problems.filter((problem) => !ACCOUNT_ID.test(problem));
    t.strictSame(others.slice(0, 5), [], `${request.operation} ${JSON.stringify(request.input)}`);
  }
});
