import { parentPort } from 'node:worker_threads';
import { compareSync } from 'bcryptjs';

/** One check that a worker is asked for. */
export interface PasswordCheck {
  readonly id: number;
  readonly password: string;
  readonly hash: string;
}

parentPort?.on('message', ({ id, password, hash }: PasswordCheck) => {
  parentPort?.postMessage({ id, right: compareSync(password, hash) });
});
