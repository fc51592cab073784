import { setImmediate as turn } from 'node:timers/promises';
import { RedisStore } from '../../src/collection/redis-store.ts';
import { Runner } from '../../src/collection/runner.ts';

/** What the exporters of this process have under way. */
const underWay = new Set<Promise<unknown>>();

function watched<T>(work: Promise<T>): Promise<T> {
  const entry: Promise<unknown> = work.catch(() => {}).finally(() => underWay.delete(entry));
  underWay.add(entry);
  return work;
}

let watching = false;

/** From now on `idle` knows of everything that a runner or a store of this process does. Nothing of it is done otherwise. */
export function watch(): void {
  if (watching) return;
  watching = true;
  const { run, restore, takeOver, adopt, newDay } = Runner.prototype;
  const { look } = RedisStore.prototype;
  Object.assign(Runner.prototype, {
    run(this: Runner, ...given: Parameters<Runner['run']>) {
      return watched(run.apply(this, given));
    },
    restore(this: Runner, ...given: Parameters<Runner['restore']>) {
      return watched(restore.apply(this, given));
    },
    takeOver(this: Runner, ...given: Parameters<Runner['takeOver']>) {
      return watched(takeOver.apply(this, given));
    },
    adopt(this: Runner, ...given: Parameters<Runner['adopt']>) {
      return watched(adopt.apply(this, given));
    },
    newDay(this: Runner, ...given: Parameters<Runner['newDay']>) {
      return watched(newDay.apply(this, given));
    },
  } satisfies Partial<Record<keyof Runner, unknown>>);
  Object.assign(RedisStore.prototype, {
    look(this: RedisStore, ...given: Parameters<RedisStore['look']>) {
      return watched(look.apply(this, given));
    },
  } satisfies Partial<Record<keyof RedisStore, unknown>>);
}

/** Resolves when nothing is under way, and nothing has followed from what was. */
export async function idle(): Promise<void> {
  for (let quiet = 0; quiet < 2; quiet++) {
    while (underWay.size > 0) {
      quiet = 0;
      await Promise.all(underWay);
    }
    await turn();
  }
}
