import type { CollectContext, Collected } from '../src/collection/capability.ts';
import type { Exporter } from './helper.ts';

/** Collects once beside the runner: resolves with what the capability returns or rejects with what it throws. */
export async function collectOnce({ app, clock }: Exporter, collector: string): Promise<Collected<unknown>> {
  const { states } = app.rest.collections;
  const state = states.all().find(({ capability }) => capability.name === collector);
  if (state === undefined) throw new Error(`no collector ${collector}`);
  const { target, capability, kept, former } = state;
  const { signal } = new AbortController();
  const context: Omit<CollectContext<unknown>, 'changes'> = {
    target,
    accountId: await app.rest.aws.account(target),
    aws: await app.rest.aws.session(target, collector, signal),
    signal,
    startedAt: clock.now(),
    previous: kept?.snapshot,
    former,
    other: (name) => states.get(name, target.name)?.kept?.snapshot,
    isFresh: () => false,
    minPages: 0,
    isStillTrue: () => false,
  };
  return capability.collect(context as CollectContext<unknown>);
}
