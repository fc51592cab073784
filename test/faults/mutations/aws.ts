import type { Mutation } from '../mutations.ts';

export const mutations: readonly Mutation[] = [
  {
    name: 'attempts within one call',
    file: 'src/aws/clients.ts',
    find: 'maxAttempts: MAX_ATTEMPTS,',
    replace: 'maxAttempts: 1,',
    rows: ['aws/throttled-for-ever'],
  },
];
