// Every query of every dashboard, asked of a real Prometheus that scrapes real exporters, and held against what the bill says.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { dashboards } from '../../dashboards/index.ts';
import type { FocusRow } from '../../src/focus.ts';
import { generateBill, readFocusFile } from '../../src/simulator/index.ts';
import { ROOT } from '../e2e/command.ts';
import { type Exporter, startExporter } from '../helper.ts';
import type { Body as Recommendations } from '../plugins/optimization/exporter.ts';
import { eventually } from '../servers/process.ts';
import { type Prometheus, type ScrapeTarget, startPrometheus } from '../servers/prometheus.ts';
import { startRedis } from '../servers/redis.ts';
import { Bill } from './bill.ts';
import { compare } from './compare.ts';
import type { Expectation, Known, Tags, WellArchitected } from './expected.ts';
import { overview } from './expected-cost.ts';
import { exporter } from './expected-exporter.ts';
import { optimization, wellArchitected } from './expected-reports.ts';
import { tags } from './expected-tags.ts';
import { type Choice, optionsOf, variablesOf } from './grafana.ts';

t.setTimeout(300_000);

const SAMPLE = join(ROOT, '../shared/data/focus_1_0_aws_sample.csv.gz');
const AT = '2026-10-15T12:00:00Z';
const KEYS = ['application', 'environment', 'business_unit'];
const JOB = 'exporters';

const EXPECTED: Readonly<Record<string, Readonly<Record<string, readonly Expectation[]>>>> = {
  overview,
  tags,
  optimization,
  'well-architected': wellArchitected,
  exporter,
};

/** Exporters of one bill, as one Prometheus scrapes them. */
interface Setup {
  readonly exporters: readonly Exporter[];
  /** Labels of a Prometheus in Kubernetes, `service` among them. */
  readonly kubernetes?: { readonly honorLabels: boolean };
}

const POD = (index: number) => ({ namespace: 'monitoring', pod: `aws-cost-exporter-${index}` });

function targetsOf({ exporters, kubernetes }: Setup): ScrapeTarget[] {
  return exporters.map(({ metricsUrl }, index) => {
    const labels = {
      ...POD(index),
      service: 'aws-cost-exporter',
      endpoint: 'metrics',
      container: 'exporter',
    };
    const url = `${metricsUrl}/metrics`;
    return kubernetes === undefined
      ? { url, job: JOB }
      : { url, job: JOB, labels, extra: { honor_labels: kubernetes.honorLabels } };
  });
}

/** One job in Prometheus' configuration, whose targets differ in their labels. */
function oneJob(targets: readonly ScrapeTarget[]): ScrapeTarget[] {
  const [first] = targets;
  if (first === undefined) throw new Error('no targets');
  const rest = targets.slice(1).map(({ url, labels }) => ({ targets: [new URL(url).host], labels }));
  const own = { targets: [new URL(first.url).host], labels: first.labels ?? {} };
  return [{ ...first, extra: { ...first.extra, static_configs: [own, ...rest] } }];
}

async function knownOf(
  { exporters, kubernetes }: Setup,
  whole: Bill,
  choice: Choice,
): Promise<Omit<Known, 'time'>> {
  const [first] = exporters;
  if (first === undefined) throw new Error('no exporter');
  const json = async <Body>(path: string) => (await first.get(path)).json<Body>();
  const processes = exporters.map(async (one, index) => ({
    page: await one.metrics(),
    process: { instance: new URL(one.metricsUrl).host, ...(kubernetes === undefined ? {} : POD(index)) },
  }));
  return {
    choice,
    whole,
    bill: whole.only(choice.account, choice.service),
    account: (await first.target()).accountId ?? '',
    tags: await json<Tags>('/cost/tags'),
    recommendations: await json<Recommendations>('/recommendations'),
    wellArchitected: await json<WellArchitected>('/wellarchitected'),
    job: JOB,
    processes: await Promise.all(processes),
  };
}

/** What viewers choose: all; one account; some accounts and services, by names that mean something in a regular expression. */
function choicesOf(whole: Bill, account: string): Choice[] {
  const [first = ''] = KEYS;
  const accounts = [...whole.sums(whole.window, ({ account }) => account)]
    .toSorted(([, one], [, other]) => other.cmp(one))
    .map(([id]) => id);
  const services = [...new Set(whole.charges.map(({ service }) => service))];
  const pointed = services.filter((name) => /[^\w ]/.test(name)).slice(0, 2);
  const second = accounts.find((id) => id !== account) ?? account;
  const common = whole.charges.find((charge) => charge.account === second && charge.day >= whole.month[0]);
  return [
    { tag_key: [first] },
    { tag_key: [KEYS[1] ?? first], account: [account] },
    { tag_key: [KEYS[2] ?? first], account: [account, second], service: [...pointed, common?.service ?? ''] },
  ];
}

async function check(t: Test, setup: Setup, whole: Bill): Promise<Prometheus | undefined> {
  const targets = oneJob(targetsOf(setup));
  const prometheus = await startPrometheus(t, { targets, scrapeIntervalMs: 1_000 });
  if (prometheus === undefined) return undefined;
  // Twice: a rate is between two scrapes.
  const scraped = `count(sum_over_time(up[1m]) >= 2) == ${setup.exporters.length}`;
  await prometheus.waitFor(scraped, ({ length }) => length > 0, 60_000);
  const account = (await setup.exporters[0]?.target())?.accountId ?? '';
  for (const [index, choice] of choicesOf(whole, account).entries()) {
    const known = await knownOf(setup, whole, choice);
    for (const [name, dashboard] of Object.entries(dashboards)) {
      await t.test(`${name}, choice ${index}`, (t) =>
        compare(t, prometheus, dashboard, EXPECTED[name] ?? {}, known),
      );
    }
  }
  await t.test('variables', (t) => options(t, prometheus, whole, account));
  return prometheus;
}

