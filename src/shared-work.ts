/**
 * Makes many calls of some work share its runs: those that come while it runs share the next one, which begins after they came. So a
 * result is never older than its call, and however many calls there are, the work runs once at a time.
 */
export function sharedWork<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<Result> | undefined;
  let next: Promise<Result> | undefined;
  const run = (): Promise<Result> => {
    if (running === undefined) {
      running = work().finally(() => {
        running = undefined;
      });
      return running;
    }
    const again = () => {
      next = undefined;
      return run();
    };
    next ??= running.then(again, again);
    return next;
  };
  return run;
}
