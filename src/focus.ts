/**
 * One charge row of a bill in the FinOps FOCUS 1.0 column names, reduced to the columns that this project reads.
 * Amounts stay decimal strings, exactly as the file has them: whoever computes decides how.
 * Source: FOCUS 1.0 specification, https://focus.finops.org/.
 */
export interface FocusRow {
  /** Start of the charge, ISO 8601 UTC, inclusive. */
  ChargePeriodStart: string;
  /** End of the charge, ISO 8601 UTC, exclusive. */
  ChargePeriodEnd: string;
  /** Start of the invoice month, ISO 8601 UTC, inclusive. */
  BillingPeriodStart: string;
  /** What is invoiced for the row, in `BillingCurrency`; negative for credits. A decimal string. */
  BilledCost: string;
  /** The amortized cost of the row, in `BillingCurrency`. A decimal string. */
  EffectiveCost: string;
  /** ISO 4217 code. */
  BillingCurrency: string;
  /** The payer. */
  BillingAccountId: string;
  BillingAccountName: string | null;
  /** The account that used the service (Cost Explorer's LINKED_ACCOUNT). */
  SubAccountId: string | null;
  SubAccountName: string | null;
  /** `Usage`, `Purchase`, `Tax`, `Credit` or `Adjustment`. */
  ChargeCategory: string;
  ChargeDescription: string | null;
  ServiceName: string;
  RegionId: string | null;
  ResourceId: string | null;
  /** Tag key to tag value. */
  Tags: Readonly<Record<string, string>>;
}
