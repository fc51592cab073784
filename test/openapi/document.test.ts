import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import t, { type Test } from 'tap';
import { startExporter } from '../helper.ts';
import { isSchema, type OpenapiDocument, type Operation, type Schema } from './document.ts';

/** Routes that are no part of the API: pages for people, and the document itself. */
const PAGES = /^\/$|^\/docs(\/|$)/;

async function readDocument(t: Test) {
  const { app, get } = await startExporter(t, { settle: false });
  return { app, document: (await get('/docs/json')).json<OpenapiDocument>() };
}

/** The paths that a Fastify app answers to GET, from its own drawing of the tree of routes. */
function routesOf(tree: string): string[] {
  const stems: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', segment = '', methods = ''] =
      /^([│ ]*)[├└]── (\S+)(?: \((.*)\))?$/.exec(line) ?? [];
    if (segment === '') return [];
    const depth = indent.length / 4;
    const path = `${stems[depth - 1] ?? ''}${segment}`;
    stems[depth] = path;
    return methods.split(', ').includes('GET') ? [path] : [];
  });
}

function operationsOf({ paths }: OpenapiDocument): [name: string, operation: Operation][] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
  );
}

/** Every schema below one, with where it is; the members of a union and of a list are none of their own. */
function* properties(schema: unknown, where: string): Generator<[where: string, schema: Schema]> {
  if (!isSchema(schema)) return;
  for (const [name, property] of Object.entries(isSchema(schema.properties) ? schema.properties : {})) {
    if (isSchema(property)) yield [`${where}.${name}`, property];
    yield* properties(property, `${where}.${name}`);
  }
  yield* properties(schema.items, `${where}[]`);
  for (const union of [schema.anyOf, schema.oneOf, schema.allOf]) {
    for (const member of Array.isArray(union) ? union : []) yield* properties(member, where);
  }
}

/** Whether a schema allows nothing but text, numbers, booleans and null. */
function isScalar(schema: Schema): boolean {
  const union = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(union)) return union.every((member) => isSchema(member) && isScalar(member));
  return schema.type === undefined
    ? 'const' in schema || 'enum' in schema
    : !/object|array/.test(String(schema.type));
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && /^\S.*[^\s]$/.test(value);
}

t.test('the document is valid OpenAPI 3.1', async (t) => {
  const { document } = await readDocument(t);
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone({ ...document }));
  t.ok(valid, JSON.stringify(errors));
  t.equal(validator.version, '3.1');
  t.match(document.openapi, /^3\.1\./);

  const spoilt = await new Validator().validate({
    ...structuredClone(document),
    paths: { '/a': { get: 1 } },
  });
  t.notOk(spoilt.valid, 'the validator tells a document that is none');
});

t.test('every route is in the document, and nothing else', async (t) => {
  const { app, document } = await readDocument(t);
  const routes = routesOf(app.rest.printRoutes({ commonPrefix: false }));
  t.ok(routes.includes('/') && routes.includes('/docs/json'), 'the drawing is understood');
  const documented = Object.keys(document.paths).map((path) => path.replaceAll(/\{(\w+)\}/g, ':$1'));
  t.strictSame(documented.toSorted(), routes.filter((path) => !PAGES.test(path)).toSorted());
  for (const [path, item] of Object.entries(document.paths)) t.strictSame(Object.keys(item), ['get'], path);
});

t.test('the description says which routes are elsewhere, and that HEAD is answered', async (t) => {
  const { document } = await readDocument(t);
  const { description = '' } = document.info;
  for (const word of ['`/`', '`/docs`', '`/docs/json`', '`/metrics`', '`METRICS_PORT`', '`HEAD`', '405'])
    t.ok(description.includes(word), word);
});

/** Swagger UI fills examples in: those of all filters together would leave nothing. */
const FILTERS = new Set(['type', 'priority', 'account', 'source']);

