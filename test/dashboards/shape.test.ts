// What can be said of the dashboards without asking anybody.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { dashboards } from '../../dashboards/index.ts';
import { PICTURES } from '../../scripts/pictures/pictures.ts';
import { ROOT } from '../e2e/command.ts';
import { panelsOf, queriesOf, variablesOf } from './grafana.ts';

const FOLDER = join(ROOT, 'helm/aws-cost-exporter/dashboards');
/** Families as docs/metrics.md has them; a histogram has further names. */
const documented = new Set(
  [...readFileSync(join(ROOT, 'docs/metrics.md'), 'utf8').matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].flatMap(
    ([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);

t.test('the files of the chart are those of the code', async (t) => {
  t.same(
    readdirSync(FOLDER).toSorted(),
    Object.keys(dashboards)
      .map((name) => `${name}.json`)
      .toSorted(),
  );
  for (const [name, dashboard] of Object.entries(dashboards)) {
    const text = readFileSync(join(FOLDER, `${name}.json`), 'utf8');
    t.equal(text, `${JSON.stringify(dashboard, null, 2)}\n`, `${name}: npm run dashboards`);
    t.ok(Buffer.byteLength(text) < 512 * 1024, `${name} fits into a ConfigMap`);
  }
});

t.test('every dashboard needs no edit on first import', async (t) => {
  const all = Object.values(dashboards);
  t.equal(new Set(all.map(({ uid }) => uid)).size, all.length, 'no two have one uid');
  for (const dashboard of all) {
    const title = dashboard.title ?? '';
    t.match(dashboard.uid, /^[a-z-]{1,40}$/, title);
    t.equal(dashboard.id ?? null, null, `${title}: no id of some Grafana`);
    t.equal(dashboard.timezone, 'utc', `${title}: days are those of the bill`);
    t.notMatch(JSON.stringify(dashboard), /__inputs|__requires|DS_PROMETHEUS/, title);
    const [first, ...rest] = variablesOf(dashboard);
    t.match(first, { type: 'datasource', name: 'datasource', query: 'prometheus' });
    for (const { name, datasource, includeAll, multi, allValue, description, label } of rest) {
      t.same(datasource, { type: 'prometheus', uid: '$datasource' }, `${title}: $${name}`);
      t.ok(label, `${title}: $${name} has a label`);
      t.equal(description, undefined);
      if (includeAll) t.same([multi, allValue], [true, '.*'], `${title}: all of $${name}`);
    }
    const text = JSON.stringify(panelsOf(dashboard));
    for (const { name } of rest) t.match(text, new RegExp(`\\$${name}\\b`), `${title}: $${name} is used`);
    const names = new Set(variablesOf(dashboard).map(({ name }) => name));
    const used = [...JSON.stringify(dashboard).matchAll(/\$([a-z]\w*)/g)].map(([, name = '']) => name);
    t.same(
      used.filter((name) => !names.has(name)),
      [],
      `${title}: every variable is there`,
    );
  }
});

t.test('every panel says what it is', async (t) => {
  for (const dashboard of Object.values(dashboards)) {
    const panels = panelsOf(dashboard);
    t.ok(panels.length > 5, `${dashboard.title}: ${panels.length} panels`);
    t.equal(new Set(panels.map(({ title }) => title)).size, panels.length, 'no two of one title');
    t.equal(
      new Set(dashboard.panels?.map(({ id }) => id)).size,
      dashboard.panels?.length,
      'no two of one id',
    );
    for (const panel of panels) {
      const name = `${dashboard.title}, ${panel.title}`;
      t.ok(panel.fieldConfig?.defaults?.unit, `${name}: unit`);
      t.ok((panel.description ?? '').length > 30, `${name}: description`);
      t.same(panel.datasource, { type: 'prometheus', uid: '$datasource' }, name);
      t.ok(panel.fieldConfig?.defaults?.thresholds?.steps?.length, `${name}: no colour that nobody chose`);
      const queries = queriesOf(panel);
      t.ok(queries.length > 0, name);
      t.equal(
        new Set(queries.map(({ refId }) => refId)).size,
        queries.length,
        `${name}: no two of one refId`,
      );
      const overTime = ['timeseries', 'state-timeline'].includes(panel.type);
      for (const { expr, instant, range, interval, refId, datasource } of queries) {
        t.same(datasource, { type: 'prometheus', uid: '$datasource' }, name);
        const asked = overTime && refId !== 'currency' ? [false, true, '2m'] : [true, false, undefined];
        t.same(
          [instant ?? false, range ?? false, interval],
          asked,
          `${name}: figures of now are asked for once`,
        );
        if (expr.includes('$__rate_interval')) t.ok(overTime, name);
      }
    }
  }
});

t.test('money is shown in the currency of the bill', async (t) => {
  for (const dashboard of Object.values(dashboards)) {
    for (const panel of panelsOf(dashboard)) {
      const money = panel.fieldConfig?.defaults?.unit?.startsWith('currency:') ?? false;
      const asked = queriesOf(panel).some(({ refId }) => refId === 'currency');
      t.equal(asked, money, `${dashboard.title}, ${panel.title}`);
      t.equal(panel.transformations?.[0]?.id === 'configFromData', money, 'its unit is set first');
      // Dollars are what AWS charges for requests, whatever the currency of the bill.
      if (panel.fieldConfig?.defaults?.unit === 'currencyUSD')
        t.match(queriesOf(panel)[0]?.expr, /aws_spend_usd/);
    }
  }
});

t.test('words in tables stay words', async (t) => {
  for (const dashboard of Object.values(dashboards)) {
    for (const { title, type, transformations = [], fieldConfig } of panelsOf(dashboard)) {
      if (type !== 'table') continue;
      const { renameByName = {} } = (transformations.at(-1)?.options ?? {}) as {
        renameByName?: Record<string, string>;
      };
      const words = (fieldConfig?.overrides ?? []).flatMap(({ matcher, properties }) =>
        properties.some(({ id, value }) => id === 'unit' && value === 'string') ? [matcher.options] : [],
      );
      t.same(
        words,
        Object.values(renameByName),
        `${dashboard.title}, ${title}: no number of an account becomes money`,
      );
    }
  }
});

t.test('every metric is documented', async (t) => {
  for (const dashboard of Object.values(dashboards)) {
    const used = [...JSON.stringify(dashboard).matchAll(/\b(?:aws_|process_|nodejs_|http_)[a-z_]*[a-z]\b/g)];
    const names = new Set(used.map(([name]) => name));
    t.ok(names.size > 1, `${dashboard.title}: ${names.size} metrics`);
    t.same(
      [...names].filter((name) => !documented.has(name)),
      [],
      `${dashboard.title}`,
    );
  }
});

t.test('no panel lies upon another', async (t) => {
  for (const dashboard of Object.values(dashboards)) {
    const taken = new Map<string, string>();
    for (const { title = '', gridPos } of dashboard.panels ?? []) {
      const { x = 0, y = 0, w = 0, h = 0 } = gridPos ?? {};
      t.ok(w > 0 && h > 0 && x >= 0 && x + w <= 24, `${dashboard.title}, ${title}: inside`);
      for (let column = x; column < x + w; column++) {
        for (let row = y; row < y + h; row++) {
          const cell = `${column}/${row}`;
          if (taken.has(cell)) t.fail(`${dashboard.title}: ${title} lies upon ${taken.get(cell)} at ${cell}`);
          taken.set(cell, title);
        }
      }
    }
  }
});

t.test('the pictures are of panels that there are, and small', async (t) => {
  for (const [name, { dashboard = '', panels }] of Object.entries(PICTURES)) {
    const there = dashboards[dashboard] === undefined ? [] : panelsOf(dashboards[dashboard]);
    const titles = there.map(({ title }) => title);
    t.same(
      panels.filter((title) => !titles.includes(title)),
      [],
      name,
    );
    const drawn = there.filter(({ title = '' }) => panels.includes(title)).map(({ type }) => type);
    for (const type of drawn)
      t.ok(['stat', 'bargauge', 'table', 'barchart'].includes(type), `${name}: ${type}`);
  }
  const shown = ['README.md', 'docs/dashboards.md'].flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/pictures\/([\w-]+\.png)/g)].map(
      ([, file = '']) => file,
    ),
  );
  const files = readdirSync(join(ROOT, 'docs/pictures'));
  t.same([...new Set(shown)].toSorted(), files.toSorted(), 'each is shown, and each that is shown is there');
  for (const file of files) t.ok(statSync(join(ROOT, 'docs/pictures', file)).size < 150_000, file);
});
