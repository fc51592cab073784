import { mutations as aws } from './mutations/aws.ts';
import { mutations as awsAnswers } from './mutations/aws-answers.ts';
import { mutations as configuration } from './mutations/configuration.ts';
import { mutations as http } from './mutations/http.ts';
import { mutations as process } from './mutations/process.ts';
import { mutations as store } from './mutations/store.ts';

/** The removal of one guard of the program. */
export interface Mutation {
  /** What the guard is, as docs/faults.md names it. */
  readonly name: string;
  /** A file of src, plugins or routes, from the checkout's folder. */
  readonly file: string;
  /** Text that is in the file exactly once. */
  readonly find: string;
  /** What stands there without the guard. */
  readonly replace: string;
  /** Ids of the rows that must fail without it. */
  readonly rows: readonly string[];
}

/** The guards that the rows of the matrix test. */
export const MUTATIONS: readonly Mutation[] = [
  ...aws,
  ...awsAnswers,
  ...store,
  ...process,
  ...http,
  ...configuration,
];
