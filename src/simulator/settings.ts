/** What an account can switch on and off without IAM: the same for every caller of a simulator. */
export interface Settings {
  /**
   * The activated cost allocation tag keys. Cost Explorer has all charges untagged under any other key. Undefined: every
   * key in the bill's tags.
   */
  readonly activeTagKeys: readonly string[] | undefined;
  /** Whether the accounts are enrolled in Cost Optimization Hub. */
  readonly hubEnrolled: boolean;
  /** Whether Cost Optimization Hub's figures count Savings Plans and other discounts. */
  readonly savingsEstimationMode: 'AfterDiscounts' | 'BeforeDiscounts';
}

/** As an account has them whose owner has seen to cost once: everything on. */
const DEFAULTS: Settings = {
  activeTagKeys: undefined,
  hubEnrolled: true,
  savingsEstimationMode: 'AfterDiscounts',
};

/** Settings with changes; without `settings`, the defaults with changes. */
export function settingsWith(changes: Partial<Settings> = {}, settings = DEFAULTS): Settings {
  return { ...settings, ...changes };
}