t.test('every operation is described, with its parameters, answers and errors', async (t) => {
  const { document } = await readDocument(t);
  const tags = document.tags.map(({ name }) => name);
  const ids = new Set<string>();
  for (const [name, operation] of operationsOf(document)) {
    const { operationId = '', summary, description, tags: own = [], parameters = [], responses } = operation;
    t.match(operationId, /^get[A-Z][A-Za-z]+$/, `${name} has an operationId`);
    t.notOk(ids.has(operationId), `${name}: no other operation has its operationId`);
    ids.add(operationId);
    t.ok(isText(summary) && isText(description), `${name} has a summary and a description`);
    t.ok(
      own.length === 1 && tags.includes(own[0] ?? ''),
      `${name} has one tag, and the document declares it`,
    );

    for (const parameter of parameters) {
      t.ok(isText(parameter.description), `${name}: the parameter ${parameter.name} has a description`);
      const own = FILTERS.has(parameter.name)
        ? /by default all/.test(parameter.description ?? '')
        : parameter.example;
      t.ok(
        own !== undefined && own !== false,
        `${name}: the parameter ${parameter.name} has an example, or can be left out`,
      );
    }
    const expected = ['200', '405'];
    if (parameters.some(({ in: place }) => place === 'query')) expected.push('400', '404');
    if (parameters.some((parameter) => parameter.name === 'if-none-match')) expected.push('304', '503');
    t.strictSame(
      expected.filter((status) => responses[status] === undefined),
      [],
      `${name} has an answer for each of ${expected.toSorted().join(', ')}`,
    );
    for (const [status, { description: text, headers = {}, content = {} }] of Object.entries(responses)) {
      t.ok(isText(text) && text !== 'Default Response', `${name}: ${status} has a description`);
      for (const [header, { description: words }] of Object.entries(headers)) {
        t.ok(isText(words), `${name}: the header ${header} of ${status} has a description`);
      }
      t.equal(Object.keys(content).length, status === '304' ? 0 : 1, `${name}: ${status} has one media type`);
    }
  }
});

t.test('every error is the one error schema, by reference', async (t) => {
  const { document } = await readDocument(t);
  const error = { $ref: '#/components/schemas/Error' };
  for (const [name, { responses }] of operationsOf(document)) {
    for (const [status, { content }] of Object.entries(responses)) {
      // The body of a probe that says no is the probe's own.
      if (Number(status) < 400 || name === 'get /ready') continue;
      t.strictSame(content?.['application/json']?.schema, error, `${name}: ${status}`);
    }
  }
  t.strictSame(document.components.schemas.Error?.required, ['statusCode', 'code', 'error', 'message']);
});

t.test('the examples of errors are what is really answered', async (t) => {
  const exporter = await startExporter(t, {
    before: (sim) => sim.faults.add({ kind: 'hang' }),
    settle: false,
  });
  const { paths } = (await exporter.get('/docs/json')).json<OpenapiDocument>();
  const asked: Record<string, [path: string, method: string]> = {
    400: ['/cost/current?x=1', 'GET'],
    404: ['/cost/current?target=staging', 'GET'],
    405: ['/cost/current', 'DELETE'],
    503: ['/cost/current', 'GET'],
  };
  const { responses = {} } = paths['/cost/current']?.get ?? {};
  const example = (status: string) => responses[status]?.content?.['application/json']?.example;
  const errors = Object.keys(responses).filter((status) => Number(status) >= 400);
  t.strictSame(errors, [...Object.keys(asked), '413', '429'].toSorted());
  for (const [status, [path, method]] of Object.entries(asked)) {
    const answer = await exporter.get(path, { method });
    t.strictSame(example(status), answer.json(), status);
  }
  // Refused for what it says of its body, of which nothing has come.
  const large = await exporter.get('/cost/current', { headers: { 'content-length': '2000' } });
  t.strictSame(example('413'), large.json());
  let last = await exporter.get('/targets');
  for (let sent = 0; sent < 1_000; sent++) last = await exporter.get('/targets');
  const withoutTime = (body: unknown) => JSON.stringify(body).replace(/in \d+ s\."/, '"');
  t.equal(withoutTime(example('429')), withoutTime(last.json()));
});

t.test('every reference has a name that a person can read', async (t) => {
  const { document } = await readDocument(t);
  const names = Object.keys(document.components.schemas);
  for (const name of names) t.match(name, /^[A-Z][A-Za-z]+$/, name);
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target);
  t.ok(references.length > 0);
  for (const target of new Set(references)) {
    t.ok(
      names.some((name) => target === `#/components/schemas/${name}`),
      `${target} exists`,
    );
  }
});

t.test('every field has a description, and every scalar one an example that is valid', async (t) => {
  const { document } = await readDocument(t);
  const bodies = operationsOf(document).flatMap(([name, { responses }]) =>
    Object.entries(responses).flatMap(([status, { content = {} }]) =>
      Object.values(content).map(({ schema }): [string, Schema] => [`${name} ${status}`, schema]),
    ),
  );
  const ajv = new Ajv2020({ strict: true });
  formats.default(ajv);
  let fields = 0;
  for (const [where, schema] of [...bodies, ...Object.entries(document.components.schemas)]) {
    if (schema.$ref === undefined) t.ok(isText(schema.description), `${where} has a description`);
    for (const [field, property] of properties(schema, where)) {
      fields++;
      if (property.$ref !== undefined) continue;
      t.ok(isText(property.description), `${field} has a description`);
      if (isScalar(property)) {
        const examples = Array.isArray(property.examples) ? property.examples : [];
        t.ok(examples.length > 0, `${field} has an example`);
        for (const example of examples)
          t.ok(ajv.validate(property, example), `${field}: ${example} is valid`);
      }
    }
  }
  t.ok(fields > 50, `${fields} fields were looked at`);
});
