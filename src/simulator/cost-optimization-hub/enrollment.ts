import { constraintError, validationError } from '../errors.ts';
import { readObject, readOptionalBoolean, readOptionalInteger, readOptionalString } from '../input.ts';
import { page } from '../paging.ts';
import type { Operation } from '../service.ts';
import { checkEnrolled } from './hub-recommendations.ts';

const LIST = 'ListEnrollmentStatuses';
const FIELDS = ['includeOrganizationInfo', 'accountId', 'nextToken', 'maxResults'];
const MOST_RESULTS = 100;
const ACCOUNT_ID = /^[0-9]{12}$/;
/** When the accounts were enrolled, seconds since the epoch: a fixed moment in the past. */
const ENROLLED_AT = Date.UTC(2024, 0, 15) / 1000;

/**
 * `cost-optimization-hub:ListEnrollmentStatuses`: the caller's own account; with `includeOrganizationInfo` the
 * organization's accounts, with `accountId` one of them, both for the payer alone.
 */
export const listEnrollmentStatuses: Operation = {
  name: LIST,
  handle(input, context) {
    readObject(input, 'listEnrollmentStatusesRequest', FIELDS);
    const { caller, settings, bill } = context;
    const organization =
      readOptionalBoolean(input.includeOrganizationInfo, 'includeOrganizationInfo') ?? false;
    const wanted = readOptionalString(input.accountId, 'accountId');
    if (wanted !== undefined && !ACCOUNT_ID.test(wanted)) {
      const rule = 'Member must satisfy regular expression pattern: [0-9]{12}';
      throw constraintError(wanted, 'accountId', rule);
    }
    const isPayer = caller.accountId === bill.payer;
    if ((organization || (wanted ?? caller.accountId) !== caller.accountId) && !isPayer) {
      throw validationError('Only the management account can read the enrollment of other accounts');
    }
    const size = readOptionalInteger(input.maxResults, 'maxResults', 0, MOST_RESULTS) || MOST_RESULTS;
    const query = { operation: LIST, input, tokenField: 'nextToken', size };
    const { items, token } = page(query, context, (bill) => {
      const accounts = organization ? [...bill.accounts.keys()] : [caller.accountId];
      return wanted === undefined ? accounts : [...bill.accounts.keys()].filter((id) => id === wanted);
    });
    return {
      items: items.map((accountId) => ({
        accountId,
        status: settings.hubEnrolled ? 'Active' : 'Inactive',
        ...(settings.hubEnrolled ? { lastUpdatedTimestamp: ENROLLED_AT, createdTimestamp: ENROLLED_AT } : {}),
      })),
      ...(isPayer ? { includeMemberAccounts: settings.hubEnrolled } : {}),
      nextToken: token,
    };
  },
};

/** `cost-optimization-hub:GetPreferences`. */
export const getPreferences: Operation = {
  name: 'GetPreferences',
  handle(input, context) {
    readObject(input, 'getPreferencesRequest', []);
    checkEnrolled(context);
    return {
      savingsEstimationMode: context.settings.savingsEstimationMode,
      memberAccountDiscountVisibility: 'All',
      preferredCommitment: { term: 'OneYear', paymentOption: 'NoUpfront' },
    };
  },
};
