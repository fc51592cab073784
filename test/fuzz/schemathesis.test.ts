// Every route of the REST listener, asked by schemathesis all that /docs/json describes and much that it does not, in every state that the
// exporter can be in: no 5xx but the declared 503, and no answer outside its schema.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startExporter } from '../helper.ts';
import type { OpenapiDocument } from '../openapi/document.ts';
import { pythonWithPackages } from '../servers/python.ts';
import { strict } from './schemathesis/document.ts';
import { EXAMPLES, fuzz, SCHEMATHESIS, SEED } from './schemathesis/run.ts';
import { isProbe, STATES, startState } from './schemathesis/states.ts';

t.setTimeout(EXAMPLES > 100 ? 0 : 600_000);

/** Declared answers that no request alone can get. */
const OUT_OF_REACH: Readonly<Record<string, string>> = {
  'GET /ready 503': 'it is given while the exporter stops: test/openapi/bodies.test.ts',
  'HEAD /ready 503': 'the same',
};

t.test('the document that is asked for is the one that is served', async (t) => {
  const { app, get } = await startExporter(t);
  t.same((await get('/docs/json')).json(), app.rest.swagger());
});

t.test(`seed ${SEED}, ${EXAMPLES} random requests a route`, async (t) => {
  const python = await pythonWithPackages(t, SCHEMATHESIS);
  if (python === undefined) return;
  const [declared, seen] = [new Set<string>(), new Set<string>()];
  const folder = t.testdir();

  for (const [name, state] of Object.entries(STATES)) {
    await t.test(name, async (t) => {
      const own = join(folder, name.replaceAll(/\W+/g, '-'));
      mkdirSync(own);
      const exporter = await startState(t, own, state);
      const whole = strict(exporter.app.rest.swagger() as unknown as OpenapiDocument);
      const paths = Object.entries(whole.paths).filter(([path]) => !state.metrics || isProbe(path));
      const document = { ...whole, paths: Object.fromEntries(paths) };
      const url = state.metrics ? exporter.metricsUrl : exporter.restUrl;
      const { code, output, requests, answers } = await fuzz({
        folder: own,
        python,
        url,
        document,
        ...state,
      });
      t.equal(code, 0, `${requests} requests, nothing to complain about`, { output });

      for (const [path, operations] of paths) {
        for (const [method, { responses }] of Object.entries(operations)) {
          const operation = `${method.toUpperCase()} ${path}`;
          for (const status of Object.keys(responses)) declared.add(`${operation} ${status}`);
          const got = [...(answers.get(operation)?.keys() ?? [])];
          for (const status of got) seen.add(`${operation} ${status}`);
          const expected = state.expects(path);
          t.ok(got.includes(expected), `${operation} has answered ${expected}`, { got });
        }
      }
      await exporter.app.close();
    });
  }

  t.same(
    [...declared].filter((one) => !seen.has(one)).toSorted(),
    Object.keys(OUT_OF_REACH).toSorted(),
    'every declared answer of every route was given',
  );
});

t.test('what is not as declared is told', async (t) => {
  const python = await pythonWithPackages(t, SCHEMATHESIS);
  if (python === undefined) return;
  const folder = t.testdir();
  const { app, restUrl: url } = await startState(t, folder, { expects: () => 200 });
  const right = JSON.stringify(strict(app.rest.swagger() as unknown as OpenapiDocument));
  const faults: Record<string, [path: string, from: RegExp, to: string]> = {
    'a property that is not declared': ['/health', /,"uptimeSeconds"(:\{[^}]*\})?/g, ''],
    'a header that is not declared': ['/cost/current', /"etag":/g, '"tag":'],
    'a status that is not declared': ['/cost/current', /"400":/g, '"422":'],
    'a parameter that is not declared': ['/cost/tags', /"name":"limit"/g, '"name":"most"'],
  };
  for (const [name, [path, from, to]] of Object.entries(faults)) {
    const run = (document: string) =>
      fuzz({ folder, python, url, document: JSON.parse(document), args: ['--include-path', path] });
    const wrong = right.replace(from, to);
    t.not(wrong, right, name);
    const [good, bad] = [await run(right), await run(wrong)];
    t.same([good.code, bad.code], [0, 1], name);
  }
});
