import { readFileSync } from 'node:fs';

/** package.json stands two folders up from the compiled file and one up from the source. */
function readPackage(): { version: string; gitHead?: string } {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const found = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (found.name === 'aws-cost-exporter') return found;
    } catch {
      // not here: the other place
    }
  }
  throw new Error('package.json of aws-cost-exporter is not beside the program');
}

const { version, gitHead } = readPackage();

/** The package's version, as in package.json. */
export const VERSION: string = version;

/** The commit that was packed; empty where npm did not record one. */
export const REVISION: string = gitHead ?? '';
