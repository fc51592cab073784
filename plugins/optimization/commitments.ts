import { wellFormed } from '../../src/collection/words.ts';
import type { Recommendation } from './model.ts';

/**
 * The one combination of term, payment and lookback that commitments are asked for in Cost Explorer. Each further one would
 * be paid for.
 */
export const COMMITMENT = {
  TermInYears: 'ONE_YEAR',
  PaymentOption: 'NO_UPFRONT',
  LookbackPeriodInDays: 'THIRTY_DAYS',
} as const;

/** Services that can be reserved, as Cost Explorer names them, with the hub's word for their reservations. */
export const RESERVABLE: Readonly<Record<string, string>> = {
  'Amazon Elastic Compute Cloud - Compute': 'Ec2ReservedInstances',
  'Amazon Relational Database Service': 'RdsReservedInstances',
  'Amazon ElastiCache': 'ElastiCacheReservedInstances',
  'Amazon Redshift': 'RedshiftReservedInstances',
  'Amazon OpenSearch Service': 'OpenSearchReservedInstances',
};

const WORDS: Readonly<Record<string, string>> = {
  ONE_YEAR: 'for one year',
  THREE_YEARS: 'for three years',
  NO_UPFRONT: 'with no upfront payment',
  PARTIAL_UPFRONT: 'with a partial upfront payment',
  ALL_UPFRONT: 'all paid upfront',
  SEVEN_DAYS: 'from the usage of the last 7 days',
  THIRTY_DAYS: 'from the usage of the last 30 days',
  SIXTY_DAYS: 'from the usage of the last 60 days',
};

/** The combination in words, for documentation. */
export const COMMITMENT_WORDS = Object.values(COMMITMENT)
  .map((word) => WORDS[word])
  .join(', ');

/** What a commitment is for: AWS names no resource. */
type What = Pick<Recommendation, 'resource' | 'product' | 'region'>;

/** Instance types and families: `m5`, `m5.large`, `db.r6g.large`, `cache.t3.micro`, `m5.large.search`. */
const PRODUCT = /^(?:(?:db|cache)\.)?[a-z]{1,4}\d[a-z0-9-]*(?:\.[a-z0-9-]+)*$/i;
/** Words of a summary that tell nothing of what is bought, beside amounts and counts, which change daily. */
const EMPTY_WORDS =
  /^(?:a|an|the|in|for|of|per|at|and|with|hour|hourly|commitment|reserved|instances?|nodes?|savings|plans?)$/i;

/** What one of the hub's commitments is for, from its region and its summary, a text of no documented form. */
export function describeSummary(summary: string, region: string | null): What {
  const words = wellFormed(summary)
    .split(/[\s,;]+/)
    .filter((word) => /^[a-z(]/i.test(word) && !EMPTY_WORDS.test(word) && word !== region);
  const product = words.find((word) => PRODUCT.test(word));
  return describe(
    product,
    words.filter((word) => word !== product),
    region,
  );
}

/** What a reservation is for, from the service's own details of it. */
export function describeInstance(
  details: Record<string, Record<string, unknown> | undefined> | undefined,
): What {
  const [facts = {}] = Object.values(details ?? {});
  const textOf = (name: string) => {
    const value = facts[name];
    return typeof value === 'string' && value !== '' ? wellFormed(value) : undefined;
  };
  const bySize = [textOf('InstanceClass'), textOf('InstanceSize')].filter((word) => word !== undefined);
  const product =
    textOf('InstanceType') ?? textOf('NodeType') ?? (bySize.join('.') || undefined) ?? textOf('Family');
  const told = ['InstanceType', 'NodeType', 'InstanceClass', 'InstanceSize', 'Family', 'Region'];
  // In the order of their names, which is not AWS's to change.
  const others = Object.keys(facts)
    .filter((name) => !told.includes(name))
    .toSorted()
    .flatMap((name) => textOf(name) ?? []);
  return describe(product, others, textOf('Region') ?? null);
}

/** What Savings Plans are for: those of EC2 instances are for a family in a region, the others for all usage. */
export function describePlan(details: { Region?: string; InstanceFamily?: string } | undefined): What {
  return describe(details?.InstanceFamily, [], details?.Region ?? null);
}

function describe(product: string | undefined, others: readonly string[], region: string | null): What {
  // One service's names end in a word that not every source has.
  const short = product?.replace(/\.(?:search|elasticsearch)$/, '') ?? null;
  return {
    resource: [short, ...others, region].filter((word) => word !== null && word !== '').join(' '),
    product: short,
    region,
  };
}
