import type { CollectContext, Collected } from '../../src/collection/capability.ts';
import { CollectionError, type FailedPart, publicCause } from '../../src/errors.ts';
import { consolidated } from './consolidated.ts';
import { reviewed } from './lens-reviews.ts';
import type { RegionData, WellArchitectedData, Workload } from './model.ts';
import { listWorkloads, type WorkloadSummary } from './workloads.ts';

/**
 * Collects the workloads of every region of the target: from the consolidated report, or review by review where that is
 * denied. A region that fails keeps its last good workloads.
 *
 * @throws {CollectionError} where every region fails.
 */
export async function collectWellArchitected(
  context: CollectContext<WellArchitectedData>,
): Promise<Collected<WellArchitectedData>> {
  const { aws, previous, startedAt, signal } = context;
  const failed: FailedPart[] = [];
  const passedOver: FailedPart[] = [];
  const regions: RegionData[] = [];
  let failedRegions = 0;
  for (const region of aws.regions) {
    const note = (part: string, error: CollectionError) =>
      passedOver.push({ part: `${region}: ${part}`, cause: publicCause(error), error });
    try {
      const workloads = await workloadsIn(context, region, note);
      regions.push({ region, collectedAt: new Date(startedAt).toISOString(), workloads });
    } catch (error) {
      if (signal.aborted || !(error instanceof CollectionError)) throw error;
      failedRegions++;
      if (failedRegions === aws.regions.length) throw error;
      failed.push({ part: region, cause: publicCause(error), error });
      const kept = previous?.data.regions.find((entry) => entry.region === region);
      if (kept !== undefined) regions.push(kept);
    }
  }
  return { data: { regions, consoleHost: aws.partition.consoleHost }, failed, passedOver };
}

async function workloadsIn(
  context: CollectContext<WellArchitectedData>,
  region: string,
  note: (part: string, error: CollectionError) => void,
): Promise<Workload[]> {
  const client = context.aws.wellArchitected(region);
  const { signal } = context;
  const summaries = await orDenied(listWorkloads(client, signal), (error) => note('ListWorkloads', error));
  const report = await orDenied(consolidated(client, signal), (error) => {
    if (summaries === undefined) throw error;
    note('GetConsolidatedReport', error);
  });
  if (report !== undefined) return report.map((workload) => complete(workload, region, summaries));
  return Promise.all(
    (summaries ?? []).map(async (summary) => ({
      ...summary,
      region,
      lenses: await reviewed(client, summary.id, signal),
    })),
  );
}

/** What the report lacks, from the list of workloads where that may be asked. */
function complete(
  workload: Omit<Workload, 'region' | 'improvementStatus'>,
  region: string,
  summaries: readonly WorkloadSummary[] | undefined,
): Workload {
  const summary = summaries?.find(({ arn }) => arn === workload.arn);
  return {
    ...workload,
    region,
    improvementStatus: summary?.improvementStatus ?? null,
    updatedAt: workload.updatedAt ?? summary?.updatedAt ?? null,
  };
}

async function orDenied<Result>(
  work: Promise<Result>,
  onDenied: (error: CollectionError) => void,
): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof CollectionError) || error.code !== 'access_denied') throw error;
    onDenied(error);
    return undefined;
  }
}
