import type { Mutation } from '../../mutants/copy.ts';

const PURCHASE = 'src/aws/purchase.ts';
const ERRORS = 'src/aws/aws-errors.ts';
const CLIENTS = 'src/aws/clients.ts';
const HTTP = 'src/aws/http.ts';
const PAGES = 'src/aws/cost-and-usage.ts';

/** How AWS is asked: how often, how long, at what price, by whom. */
export const mutations: readonly Mutation[] = [
  // How often, and for how long, AWS is asked.
  {
    name: 'further attempts within one call',
    file: CLIENTS,
    find: 'maxAttempts: MAX_ATTEMPTS,',
    replace: 'maxAttempts: 1,',
    rows: [
      'aws/throttled-then-answered',
      'aws/http-503-then-answered',
      'aws/reset-then-answered',
      'aws/page-three-throttled-once',
    ],
  },
  {
    name: 'the clock is set right by what AWS says',
    file: CLIENTS,
    find: "retryMode: 'standard',",
    replace: "retryMode: 'standard', disableClockSkewCorrection: async () => true,",
    rows: ['aws/clock-skew-corrected'],
  },
  {
    name: 'timeout of the first byte',
    file: HTTP,
    find: 'requestTimeout: requestMs,',
    replace: 'requestTimeout: 0,',
    rows: ['aws/hangs-before-the-first-byte'],
  },
  {
    name: 'timeout of silence within an answer',
    file: HTTP,
    find: 'socketTimeout: silenceMs,',
    replace: 'socketTimeout: 0,',
    rows: ['aws/stalls-within-the-body'],
  },
  {
    name: 'timeout of a collection',
    file: 'src/collection/runner.ts',
    find: 'setTimeout(() => timeout.abort(), capability.timeoutMs)',
    replace: 'setTimeout(() => {}, capability.timeoutMs)',
    rows: ['aws/drips-without-end'],
  },
  {
    name: 'timeout of STS',
    file: 'src/aws/accounts.ts',
    find: 'setTimeout(() => timeout.abort(), this.#accountMs)',
    replace: 'setTimeout(() => {}, this.#accountMs)',
    rows: ['aws/account-cannot-be-asked'],
  },
  {
    name: 'what is cut off in mid-answer is a timeout',
    file: 'src/aws/meter.ts',
    find: "signal?.aborted ? 'timeout' : resultOf(error)",
    replace: 'resultOf(error)',
    rows: ['aws/drips-without-end'],
  },
  {
    name: 'largest answer',
    file: 'src/aws/bounded-answer.ts',
    find: 'if (size > bytes)',
    replace: 'if (false)',
    rows: ['aws/huge-answer'],
  },
  {
    name: "certificates are AWS's own",
    file: HTTP,
    find: 'handlerWith(limits, new HttpsAgent(KEEP_ALIVE))',
    replace: 'handlerWith(limits, new HttpsAgent({ ...KEEP_ALIVE, rejectUnauthorized: false }))',
    rows: ['aws/tls-of-another-name'],
  },
  // What is paid.
  {
    name: 'what AWS refuses is not paid',
    file: PURCHASE,
    find: ': status === 200);',
    replace: ': true);',
    rows: [
      'aws/throttled-for-ever',
      'aws/http-500-for-ever',
      'aws/redirected',
      'aws/page-two-fails',
      'aws/page-two-throttled-for-ever',
    ],
  },
  {
    name: 'what may have been answered is paid',
    file: PURCHASE,
    find: '!neverSent(error)',
    replace: 'false',
    rows: ['aws/hangs-before-the-first-byte', 'aws/reset-before-the-answer'],
  },
  {
    name: 'what was never sent is not paid',
    file: PURCHASE,
    find: '!neverSent(error)',
    replace: 'true',
    rows: ['aws/endpoint-refuses', 'aws/endpoint-unknown'],
  },
  {
    name: 'no page without its place in the budget',
    file: PURCHASE,
    find: 'await ledger.authorize(buyer, operation);',
    replace: '',
    rows: ['aws/token-without-end-and-a-budget', 'aws/budget-ends-within-a-query'],
  },
  {
    name: 'one run of a collector at a time',
    file: 'src/collection/runner.ts',
    find: "if (this.#running.has(state)) return this.#skip(state, 'running');",
    replace: '',
    rows: ['aws/due-again-while-it-hangs'],
  },
  // Pages.
  {
    name: 'a page token comes once',
    file: 'src/aws/pages.ts',
    find: "if (seen.has(next)) throw invalidResponse('it repeats a page token');",
    replace: '',
    rows: ['aws/token-comes-twice'],
  },
  {
    name: 'most pages of a query',
    file: 'src/aws/pages.ts',
    find: 'for (let count = 0; count < limit; count++)',
    replace: 'for (;;)',
    rows: ['aws/token-without-end'],
  },
  {
    name: 'a query fails with one of its pages',
    file: PAGES,
    find: "throw awsError(error, 'ce:GetCostAndUsage');",
    replace: 'return;',
    rows: ['aws/page-two-fails', 'aws/page-two-throttled-for-ever', 'aws/page-token-refused'],
  },
  // Who the exporter is to AWS.
  {
    name: 'a start without credentials is none that fails',
    file: ERRORS,
    find: 'if (NO_CREDENTIALS.test(name)) {',
    replace: 'if (false) {',
    rows: ['aws/no-credentials'],
  },
  {
    name: 'credentials that were refused are resolved anew',
    file: CLIENTS,
    find: 'if (badCredentials(error)) this.#sts = undefined;',
    replace: '',
    rows: ['aws/credentials-rotated', 'aws/credentials-expired', 'aws/credentials-of-another-account'],
  },
  {
    name: "the credentials file is read anew, past the SDK's memory of it",
    file: CLIENTS,
    find: 'ignoreCache: true',
    replace: 'ignoreCache: false',
    rows: ['aws/credentials-rotated'],
  },
  {
    name: 'a denied role is named as such',
    file: ERRORS,
    find: "? 'sts:AssumeRole' : asked;",
    replace: '? asked : asked;',
    rows: ['aws/role-denied'],
  },
  {
    name: 'the account that the target says',
    file: 'src/aws/accounts.ts',
    find: 'if (expected !== undefined && expected !== accountId) {',
    replace: 'if (false) {',
    rows: ['aws/credentials-of-another-account'],
  },
];
