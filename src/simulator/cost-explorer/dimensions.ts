import type { Charge } from '../bill/bill-index.ts';
import { instanceType, usageType, usageTypeGroup } from '../bill/usage-types.ts';

/** What Cost Explorer's RECORD_TYPE says of FOCUS's charge categories. */
const RECORD_TYPES: Readonly<Record<string, string>> = {
  Usage: 'Usage',
  Tax: 'Tax',
  Credit: 'Credit',
  Adjustment: 'Refund',
};

function recordType({ row }: Charge): string {
  const description = row.ChargeDescription ?? '';
  if (row.ChargeCategory === 'Purchase') {
    return /savings plan/i.test(description) ? 'SavingsPlanRecurringFee' : 'Fee';
  }
  if (row.ChargeCategory === 'Usage' && /covered by .*savings plan/i.test(description)) {
    return 'SavingsPlanCoveredUsage';
  }
  return RECORD_TYPES[row.ChargeCategory] ?? row.ChargeCategory;
}

/** The value of a charge's tag; empty where it has none, which Cost Explorer does not tell from an empty value. */
export function tagValue({ row }: Charge, key: string): string {
  return Object.hasOwn(row.Tags, key) ? (row.Tags[key] ?? '') : '';
}

/** Reads the value of a charge's tag. */
export type TagReader = (charge: Charge, key: string) => string;

/** As `tagValue`, for an account that has only some keys activated; undefined: all. Other keys are on no charge. */
export function tagReader(activeKeys: readonly string[] | undefined): TagReader {
  if (activeKeys === undefined) return tagValue;
  const active = new Set(activeKeys);
  return (charge, key) => (active.has(key) ? tagValue(charge, key) : '');
}

interface Dimension {
  /** Whether GetCostAndUsage groups by it; all can be filtered by. */
  readonly groups: boolean;
  value(charge: Charge): string;
}

function grouping(value: (charge: Charge) => string): Dimension {
  return { groups: true, value };
}

function filterOnly(value: (charge: Charge) => string): Dimension {
  return { groups: false, value };
}

/** A dimension that a bill in FOCUS's columns does not tell: Cost Explorer's word for "none" throughout. */
function absent(word: string): Dimension {
  return grouping(() => word);
}

/** The dimensions of GetCostAndUsage. */
export const DIMENSIONS: ReadonlyMap<string, Dimension> = new Map(
  Object.entries({
    AZ: absent('NoAZ'),
    BILLING_ENTITY: grouping(() => 'AWS'),
    CACHE_ENGINE: absent('NoCacheEngine'),
    DATABASE_ENGINE: absent('NoDatabaseEngine'),
    DEPLOYMENT_OPTION: absent('NoDeploymentOption'),
    INSTANCE_TYPE: grouping(({ row }) => instanceType(row)),
    INSTANCE_TYPE_FAMILY: grouping(({ row }) => instanceType(row).split('.')[0] ?? ''),
    INVOICING_ENTITY: absent('NoInvoicingEntity'),
    LEGAL_ENTITY_NAME: absent('NoLegalEntityName'),
    LINKED_ACCOUNT: grouping(({ account }) => account),
    LINKED_ACCOUNT_NAME: filterOnly(({ row }) => row.SubAccountName ?? ''),
    OPERATING_SYSTEM: absent('NoOperatingSystem'),
    OPERATION: absent('NoOperation'),
    PAYER_ACCOUNT: filterOnly(({ row }) => row.BillingAccountId),
    PLATFORM: absent('NoPlatform'),
    PURCHASE_TYPE: absent('NoPurchaseType'),
    RECORD_TYPE: grouping(recordType),
    REGION: grouping(({ row }) => row.RegionId ?? 'NoRegion'),
    RESERVATION_ID: absent('NoReservationId'),
    SAVINGS_PLAN_ARN: absent('NoSavingsPlanArn'),
    SAVINGS_PLANS_TYPE: absent('NoSavingsPlansType'),
    SCOPE: absent('NoScope'),
    SERVICE: grouping(({ service }) => service),
    SUBSCRIPTION_ID: filterOnly(() => ''),
    TENANCY: absent('NoTenancy'),
    USAGE_TYPE: grouping(({ row }) => usageType(row)),
    USAGE_TYPE_GROUP: filterOnly(({ row }) => usageTypeGroup(row)),
  }),
);
