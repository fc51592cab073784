import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const DOCS = join(import.meta.dirname, '../../docs');

/** The text of docs/migrating.md. */
export const page = readFileSync(join(DOCS, 'migrating.md'), 'utf8');

/** The PromQL examples, and whether each is for this exporter. */
export const queries = [...page.matchAll(/```promql\n([\s\S]*?)```/g)].flatMap(([, block = '']) => {
  let now = false;
  return block.split('\n').flatMap((line) => {
    if (line.startsWith('#')) now = /\bnow\b/.test(line);
    return line === '' || line.startsWith('#') ? [] : [{ query: line, now }];
  });
});
