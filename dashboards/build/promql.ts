import { costFamilies } from '../../plugins/cost/families.ts';
import { forecastFamilies } from '../../plugins/forecast/families.ts';
import { optimizationFamilies } from '../../plugins/optimization/families.ts';
import { tagFamilies } from '../../plugins/tags/families.ts';
import { wellArchitectedFamilies } from '../../plugins/well-architected/families.ts';

const FAMILIES = new Map(
  [costFamilies, forecastFamilies, tagFamilies, optimizationFamilies, wellArchitectedFamilies]
    .flat()
    .map((family) => [family.name, family]),
);

const selector = (family: string, matchers: readonly string[]): string =>
  matchers.length === 0 ? family : `${family}{${matchers.join(', ')}}`;

/**
 * A business family, one value for each of its own label sets. Replicas that show the same figure count once; pods, instances and jobs
 * that come and go leave no trace. Where Prometheus has renamed `service` to `exported_service` (a ServiceMonitor without honorLabels)
 * it gets its name back.
 * @param matchers of a selector, e.g. `account_id=~"$account"`.
 * @throws Error where the exporter has no such family.
 */
export function figure(name: string, ...matchers: string[]): string {
  const family = FAMILIES.get(name);
  if (family === undefined) throw new Error(`${name} is no family of the exporter`);
  const by = `max by (${family.labels.join(', ')})`;
  if (!family.labels.includes('service')) return `${by} (${selector(name, matchers)})`;
  const asSent = selector(name, ['exported_service=""', ...matchers]);
  const renamed = selector(name, [
    'exported_service!=""',
    ...matchers.map((matcher) => matcher.replace(/^service/, 'exported_service')),
  ]);
  return `${by} (${asSent} or label_replace(${renamed}, "service", "$1", "exported_service", "(.*)"))`;
}

/** The account names that AWS gives; one for each account, should replicas disagree. */
const NAMES = 'topk by (account_id) (1, max by (account_id, account_name) (aws_account_info))';

/**
 * An expression with `account_id`, and `account_name` beside it; where AWS gives no name it is the number.
 * @param family one that has all of its accounts.
 */
export function named(expr: string, family: string): string {
  const numbers = `label_replace(group by (account_id) (${family}), "account_name", "$1", "account_id", "(.*)")`;
  return `(${expr}) * on (account_id) group_left (account_name) (${NAMES} or on (account_id) ${numbers})`;
}

/** For a variable: each account of a family, with a label `text` of its name and number. */
export function accountsOf(family: string): string {
  const accounts = `group by (account_id) (${family})`;
  const withName = `label_join(${NAMES} and on (account_id) ${family}, "text", " ", "account_name", "account_id")`;
  return `${withName} or on (account_id) label_replace(${accounts}, "text", "$1", "account_id", "(.*)")`;
}

/** Labels that tell processes of the exporter apart. */
const PROCESS = ['namespace', 'pod', 'instance'];

/**
 * What the exporter says about itself, one value for each process and label set; a process that is scraped by two jobs counts once.
 * @param by labels to keep beside those of the process.
 */
export function ofProcesses(expr: string, ...by: string[]): string {
  return `max by (${[...by, ...PROCESS].join(', ')}) (${expr})`;
}

/**
 * How much a counter of the exporter has grown in a range. A process that is younger than the range has started from 0, which no
 * scrape has seen: all that it has counted is new.
 */
export function grown(counter: string, range: string): string {
  return `((increase(${counter}[${range}]) and ${counter} offset ${range}) or last_over_time(${counter}[${range}]))`;
}
