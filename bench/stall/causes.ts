import type { Profiler } from 'node:inspector';

/** Who did what, by a function that is on the stack and its file; the first of these that is counts. */
const CAUSES: readonly (readonly [cause: string, fn: RegExp, file: RegExp])[] = [
  ['garbage collection', /^\(garbage collector\)$/, /^$/],
  ['SDK: a page read', /^deserializeResponse$/, /smithy/],
  ['SDK: the rest', /./, /node_modules\/(@smithy|@aws-sdk)\//],
  ['check of a page', /^(send|Check|see)$/, /(cost-and-usage|compiler)/],
  ['merging', /^(add|bill)$/, /cost\/query/],
  ['comparison with the last bill', /^movedDays$/, /cost\/changed/],
  ['figures', /^present$/, /cost\/index/],
  ['lines', /^(writeLines|join|writePart)$/, /line-writer/],
  ['snapshot encoded', /^encode$/, /snapshot-codec/],
  ['socket', /./, /node:(net|http|_http|internal\/stream)/],
];

/** Where the time of a stretch of a profile went: milliseconds by cause. `from` and `to` are of the monotonic clock, in milliseconds. */
export function causesBetween(profile: Profiler.Profile, from: number, to: number): Record<string, number> {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])),
  );
  const causes: Record<string, number> = {};
  let at = profile.startTime / 1_000;
  const { samples = [], timeDeltas = [] } = profile;
  for (const [index, id] of samples.entries()) {
    const start = at;
    at += (timeDeltas[index + 1] ?? 0) / 1_000;
    const ms = Math.min(at, to) - Math.max(start, from);
    if (ms <= 0) continue;
    const cause = causeOf(id, nodes, parents);
    causes[cause] = (causes[cause] ?? 0) + ms;
  }
  return causes;
}

function causeOf(
  leaf: number,
  nodes: ReadonlyMap<number, Profiler.ProfileNode>,
  parents: ReadonlyMap<number, number>,
): string {
  const stack: Profiler.ProfileNode['callFrame'][] = [];
  for (let id: number | undefined = leaf; id !== undefined; id = parents.get(id)) {
    const frame = nodes.get(id)?.callFrame;
    if (frame !== undefined) stack.push(frame);
  }
  const found = CAUSES.find(([, fn, file]) =>
    stack.some(({ functionName, url }) => fn.test(functionName) && file.test(url)),
  );
  return found?.[0] ?? 'other';
}
