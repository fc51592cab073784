import { setFlagsFromString } from 'node:v8';

/** How long V8 is to shrink the heap after work, in milliseconds: it needs some looks, eight seconds apart. */
export const SHRINKING_MS = 30_000;

/** Works under way, and all that have begun so far. */
let [working, begun] = [0, 0];

/**
 * Runs work that fills the heap, and lets V8 give memory back when the last such work of the process has ended.
 *
 * V8 collects garbage when it needs room, not when there is some: a process that does nothing for an hour keeps for that hour all that
 * a collection has left behind, three times of what it needs. With `optimize_for_size` V8 shrinks the heap within some seconds after
 * the work, step by step, without a long pause. It is off at all other times: it makes the work take twice as long, and an answer of
 * REST a fifth longer.
 */
export async function withRoomyHeap<Result>(work: () => Promise<Result>): Promise<Result> {
  working++;
  begun++;
  setFlagsFromString('--no-optimize-for-size');
  try {
    return await work();
  } finally {
    if (--working === 0) {
      setFlagsFromString('--optimize-for-size');
      const last = begun;
      const end = () => {
        if (last === begun) setFlagsFromString('--no-optimize-for-size');
      };
      setTimeout(end, SHRINKING_MS).unref();
    }
  }
}
