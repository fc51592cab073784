import type { Mutation } from '../mutants/copy.ts';
import { mutations as aws } from './mutations/aws.ts';
import { mutations as awsAnswers } from './mutations/aws-answers.ts';
import { mutations as configuration } from './mutations/configuration.ts';
import { mutations as http } from './mutations/http.ts';
import { mutations as process } from './mutations/process.ts';
import { mutations as store } from './mutations/store.ts';

/** The guards that the rows of the matrix test. */
export const MUTATIONS: readonly Mutation[] = [
  ...aws,
  ...awsAnswers,
  ...store,
  ...process,
  ...http,
  ...configuration,
];
