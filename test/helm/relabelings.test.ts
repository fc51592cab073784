// The monitor's relabelings in a real Prometheus: what replicas say of the bill is one series, what they say of themselves is theirs.
import t from 'tap';
import { buildApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { selfFamilies } from '../../src/metrics/self-families.ts';
import { startExporter } from '../helper.ts';
import { startPrometheus } from '../servers/prometheus.ts';
import { mustRender, one, requireHelm } from './helm.ts';

const PATIENCE = { timeout: 240_000 };

interface Relabeling {
  readonly action: string;
  readonly sourceLabels: readonly string[];
  readonly regex: string;
  readonly targetLabel: string;
  readonly replacement: string;
}

async function relabelings(helm: string, values: object = {}): Promise<Relabeling[]> {
  return one(await mustRender(helm, { values }), 'ServiceMonitor').spec.endpoints[0].metricRelabelings;
}

t.test('they name exactly the families that the capabilities declare', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const app = await buildApp({ config: loadConfig({}), logger: false });
  t.teardown(() => app.close());
  const declared = app.rest.collections.states
    .all()
    .flatMap(({ capability }) => capability.families.map(({ name }) => name));
  const rules = await relabelings(helm);
  t.same(
    rules.map(({ targetLabel, replacement }) => [targetLabel, replacement]),
    [
      ['pod', ''],
      ['instance', ''],
    ],
  );
  for (const { regex } of rules) {
    t.same(regex.split('|'), declared);
    // An empty replacement is left out by older operators, and the default is the first group: there is none.
    t.notMatch(regex, '(');
    const matches = new RegExp(`^(?:${regex})$`);
    for (const { name } of Object.values(selfFamilies)) t.notMatch(name, matches);
  }
  const own = { action: 'drop', sourceLabels: ['service'], regex: 'Tax' };
  const both = await relabelings(helm, { serviceMonitor: { metricRelabelings: [own] } });
  t.same(both, [...rules, own], "the user's run after them");
});

t.test('in Prometheus the cost families of two replicas are one', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const replicas = [await startExporter(t), await startExporter(t)];
  const rules = (await relabelings(helm)).map(
    ({ action, sourceLabels, regex, targetLabel, replacement }) => ({
      action,
      source_labels: sourceLabels,
      regex,
      target_label: targetLabel,
      replacement,
    }),
  );
  const prometheus = await startPrometheus(t, {
    targets: [
      {
        url: `${replicas[0]!.metricsUrl}/metrics`,
        job: 'costs',
        extra: {
          honor_labels: true,
          metric_relabel_configs: rules,
          static_configs: replicas.map(({ metricsUrl }, index) => ({
            targets: [new URL(metricsUrl).host],
            labels: { pod: `costs-${index}`, namespace: 'finops', service: 'costs' },
          })),
        },
      },
    ],
  });
  if (prometheus === undefined) return;
  await prometheus.waitFor('sum(up)', ([sum]) => sum?.value === 2, 40_000);
  const page = await replicas[0]!.metrics();
  for (const family of page.business()) {
    const found = await prometheus.query(family);
    t.equal(found.length, page.series(family).length, family);
    for (const { metric } of found)
      if (metric.pod !== undefined || metric.instance !== undefined) t.fail(`${family} has a pod`);
  }
  const [total] = await prometheus.query('sum(aws_cost_total)');
  const own = page.series('aws_cost_total').reduce((sum, { value }) => sum + value, 0);
  t.ok(Math.abs(total!.value - own) < 1e-6, 'no sum is doubled');
  const info = await prometheus.query('aws_cost_exporter_build_info');
  t.same(info.map(({ metric }) => metric.pod).toSorted(), ['costs-0', 'costs-1']);
  t.ok(info.every(({ metric }) => metric.instance));
  const services = await prometheus.query('count by (service) (aws_cost_total)');
  t.notOk(
    services.some(({ metric }) => metric.service === 'costs'),
    "the service is AWS's, not the target's",
  );
});
