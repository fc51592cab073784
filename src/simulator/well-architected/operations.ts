import type { BillIndex } from '../bill/bill-index.ts';
import type { Caller } from '../credentials.ts';
import { AwsError, constraintError, validationError } from '../errors.ts';
import {
  type JsonObject,
  readEnum,
  readObject,
  readOptionalBoolean,
  readOptionalInteger,
  readOptionalString,
  readString,
  readText,
} from '../input.ts';
import { page } from '../paging.ts';
import type { Operation, OperationContext } from '../service.ts';
import { type LensReview, riskCounts, risksOf, risksOfLens, type Workload, workloads } from './workloads.ts';

const MOST_IN_REPORT = 15;
const MOST_IN_LIST = 50;
const WORKLOAD_ID = /^[0-9a-f]{32}$/;
const TOKEN = /^[A-Za-z0-9+/=_-]+$/;

function visible(bill: BillIndex, now: Date, { accountId, region }: Caller): readonly Workload[] {
  return workloads(bill, now).filter(
    (item) => item.region === region && (item.owner === accountId || item.sharedWith.includes(accountId)),
  );
}

function checkToken(input: JsonObject): void {
  const token = readOptionalString(input.NextToken, 'nextToken');
  if (token === undefined || TOKEN.test(token)) return;
  throw constraintError(
    token,
    'nextToken',
    `Member must satisfy regular expression pattern: ${TOKEN.source}`,
  );
}

/** The workload that a request names. Throws ResourceNotFoundException where the caller has none of that id here. */
function find(input: JsonObject, context: OperationContext): Workload {
  const id = readString(input.WorkloadId, 'workloadId');
  if (!WORKLOAD_ID.test(id)) {
    throw constraintError(id, 'workloadId', `Member must satisfy regular expression pattern: [0-9a-f]{32}`);
  }
  const milestone = readOptionalInteger(input.MilestoneNumber, 'milestoneNumber', 1, 100);
  const found = visible(context.bill, context.now, context.caller).find((item) => item.id === id);
  if (found !== undefined && milestone === undefined) return found;
  const what = found === undefined ? `Workload ${id}` : `Milestone ${milestone} of workload ${id}`;
  throw new AwsError('ResourceNotFoundException', `${what} was not found`, 404);
}

function metric(workload: Workload): JsonObject {
  return {
    MetricType: 'WORKLOAD',
    RiskCounts: riskCounts(risksOf(workload)),
    WorkloadId: workload.id,
    WorkloadName: workload.name,
    WorkloadArn: workload.arn,
    UpdatedAt: workload.updatedAt,
    Lenses: workload.reviews.map(({ lens, pillars }) => ({
      LensArn: lens.arn,
      Pillars: pillars.map(({ pillar, risks }) => ({
        PillarId: pillar.id,
        RiskCounts: riskCounts(risks),
        // The questions that have been found to be risks.
        Questions: risks.flatMap((risk, i) =>
          risk === 'HIGH' || risk === 'MEDIUM'
            ? [
                {
                  QuestionId: `${pillar.id}-${i + 1}`,
                  Risk: risk,
                  BestPractices: [
                    {
                      ChoiceId: `${pillar.id}_${i + 1}_1`.slice(0, 64),
                      ChoiceTitle: `${pillar.name}, practice 1`,
                    },
                  ],
                },
              ]
            : [],
        ),
      })),
      RiskCounts: riskCounts(pillars.flatMap(({ risks }) => risks)),
    })),
    LensesAppliedCount: workload.reviews.length,
  };
}

/** `wellarchitected:GetConsolidatedReport`, as JSON: the simulator makes no PDF. */
export const getConsolidatedReport: Operation = {
  name: 'GetConsolidatedReport',
  handle(input, context) {
    readObject(input, 'getConsolidatedReportInput', [
      'Format',
      'IncludeSharedResources',
      'NextToken',
      'MaxResults',
    ]);
    const format = readEnum(input.Format, 'format', ['PDF', 'JSON']);
    if (format === 'PDF') throw validationError('The simulator makes no reports in PDF');
    const shared = readOptionalBoolean(input.IncludeSharedResources, 'includeSharedResources') ?? false;
    const size = readOptionalInteger(input.MaxResults, 'maxResults', 1, MOST_IN_REPORT) ?? MOST_IN_REPORT;
    checkToken(input);
    const query = { operation: 'GetConsolidatedReport', input, tokenField: 'NextToken', size };
    const { items, token } = page(query, context, (bill, now) =>
      visible(bill, now, context.caller).filter(({ owner }) => shared || owner === context.caller.accountId),
    );
    return { Metrics: items.map(metric), NextToken: token };
  },
};

