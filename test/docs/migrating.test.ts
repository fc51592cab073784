// docs/migrating.md: every name in it is one of the code's, and nothing that had a name before is missing.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { COMMITMENT_WORDS, RESERVABLE } from '../../plugins/optimization/commitments.ts';
import { buildApp } from '../../src/app.ts';
import { MAX_ATTEMPTS } from '../../src/aws/clients.ts';
import { EXPIRY_SECONDS } from '../../src/collection/redis-store.ts';
import { SETTING_NAMES, Settings } from '../../src/config/settings.ts';
import { Estimates } from '../../src/config/targets-file.ts';
import { loadConfig } from '../../src/config.ts';
import { selfFamilies } from '../../src/metrics/self-families.ts';
import { startExporter } from '../helper.ts';
import type { OpenapiDocument } from '../openapi/document.ts';
import { run } from '../servers/process.ts';
import { requirePromtool } from '../servers/prometheus.ts';
import { DOCS, page, queries } from './migrating-page.ts';
import { actionsOf, BILL, readPolicy } from './policies.ts';

/** What the Python collector had: its metrics, in the page's order. */
const BEFORE = [
  'aws_cost_total{service,account_id}',
  'aws_cost_daily{service,account_id,date}',
  'aws_cost_forecast{account_id}',
  'aws_cost_by_tag{tag_key,tag_value,service}',
  'aws_tag_cost_total{tag_key,tag_value}',
  'aws_tag_resource_count{tag_key,tag_value}',
  'aws_optimization_savings{type,category}',
  'aws_optimization_recommendations_total{type,priority}',
  'aws_wellarchitected_score{pillar}',
  'aws_wellarchitected_risks{pillar,risk_level}',
  'aws_cost_collector_info',
];
/** Names of it that are gone. */
const GONE = ['aws_cost_collector_info'];

const config = loadConfig({});
const app = await buildApp({ config, logger: false });
await app.rest.ready();
t.teardown(() => app.close());
const families = [
  ...app.rest.collections.states.all().flatMap(({ capability }) => capability.families),
  ...Object.values(selfFamilies),
];
const labelsOf = new Map(families.map(({ name, labels }) => [name, labels]));

/** The rows of the table under a heading, or of the first table that has this head; the head left out. */
function table(head: string): string[][] {
  const [, rows = ''] = page.split(`| ${head} |\n`);
  return rows
    .split('\n\n', 1)[0]!
    .split('\n')
    .slice(1)
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$/g, '')));
}

