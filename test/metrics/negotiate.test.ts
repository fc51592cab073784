import fc from 'fast-check';
import t from 'tap';
import { negotiateEncoding, negotiateFormat } from '../../src/metrics/negotiate.ts';

const OPENMETRICS = 'application/openmetrics-text';

/** Accept headers as the scrapers send them. */
const scrapers: Record<string, readonly [header: string | undefined, format: 'text' | 'openmetrics']> = {
  'Prometheus 2.42': [
    `${OPENMETRICS};version=1.0.0,${OPENMETRICS};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
    'openmetrics',
  ],
  'Prometheus 2.53': [
    `${OPENMETRICS};version=1.0.0;q=0.5,${OPENMETRICS};version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2`,
    'openmetrics',
  ],
  'Prometheus 3': [
    `${OPENMETRICS};version=1.0.0;escaping=allow-utf-8;q=0.6,${OPENMETRICS};version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2`,
    'openmetrics',
  ],
  'Prometheus 3 with native histograms': [
    `application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,${OPENMETRICS};version=1.0.0;escaping=underscores;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2`,
    'openmetrics',
  ],
  'Prometheus 2.20, which knows a draft of OpenMetrics only': [
    `${OPENMETRICS}; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
    'text',
  ],
  'a scraper set to text': ['text/plain;version=0.0.4;q=0.5,*/*;q=0.1', 'text'],
  curl: ['*/*', 'text'],
  'a browser': ['text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8', 'text'],
  none: [undefined, 'text'],
};

t.test('scrapers get the format that they can read best', async (t) => {
  for (const [who, [header, format]] of Object.entries(scrapers)) {
    t.equal(negotiateFormat(header), format, who);
  }
});

t.test('Accept', async (t) => {
  const cases: [string, 'text' | 'openmetrics'][] = [
    ['', 'text'],
    [OPENMETRICS, 'openmetrics'],
    [`${OPENMETRICS.toUpperCase()};VERSION=1.0.0`, 'openmetrics'],
    [`${OPENMETRICS}; version="1.0.0"; charset="utf-8"`, 'openmetrics'],
    [`${OPENMETRICS};version=2.0.0`, 'text'],
    [`${OPENMETRICS};q=0`, 'text'],
    [`${OPENMETRICS};q=0, */*`, 'text'],
    [`${OPENMETRICS};q=0.5, text/plain`, 'text'],
    [`${OPENMETRICS};q=0.5, text/plain;q=0.4`, 'openmetrics'],
    [`text/plain;q=0.4, ${OPENMETRICS};q=0.5`, 'openmetrics'],
    [`*/*, ${OPENMETRICS}`, 'openmetrics'],
    [`text/*, ${OPENMETRICS};q=0.9`, 'text'],
    ['application/*', 'openmetrics'],
    ['application/*, text/plain', 'text'],
    [`text/plain, ${OPENMETRICS}`, 'text'],
    [`${OPENMETRICS}, text/plain`, 'openmetrics'],
    [`*/*;q=1, ${OPENMETRICS};version=1.0.0;q=0.1`, 'text'],
    [`${OPENMETRICS}, ${OPENMETRICS};q=0.1, text/plain;q=0.5`, 'openmetrics'],
    [`${OPENMETRICS};q=0.1, ${OPENMETRICS}, text/plain;q=0.5`, 'openmetrics'],
    ['text/plain;q=0', 'text'],
    ['image/png', 'text'],
    [`${OPENMETRICS};q=much`, 'text'],
    [`${OPENMETRICS};q=2`, 'text'],
    [`, ,;;,=,${OPENMETRICS}`, 'openmetrics'],
  ];
  for (const [header, format] of cases) t.equal(negotiateFormat(header), format, header);
});

t.test('Accept-Encoding', async (t) => {
  const cases: [string | undefined, 'gzip' | 'identity'][] = [
    [undefined, 'identity'],
    ['', 'identity'],
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip, deflate, br, zstd', 'gzip'],
    ['deflate, br', 'identity'],
    ['gzip;q=0', 'identity'],
    ['gzip;q=0.000', 'identity'],
    ['gzip;q=0.001', 'gzip'],
    ['gzip ; q=0.5 , identity;q=0.4', 'gzip'],
    ['gzip;q=0.4, identity;q=0.5', 'identity'],
    ['identity, gzip', 'gzip'],
    ['*', 'gzip'],
    ['*;q=0', 'identity'],
    ['*;q=0.5, identity', 'identity'],
    ['gzip;q=0, *', 'identity'],
    ['identity;q=0, br', 'identity'],
    ['gzip;q=-1', 'identity'],
    ['gzip;q=', 'identity'],
    ['gzipped', 'identity'],
  ];
  for (const [header, encoding] of cases) t.equal(negotiateEncoding(header), encoding, `${header}`);
});

t.test('any header has an answer', async () => {
  const anyHeader = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.string({
      unit: fc.constantFrom(',', ';', '=', 'q', '"', '\\', '*', '/', ' ', 'gzip', '0', '.', OPENMETRICS),
    }),
  );
  fc.assert(
    fc.property(anyHeader, (header) => {
      return (
        ['text', 'openmetrics'].includes(negotiateFormat(header)) &&
        ['gzip', 'identity'].includes(negotiateEncoding(header))
      );
    }),
    { numRuns: 500 },
  );
});
