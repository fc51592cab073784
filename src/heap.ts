import { setFlagsFromString } from 'node:v8';

let working = 0;

/**
 * Runs work that fills the heap, and lets V8 give memory back when the last such work of the process has ended.
 *
 * V8 collects garbage when it needs room, not when there is some: a process that does nothing for an hour keeps for that hour all that
 * a collection has left behind, three times of what it needs. With `optimize_for_size` V8 shrinks the heap a few seconds after the
 * work, step by step, without a long pause; during the work it is off, since it would make it take twice as long.
 */
export async function withRoomyHeap<Result>(work: () => Promise<Result>): Promise<Result> {
  if (working++ === 0) setFlagsFromString('--no-optimize-for-size');
  try {
    return await work();
  } finally {
    if (--working === 0) setFlagsFromString('--optimize-for-size');
  }
}
