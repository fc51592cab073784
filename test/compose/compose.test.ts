// compose.yaml against the schema of the Compose specification, its promises of safety, and all that it mounts.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import t from 'tap';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

interface Service {
  readonly image: string;
  readonly profiles: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly healthcheck?: object;
  readonly build?: { readonly context: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[] | Readonly<Record<string, { aliases?: string[] }>>;
  readonly depends_on?: Readonly<Record<string, object>>;
  readonly mem_limit?: string;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: object;
  readonly networks: object;
}

const compose: Compose = parse(read('compose.yaml'), { merge: true });
const services = Object.entries(compose.services);

t.test('it fits the schema of the Compose specification', async (t) => {
  // It names its draft by an address that Ajv does not know by heart.
  const { $schema: _, ...schema } = JSON.parse(read('node_modules/dclint/schemas/compose.schema.json'));
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  t.ok(validate(compose), 'compose.yaml', { errors: validate.errors });
  const broken = structuredClone(compose) as { services: Record<string, object> };
  broken.services.exporter = { ...broken.services.exporter, port: ['5000:5000'] };
  t.notOk(validate(broken), 'a wrong key is found');
});

t.test('every service is hardened, has a limit and a health check, and is bound to loopback', async (t) => {
  t.match(read('Dockerfile'), /^HEALTHCHECK /m, "the exporter's health check is its image's");
  for (const [name, service] of services) {
    t.equal(service.read_only, true, `${name}: root file system`);
    t.same(service.cap_drop, ['ALL'], `${name}: capabilities`);
    t.same(service.security_opt, ['no-new-privileges:true'], `${name}: privileges`);
    t.ok(service.mem_limit, `${name}: memory`);
    t.ok(service.healthcheck ?? service.build, `${name}: health check`);
    t.ok(
      (service.ports ?? []).every((port) => port.startsWith('127.0.0.1:')),
      `${name}: ${service.ports}`,
    );
    t.match(
      service.image,
      /^\$\{[A-Z]+_IMAGE:-[^:}]+(\/[^:}]+)*:(local|v?\d[^:}]*)\}$/,
      `${name}: ${service.image}`,
    );
    t.notMatch(service.image, /latest/);
    const secret = Object.entries(service.environment ?? {}).filter(([key]) =>
      /KEY|SECRET|TOKEN|PASSWORD/.test(key),
    );
    t.ok(
      secret.every(([, value]) => value === null),
      `${name}: no secret is written here`,
    );
  }
});

t.test('what it names is there', async (t) => {
  for (const [name, service] of services) {
    for (const volume of service.volumes ?? []) {
      const [source = ''] = volume.split(':');
      const found = source.startsWith('./') ? existsSync(join(ROOT, source)) : source in compose.volumes;
      t.ok(found, `${name}: ${source}`);
    }
    const networks = Array.isArray(service.networks) ? service.networks : Object.keys(service.networks ?? {});
    t.ok(
      networks.every((network) => network in compose.networks),
      `${name}: ${networks}`,
    );
    for (const other of Object.keys(service.depends_on ?? {})) {
      const offered = compose.services[other]?.profiles ?? [];
      t.ok(
        service.profiles.every((profile) => offered.includes(profile)),
        `${name} needs ${other}`,
      );
    }
  }
});

t.test('each profile has one exporter under the name that Prometheus asks for', async (t) => {
  const prometheus = parse(read('compose/prometheus/prometheus.yaml'));
  const [{ static_configs: configs }] = prometheus.scrape_configs;
  t.same(configs, [{ targets: ['exporter:8080'] }]);
  for (const profile of ['aws', 'demo']) {
    const called = services.filter(([name, { profiles, networks }]) => {
      const aliases = networks && 'default' in networks ? networks.default?.aliases : undefined;
      return profiles.includes(profile) && (name === 'exporter' || aliases?.includes('exporter'));
    });
    t.equal(called.length, 1, profile);
  }
  t.same(compose.services.demo?.command, ['demo']);
});

t.test('its settings are settings of the exporter, or variables of the AWS SDK', async (t) => {
  const known = read('docs/configuration.md');
  for (const name of Object.keys(compose.services.exporter?.environment ?? {})) {
    const sdk = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'].includes(name);
    t.ok(sdk || known.includes(`| \`${name}\` |`), name);
  }
  const variables = new Set([...read('compose.yaml').matchAll(/\$\{([A-Z_]+)[:}]/g)].map(([, name]) => name));
  for (const [, name = ''] of read('compose/example.env').matchAll(/^(?:# )?([A-Z_]+)=/gm)) {
    const passed = Object.keys(compose.services.exporter?.environment ?? {}).includes(name);
    t.ok(name === 'COMPOSE_PROFILES' || passed || variables.has(name), `example.env: ${name}`);
  }
});

t.test('Grafana is given the data source and every dashboard', async (t) => {
  const { datasources } = parse(read('compose/grafana/datasources.yaml'));
  t.match(datasources, [{ type: 'prometheus', url: 'http://prometheus:9090', isDefault: true }]);
  const { providers } = parse(read('compose/grafana/dashboards.yaml'));
  const mounts = compose.services.grafana?.volumes?.map((volume) => volume.split(':')) ?? [];
  const mounted = mounts.find(([, target]) => target === providers[0].options.path);
  t.equal(mounted?.[0], './helm/aws-cost-exporter/dashboards');
  const files = readdirSync(join(ROOT, 'helm/aws-cost-exporter/dashboards'));
  t.ok(files.length >= 5);
  const uids = files.map((file) => JSON.parse(read(`helm/aws-cost-exporter/dashboards/${file}`)).uid);
  t.equal(new Set(uids).size, files.length, 'each with a uid of its own');
  const home = compose.services.grafana?.environment?.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH ?? '';
  t.ok(files.includes(home.replace(`${providers[0].options.path}/`, '')), home);
});