/** What the variables offer. */
async function options(t: Test, { url }: Prometheus, whole: Bill, account: string): Promise<void> {
  const first = [whole.month[0], whole.back(30)].toSorted()[0] ?? '';
  const seen = whole.charges.filter(({ day }) => day >= first);
  const label = (id: string) => (whole.names.has(id) ? `${whole.names.get(id)} ${id}` : id);
  for (const [name, dashboard] of Object.entries(dashboards)) {
    for (const variable of variablesOf(dashboard).filter(({ type }) => type === 'query')) {
      const offered = await optionsOf(url, variable, variablesOf(dashboard));
      const values = offered.map(({ value }) => value).toSorted();
      const what = `${name}: $${variable.name}`;
      for (const { text, value } of offered)
        t.equal(text, variable.name === 'account' ? label(value) : value, what);
      if (variable.name === 'tag_key') t.same(values, KEYS.toSorted(), what);
      else if (variable.name === 'job') t.same(values, [JOB], what);
      else if (variable.name === 'target') t.same(values, ['default'], what);
      else if (variable.name === 'service' && name === 'overview')
        t.same(values, [...new Set(seen.map(({ service }) => service))].toSorted(), what);
      else if (variable.name === 'account' && name === 'overview')
        t.same(values, [...new Set(seen.map((charge) => charge.account))].toSorted(), what);
      else if (variable.name === 'account' && name !== 'optimization') t.same(values, [account], what);
      else t.ok(values.length > 0, what);
    }
  }
}

/** Settings that let an exporter see all of a bill. */
function settingsFor(bill: readonly FocusRow[]): Record<string, string> {
  const regions = Map.groupBy(bill, ({ RegionId }) => RegionId ?? '');
  const commonest = [...regions]
    .filter(([region]) => /^[a-z]+(-[a-z]+)+-\d$/.test(region))
    .toSorted(([, one], [, other]) => other.length - one.length)
    .slice(0, 4)
    .map(([region]) => region);
  return { TAG_KEYS: KEYS.join(','), AWS_REGIONS: commonest.join(',') };
}

/** One bill in every setup. */
async function tryBill(t: Test, bill: readonly FocusRow[]): Promise<void> {
  const start = () => startExporter(t, { bill, at: AT, env: settingsFor(bill) });
  const [one, other] = [await start(), await start()];
  const whole = Bill.of(bill, Date.parse(AT));
  await t.test('one exporter', (t) => check(t, { exporters: [one] }, whole).then(() => {}));
  for (const honorLabels of [true, false]) {
    const setup = { exporters: [one, other], kubernetes: { honorLabels } };
    await t.test(`two that show all, honor_labels ${honorLabels}`, async (t) => {
      const prometheus = await check(t, setup, whole);
      if (prometheus === undefined) return;
      const renamed = await prometheus.query('count(aws_cost_total{exported_service!=""})');
      t.equal(renamed.length, honorLabels ? 0 : 1, 'Prometheus has renamed the label, or not');
      if (honorLabels) return;
      await other.app.close();
      await prometheus.waitFor('count(up == 1) == 1', ({ length }) => length > 0, 60_000);
      const left = { ...setup, exporters: [one] };
      for (const name of ['overview', 'tags', 'optimization', 'well-architected']) {
        const known = await knownOf(left, whole, { tag_key: [KEYS[0] ?? ''] });
        const dashboard = dashboards[name];
        if (dashboard === undefined) throw new Error(name);
        await t.test(`${name}, one of the two has ended`, (t) =>
          compare(t, prometheus, dashboard, EXPECTED[name] ?? {}, known),
        );
      }
    });
  }
}

t.test('the real sample bill', async (t) => {
  if (!existsSync(SAMPLE)) {
    t.pass('../shared/data/focus_1_0_aws_sample.csv.gz is absent: only the generated bill is tried', {
      skip: true,
    });
    return;
  }
  await tryBill(t, await readFocusFile(SAMPLE, { today: new Date(AT) }));
});

const GENERATED = generateBill({ seed: 3, today: new Date(AT), days: 70 });

t.test('a generated bill', (t) => tryBill(t, GENERATED));

t.test('two replicas with one Redis, one of which shows the figures', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const options = { bill: GENERATED, at: AT, env: { ...settingsFor(GENERATED), REDIS_URL: redis.url } };
  const leader = await startExporter(t, options);
  const other = await startExporter(t, { ...options, settle: false });
  await eventually('the other serves what the leader has bought', async () =>
    (await other.get('/wellarchitected')).status === 200 ? true : undefined,
  );
  const shown = [await leader.metrics(), await other.metrics()].map(
    (page) => page.value('aws_cost_exporter_exposing') ?? 0,
  );
  t.same(shown, [1, 0], 'one shows the figures');
  await check(
    t,
    { exporters: [leader, other], kubernetes: { honorLabels: true } },
    Bill.of(GENERATED, Date.parse(AT)),
  );
});
