import type { TestScope } from '../../test/servers/process.ts';

/** Runs a bench, and afterwards, whatever happened, ends what it has started: the last first. */
export async function withScope<Result>(bench: (scope: TestScope) => Promise<Result>): Promise<Result> {
  const cleaning: (() => unknown)[] = [];
  const scope: TestScope = {
    teardown: (clean) => cleaning.push(clean),
    pass: (text) => console.error(text),
  };
  try {
    return await bench(scope);
  } finally {
    for (const clean of cleaning.toReversed()) await clean();
  }
}