/** `wellarchitected:ListWorkloads`: the caller's own and those that are shared with it. */
export const listWorkloads: Operation = {
  name: 'ListWorkloads',
  handle(input, context) {
    readObject(input, 'listWorkloadsInput', ['WorkloadNamePrefix', 'NextToken', 'MaxResults']);
    const prefix =
      input.WorkloadNamePrefix === undefined || input.WorkloadNamePrefix === null
        ? ''
        : readText(input.WorkloadNamePrefix, 'workloadNamePrefix', 0, 100);
    const size = readOptionalInteger(input.MaxResults, 'maxResults', 1, MOST_IN_LIST) ?? MOST_IN_LIST;
    checkToken(input);
    const query = { operation: 'ListWorkloads', input, tokenField: 'NextToken', size };
    const { items, token } = page(query, context, (bill, now) =>
      visible(bill, now, context.caller).filter(({ name }) => name.startsWith(prefix)),
    );
    return {
      WorkloadSummaries: items.map((workload) => ({
        WorkloadId: workload.id,
        WorkloadArn: workload.arn,
        WorkloadName: workload.name,
        Owner: workload.owner,
        UpdatedAt: workload.updatedAt,
        Lenses: workload.reviews.map(({ lens }) => lens.alias),
        RiskCounts: riskCounts(risksOf(workload)),
        ImprovementStatus: workload.improvementStatus,
      })),
      NextToken: token,
    };
  },
};

function summary(workload: Workload, review: LensReview): JsonObject {
  const { lens } = review;
  return {
    LensAlias: lens.alias,
    LensArn: lens.arn,
    LensVersion: lens.version,
    LensName: lens.name,
    LensStatus: 'CURRENT',
    UpdatedAt: workload.updatedAt,
    RiskCounts: riskCounts(risksOfLens(review)),
  };
}

/** `wellarchitected:ListLensReviews`. */
export const listLensReviews: Operation = {
  name: 'ListLensReviews',
  handle(input, context) {
    readObject(input, 'listLensReviewsInput', ['WorkloadId', 'MilestoneNumber', 'NextToken', 'MaxResults']);
    const size = readOptionalInteger(input.MaxResults, 'maxResults', 1, MOST_IN_LIST) ?? MOST_IN_LIST;
    checkToken(input);
    const workload = find(input, context);
    const query = { operation: 'ListLensReviews', input, tokenField: 'NextToken', size };
    const { items, token } = page(query, context, () => workload.reviews);
    return {
      WorkloadId: workload.id,
      LensReviewSummaries: items.map((review) => summary(workload, review)),
      NextToken: token,
    };
  },
};

/** `wellarchitected:GetLensReview`, by alias or ARN. */
export const getLensReview: Operation = {
  name: 'GetLensReview',
  handle(input, context) {
    readObject(input, 'getLensReviewInput', ['WorkloadId', 'LensAlias', 'MilestoneNumber']);
    const alias = readText(input.LensAlias, 'lensAlias', 1, 128);
    const workload = find(input, context);
    const review = workload.reviews.find(({ lens }) => lens.alias === alias || lens.arn === alias);
    if (review === undefined) {
      const message = `Lens ${alias} is not applied to workload ${workload.id}`;
      throw new AwsError('ResourceNotFoundException', message, 404);
    }
    return {
      WorkloadId: workload.id,
      LensReview: {
        ...summary(workload, review),
        PillarReviewSummaries: review.pillars.map(({ pillar, risks }) => ({
          PillarId: pillar.id,
          PillarName: pillar.name,
          RiskCounts: riskCounts(risks),
        })),
      },
    };
  },
};
