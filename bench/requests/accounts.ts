/** What an account's bill consists of: a line for each (service, tag value). */
export interface Account {
  readonly name: string;
  readonly services: readonly string[];
  readonly accounts: readonly string[];
  /** Values of each tag key, no value among them. */
  readonly values: number;
  /** Groups on a page of Cost Explorer. */
  readonly pageSize: number;
  /** The active tag keys; those of the design's seven that the exporter is told of. */
  readonly tagKeys: readonly string[];
}

/** The keys that the design names: what TAG_KEYS is by default. */
export const SEVEN_KEYS = ['Name', 'Environment', 'Project', 'Team', 'Application', 'Owner', 'CostCenter'];

/** One page a query, seven keys. */
export const ONE_PAGE: Account = {
  name: '1 page',
  services: [
    'Amazon Simple Storage Service',
    'AWS Lambda',
    'AmazonCloudWatch',
    'Amazon DynamoDB',
    'Amazon Route 53',
    'AWS Key Management Service',
  ],
  accounts: ['111111111111', '222222222222'],
  values: 4,
  pageSize: 5_000,
  tagKeys: SEVEN_KEYS,
};

/**
 * Twenty pages a query, three keys. With 14 groups a page, 9 (service, account) on each of 30 or 31 days are 270 to 279 groups,
 * and 138 (value, service) in each of two months 276: 20 pages both. On the 1st of a month the window is one month: 10 pages.
 */
export const TWENTY_PAGES: Account = {
  name: '20 pages',
  services: ['Amazon Simple Storage Service', 'AWS Lambda', 'AmazonCloudWatch'],
  accounts: ['111111111111', '222222222222', '333333333333'],
  values: 46,
  pageSize: 14,
  tagKeys: ['Environment', 'Team', 'CostCenter'],
};

/** One line of the bill: it has a row on each day. */
export interface Line {
  readonly service: string;
  readonly account: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** The lines of an account: every (service, value) of each key once, every (service, account) at least once. */
export function linesOf({ services, accounts, values }: Account): readonly Line[] {
  return services.flatMap((service, s) =>
    Array.from({ length: values }, (_, v) => ({
      service,
      account: accounts[(v + s) % accounts.length] ?? '',
      tags: tagsOf(v, values),
    })),
  );
}

/** Every key has the values in another order, so that no two keys split cost alike; the first is no value. */
function tagsOf(value: number, values: number): Record<string, string> {
  return Object.fromEntries(
    SEVEN_KEYS.flatMap((key, k) => {
      const place = (value * (2 * k + 1) + k) % values;
      return place === 0 ? [] : [[key, `${key.toLowerCase()}-${place}`]];
    }),
  );
}
