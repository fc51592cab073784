import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const SOURCE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** WCAG 2.2 up to AA, and what axe itself holds for good practice. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe finds, as far as it is read here. */
interface AxeResults {
  readonly passes: readonly unknown[];
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/**
 * Lets axe-core judge a page as it is now. Its context must have been opened with `bypassCSP`.
 *
 * @returns how many rules hold, and a line for each element that breaks one.
 */
export async function judge(page: Page): Promise<{ passes: number; violations: string[] }> {
  await page.evaluate(await readFile(SOURCE, 'utf8'));
  const run = `axe.run({ runOnly: ${JSON.stringify(TAGS)}, resultTypes: ['violations'] })`;
  const { passes, violations } = (await page.evaluate(run)) as AxeResults;
  return {
    passes: passes.length,
    violations: violations.flatMap(({ id, impact, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id} (${impact}): ${html.slice(0, 120)} ${failureSummary}`),
    ),
  };
}
