import { setImmediate as turn } from 'node:timers/promises';
import { Keeper } from '../../src/collection/keeper.ts';
import { RedisStore } from '../../src/collection/redis-store.ts';
import { Runner } from '../../src/collection/runner.ts';

/** What the exporters of this process have under way. */
const underWay = new Set<Promise<unknown>>();

function watched<T>(work: Promise<T>): Promise<T> {
  const entry: Promise<unknown> = work.catch(() => {}).finally(() => underWay.delete(entry));
  underWay.add(entry);
  return work;
}

/** Has the asynchronous methods of a class watched. */
function watchMethods<T extends object>(prototype: T, ...names: readonly (keyof T)[]): void {
  for (const name of names) {
    const method: unknown = prototype[name];
    if (typeof method !== 'function') throw new TypeError(`there is no ${String(name)}`);
    Reflect.set(prototype, name, function (this: unknown, ...given: readonly unknown[]) {
      return watched(Reflect.apply(method, this, given));
    });
  }
}

let watching = false;

/** From now on `idle` knows of what the exporters of this process do. Nothing of it is done otherwise. */
export function watch(): void {
  if (watching) return;
  watching = true;
  watchMethods(Runner.prototype, 'run', 'adopt');
  watchMethods(Keeper.prototype, 'restore', 'takeOver', 'newDay');
  watchMethods(RedisStore.prototype, 'look');
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