/** What stands in backquotes. */
function codes(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

t.test('metrics', async (t) => {
  const rows = table('Before | Now | What is different, and why');
  t.strictSame(
    rows.map(([before = '']) => codes(before)[0]),
    BEFORE,
    'all that there were',
  );
  for (const [before = '', now = ''] of rows) {
    const [, name = '', labels = ''] = /^(\w+)\{(.*)\}$/.exec(codes(now)[0] ?? '') ?? [];
    t.strictSame(labels.split(','), labelsOf.get(name), `${before} is ${name} with its labels now`);
  }
  const named = new Set([...page.matchAll(/\baws_[a-z_]+/g)].map(([name]) => name));
  t.strictSame(
    [...named].filter((name) => !labelsOf.has(name) && !GONE.includes(name)),
    [],
    'every name is one that there is',
  );
});

t.test('settings', async (t) => {
  const rows = table('Before | Setting | Default');
  for (const [before = '', setting = '', fallback = ''] of rows) {
    const name = SETTING_NAMES.find((one) => `\`${one}\`` === setting);
    t.ok(name, `${setting} is a setting`);
    const value: unknown = name && Settings.properties[name].default;
    t.equal(
      fallback,
      value === undefined ? 'unset' : `\`${String(value)}\``,
      `${before}: the default of ${name}`,
    );
  }
  t.equal(rows.length, 17);
  const named = codes(page)
    .flatMap((code) => /^([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=.*)?$/.exec(code)?.[1] ?? [])
    .filter((name) => !SETTING_NAMES.some((setting) => setting === name));
  t.strictSame(named, [], 'every name is one that there is');
  for (const name of ['costPerResource', 'maxResources']) {
    t.ok(codes(page).includes(name), name);
    t.ok(Object.hasOwn(Estimates.properties, name), `${name} is a key of CONFIG_FILE`);
  }
});

t.test('routes', async (t) => {
  const documented = (await app.rest.inject('/docs/json')).json<OpenapiDocument>();
  const there = Object.keys(documented.paths).map((path) => path.replaceAll(/\{(\w+)\}/g, ':$1'));
  const rows = table('Route | Before | Now');
  const named = rows.map(([route = '']) => codes(route)[0] ?? '');
  t.strictSame(
    new Set(named),
    new Set([...there, '/', '/docs', '/metrics']),
    'all that there are, and no other',
  );
  const elsewhere = codes(page).filter((code) => /^\/[a-z:/]*$/.test(code));
  t.strictSame(
    elsewhere.filter((route) => !named.includes(route) && route !== '/docs/json'),
    [],
  );
  for (const route of elsewhere) {
    const host = app.rest.hasRoute({ method: 'GET', url: route }) ? app.rest : app.metrics;
    t.ok(host.hasRoute({ method: 'GET', url: route }) || route === '/docs', route);
  }
  for (const [route = '', before = '', now = ''] of rows) {
    const path = (codes(route)[0] ?? '').replaceAll(/:(\w+)/g, '{$1}');
    const operation = documented.paths[path]?.get;
    if (operation === undefined) continue;
    const body = JSON.stringify(operation.responses['200']);
    const parameters = (operation.parameters ?? []).map(({ name }) => name);
    const unknown = [...codes(before), ...codes(now)].filter(
      (name) => /^[a-z_]+$/i.test(name) && !body.includes(`"${name}"`) && !parameters.includes(name),
    );
    t.strictSame(unknown, [], `the fields of ${route}`);
  }
});

t.test('numbers', async (t) => {
  const { ec2, rds, ebs, total, costPerResource, maxResources } = config.estimates;
  const percent = (rate: number) => `${rate * 100} %`;
  t.match(
    page,
    `${percent(total)} of all cost; EC2 ${percent(ec2)}, RDS ${percent(rds)}, EBS ${percent(ebs)}`,
  );
  t.match(page, `min(${maxResources}, max(1, int(cost / ${costPerResource})))`);
  t.match(page, `| ${EXPIRY_SECONDS / 86_400} days.`);
  t.equal(MAX_ATTEMPTS, 3, 'three attempts');
  t.match(page, `\`${config.capabilities.join(',')}\``);
  t.match(page, `\`${Settings.properties.REDIS_KEY_PREFIX.default}snapshot:`);
});

t.test('what AWS charges for recommendations', async (t) => {
  const [, after = ''] = page.split('\nRecommendations are new. ');
  const [text = ''] = after.split('\n\n');
  const paid = actionsOf(readPolicy('optimization')).filter((action) => action.startsWith('ce:'));
  t.strictSame(
    codes(text).toSorted(),
    paid.map((action) => action.slice('ce:'.length)),
  );
  const services = ['EC2', 'RDS', 'ElastiCache', 'Redshift', 'OpenSearch'];
  t.equal(services.length, Object.keys(RESERVABLE).length);
  for (const service of services) t.match(text, service);
  t.match(text.replaceAll(/\s+/g, ' '), COMMITMENT_WORDS);
  t.match(page.replaceAll(/\s+/g, ' '), /for the hub AWS names no price/);
  const readme = readFileSync(join(DOCS, '../README.md'), 'utf8').replaceAll(/\s+/g, ' ');
  t.match(readme, 'for the Cost Optimization Hub AWS names no price');
  t.notMatch(readme, /hub[^.]* (is|are) free/i);
});

t.test('rounding', async (t) => {
  const [, sentence = ''] = /^\| Rounding \|.*\| (.*) \|$/m.exec(page) ?? [];
  t.match(sentence, /^None\. Two fields alone are rounded to 2 decimals/);
  const rounded = codes(sentence);
  const exporter = await startExporter(t, { bill: BILL });
  const numbers = new Map<string, number[]>();
  const note = (value: unknown, name: string): void => {
    if (typeof value === 'number') numbers.set(name, [...(numbers.get(name) ?? []), value]);
    else if (Array.isArray(value)) for (const item of value) note(item, name);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, member] of Object.entries(value)) note(member, key);
    }
  };
  const document = (await exporter.get('/docs/json')).json<OpenapiDocument>();
  const money = new Set<string>();
  const noteMoney = (schema: unknown, name: string): void => {
    if (typeof schema !== 'object' || schema === null) return;
    if ('description' in schema && /in `currency`/.test(String(schema.description))) money.add(name);
    for (const [key, member] of Object.entries(schema)) {
      noteMoney(member, ['anyOf', 'items', 'properties', 'schema'].includes(key) ? name : key);
    }
  };
  noteMoney(document.paths, '');
  for (const route of ['/cost/current', '/cost/forecast', '/cost/tags', '/recommendations']) {
    note((await exporter.get(route)).json(), '');
  }
  const whole = (value: number) => Math.abs(value * 100 - Math.round(value * 100)) < 1e-9;
  const inCents = [...money].filter((name) => (numbers.get(name) ?? [0.001]).every(whole));
  t.ok(money.size > 8, [...money].join());
  t.strictSame(inCents.toSorted(), rounded.toSorted(), 'these are rounded, and no others');
});

t.test('queries', async (t) => {
  t.ok(queries.length > 15);
  for (const { query, now } of queries.filter((one) => one.now)) {
    const names = [...query.matchAll(/\baws_[a-z_]+/g)].map(([name]) => name);
    const labels = new Set(names.flatMap((name) => labelsOf.get(name) ?? []));
    t.ok(names.length > 0 && names.every((name) => labelsOf.has(name)), query);
    const selected = [...query.matchAll(/(\w+)(?:=|!=|=~)"/g)].map(([, label = '']) => label);
    const grouped = [...query.matchAll(/\b(?:by|on|group_left) \(([^)]*)\)/g)].flatMap(([, list = '']) =>
      list.split(', '),
    );
    t.strictSame(
      [...selected, ...grouped].filter((label) => !labels.has(label)),
      [],
      `labels, ${now ? 'now' : 'before'}`,
    );
  }
  const total = queries.filter(({ query, now }) => now && query.includes('savings_deduplicated'));
  t.match(total[0]?.query, /^max\(/, "a payer's figure includes its members': they are not added up");
  const promtool = requirePromtool(t);
  if (promtool === undefined) return;
  const rules = queries.map(({ query }, index) => ({ record: `example:${index}`, expr: query }));
  const file = join(
    t.testdir({ 'rules.json': JSON.stringify({ groups: [{ name: 'examples', rules }] }) }),
    'rules.json',
  );
  const { code, stdout, stderr } = await run(promtool, ['check', 'rules', file], { timeoutMs: 20_000 });
  t.equal(code, 0, `${stdout}${stderr}`);
});

t.test('links', async (t) => {
  for (const [, link = ''] of page.matchAll(/\]\(([^)]+)\)/g)) {
    const [file = '', anchor] = link.split('#');
    if (file !== '') t.ok(existsSync(join(DOCS, file)), link);
    if (anchor === undefined) continue;
    const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^a-z -]/g, '')
        .replaceAll(' ', '-'),
    );
    t.ok(headings.includes(anchor), link);
  }
});
