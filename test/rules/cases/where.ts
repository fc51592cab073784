import type { Layout, Situation, ValueAt } from '../world.ts';

/** Not while the exporter is down: there is nothing to see then. */
export const up = (_: Layout, { name }: Situation): boolean => !name.includes('down');
/** Where there are several replicas, and they are up. */
export const replicas = (layout: Layout, situation: Situation): boolean =>
  layout.replicas > 1 && up(layout, situation);

/** The value `later` in the last hours, before that `first`; undefined stands for no series. */
export function inTheLast(hours: number, later: number | undefined, first: number | undefined): ValueAt {
  return ({ step, last }) => (step > last - hours * 12 ? later : first);
}
