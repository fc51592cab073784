/** Ids of the accounts that a cost snapshot is about, read without trusting its shape. */
export function linkedAccounts(cost: unknown): string[] {
  if (typeof cost !== 'object' || cost === null || !('accounts' in cost) || !Array.isArray(cost.accounts))
    return [];
  return cost.accounts.flatMap((account) => (typeof account?.id === 'string' ? [account.id] : []));
}
