import { closed, type OpenapiDocument, type Operation, type Parameter } from '../../openapi/document.ts';

/** A parameter that no route has, by a schema that nothing fits: whatever it is given is an unknown parameter. */
const UNKNOWN: Parameter = { name: 'unknown', in: 'query', schema: { not: {} } };

/**
 * The exporter's document as it is meant to the letter, which is more than OpenAPI lets it say: no body has a property that is not
 * declared, a declared header is always there, a route that refuses parameters refuses one that it does not know, and each GET has its
 * HEAD, with the same answers but for the body.
 */
export function strict(document: OpenapiDocument): OpenapiDocument {
  const whole = closed(document) as OpenapiDocument;
  const paths = Object.entries(whole.paths).map(([path, { get }]) => {
    if (get === undefined) throw new Error(`${path} has no GET`);
    const { parameters = [], responses } = get;
    const asked = { ...get, parameters: '400' in responses ? [...parameters, UNKNOWN] : parameters };
    const always = { ...asked, responses: withHeaders(responses) };
    return [path, { get: always, head: headOf(always) }];
  });
  return { ...whole, paths: Object.fromEntries(paths) };
}

type Responses = Operation['responses'];

function withHeaders(responses: Responses): Responses {
  const required = Object.entries(responses).map(([status, response]) => {
    const headers = Object.entries(response.headers ?? {}).map(([name, header]) => [
      name,
      { ...header, required: true },
    ]);
    return [status, { ...response, headers: Object.fromEntries(headers) }];
  });
  return Object.fromEntries(required);
}

function headOf({ operationId, responses, ...operation }: Operation): Operation {
  // 405 is what other methods get; schemathesis counts it to GET.
  const { 405: _405, ...own } = responses;
  const bodiless = Object.entries(own).map(([status, { content: _, ...response }]) => [status, response]);
  return { ...operation, operationId: `${operationId}Head`, responses: Object.fromEntries(bodiless) };
}
