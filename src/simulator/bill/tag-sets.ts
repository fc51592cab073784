import { noise } from './noise.ts';

const APPLICATIONS = ['shop', 'billing', 'search', 'data-lake', 'mobile-api', 'intranet'];
const BUSINESS_UNITS = ['retail', 'platform', 'research'];
const TEAMS = ['payments', 'growth', 'infrastructure', 'analytics'];
const OWNERS = ['ana@example.com', 'joão@example.com', 'wei@example.com'];

/** Values that a careless reader of tags breaks on. All are within what AWS or FOCUS files hold. */
const ODD_APPLICATIONS = [
  'a$b$c',
  'untagged',
  '"untagged"',
  '__other__',
  'pipes | and, commas: "quoted" \\ back\\slash',
  'two\nlines',
  '🚀 launch',
  'x'.repeat(200),
  '',
];

function pick(values: readonly string[], share: number): string {
  return values[Math.floor(share * values.length)] ?? '';
}

/**
 * The tags of a generated resource: about one in six has none, one in eight has an odd `application`. Production is told
 * from the rest by account, as most organisations do.
 */
export function tagsOf(hash: number, name: string, accountNumber: number): Record<string, string> {
  if (noise(hash, 101) < 0.16) return {};
  const odd = noise(hash, 102) < 0.125;
  const application = pick(odd ? ODD_APPLICATIONS : APPLICATIONS, noise(hash, 103));
  const environment = accountNumber === 1 ? 'prod' : pick(['dev', 'staging', 'test'], noise(hash, 104));
  const unit = pick(BUSINESS_UNITS, noise(hash, 105));
  const team = pick(TEAMS, noise(hash, 106));
  return {
    application,
    environment,
    business_unit: unit,
    Name: name,
    Application: application,
    Environment: environment,
    Team: team,
    Project: `${unit}-${team}`,
    ...(noise(hash, 107) < 0.7 ? { Owner: pick(OWNERS, noise(hash, 108)) } : {}),
    ...(noise(hash, 109) < 0.5 ? { CostCenter: `CC-${1000 + Math.floor(noise(hash, 110) * 8)}` } : {}),
  };
}
