import { resourceArn } from '../arns.ts';
import { type BillIndex, linkedAccount } from '../bill/bill-index.ts';

/** A resource that has tags or had some. */
export interface TaggedResource {
  readonly arn: string;
  readonly account: string;
  readonly region: string;
  /** The tags of its last charge. */
  readonly tags: ReadonlyMap<string, string>;
}

/** Services whose resources belong to no region; their tags are told in us-east-1. */
const GLOBAL = /^arn:[^:]*:(cloudfront|route53|globalaccelerator|organizations|waf):/;
/** IAM is not among the tagging API's services. */
const NOT_LISTED = /^arn:[^:]*:iam:/;
const HOME_REGION = 'us-east-1';

interface Latest {
  readonly resource: TaggedResource;
  readonly at: string;
}

function collect(bill: BillIndex, now: string): readonly TaggedResource[] {
  const latest = new Map<string, Latest>();
  for (const row of bill.rows) {
    const arn = resourceArn(row);
    if (arn === undefined || row.ChargePeriodStart > now || NOT_LISTED.test(arn)) continue;
    const before = latest.get(arn);
    const tags = Object.entries(row.Tags);
    if (before === undefined && tags.length === 0) continue;
    if (before !== undefined && before.at > row.ChargePeriodStart) continue;
    latest.set(arn, {
      at: row.ChargePeriodStart,
      resource: {
        arn,
        account: linkedAccount(row),
        region: GLOBAL.test(arn) ? HOME_REGION : (row.RegionId ?? HOME_REGION),
        tags: new Map(tags),
      },
    });
  }
  return [...latest.values()].map(({ resource }) => resource).sort((a, b) => (a.arn < b.arn ? -1 : 1));
}

const kept = new WeakMap<
  BillIndex,
  { readonly hour: string; readonly resources: readonly TaggedResource[] }
>();

/**
 * The resources of a bill that are tagged, or were at an earlier charge, by ARN. Charges of the current hour and later
 * have not happened.
 */
export function taggedResources(bill: BillIndex, now: Date): readonly TaggedResource[] {
  const hour = `${now.toISOString().slice(0, 13)}:00:00Z`;
  const known = kept.get(bill);
  if (known?.hour === hour) return known.resources;
  const resources = collect(bill, hour);
  kept.set(bill, { hour, resources });
  return resources;
}
