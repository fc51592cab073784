import type { Simulator } from '../../src/simulator/index.ts';
import { authorization } from './helper.ts';
import type { Model, ServiceName } from './models.ts';

export interface ModelAnswer {
  readonly status: number;
  /** The output's members, or what the error says. */
  readonly body: Record<string, unknown>;
  /** The error's type, where it is one. */
  readonly error: string | undefined;
}

/** The elements of an XML text without attributes and mixed content; those without elements are their text. */
function parseXml(text: string): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [, name = '', content = ''] of text.matchAll(/<(\w+)[^>]*>([\s\S]*?)<\/\1>/g)) {
    fields[name] = content.includes('<') ? parseXml(content) : content;
  }
  return fields;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

interface Call {
  readonly service: ServiceName;
  readonly operation: string;
  readonly input: Record<string, unknown>;
  readonly region?: string;
  readonly accessKeyId?: string;
}

function restRequest(model: Model, { operation, input }: Call) {
  const { http, input: shape } = model.operations[operation] ?? { http: { method: '', requestUri: '' } };
  const members = model.shapes[shape?.shape ?? '']?.members ?? {};
  const query = new URLSearchParams();
  const body: Record<string, unknown> = {};
  let path = http.requestUri;
  for (const [name, value] of Object.entries(input)) {
    const location = members[name]?.location;
    if (value === undefined) continue;
    if (location === 'uri') path = path.replace(`{${name}}`, encodeURIComponent(String(value)));
    // Where the model has no such parameter it goes where the operation has its others.
    else if (location === 'querystring' || http.method === 'GET') query.append(name, String(value));
    else body[name] = value;
  }
  const suffix = query.size > 0 ? `?${query}` : '';
  return {
    url: path + suffix,
    method: http.method,
    headers: { 'content-type': 'application/json' },
    ...(http.method === 'GET' ? {} : { body: JSON.stringify(body) }),
  };
}

function request(model: Model, call: Call) {
  const { metadata } = model;
  if (metadata.protocols.includes('json')) {
    return {
      url: '/',
      method: 'POST',
      headers: {
        'content-type': `application/x-amz-json-${metadata.jsonVersion}`,
        'x-amz-target': `${metadata.targetPrefix}.${call.operation}`,
      },
      body: JSON.stringify(call.input),
    };
  }
  if (metadata.protocols.includes('rest-json')) return restRequest(model, call);
  const form = new URLSearchParams({ Action: call.operation, Version: metadata.apiVersion });
  for (const [name, value] of Object.entries(call.input)) form.append(name, String(value));
  return {
    url: '/',
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  };
}

/** Calls an operation as AWS's service model says that it is called, without an SDK's help. */
export async function modelCall(simulator: Simulator, model: Model, call: Call): Promise<ModelAnswer> {
  const { url, ...init } = request(model, call);
  const signature = authorization(call.region, call.service, call.accessKeyId);
  const response = await fetch(simulator.url + url, {
    ...init,
    headers: { ...init.headers, authorization: signature },
  });
  const text = await response.text();
  const { status } = response;
  if (!text.startsWith('<')) {
    const error = response.headers.get('x-amzn-errortype') ?? undefined;
    return { status, body: record(JSON.parse(text)), error };
  }
  const [root] = Object.values(parseXml(text));
  const answer = record(root);
  const failure = record(answer.Error);
  if (status !== 200) return { status, body: failure, error: String(failure.Code) };
  const result = answer[model.operations[call.operation]?.output?.resultWrapper ?? ''];
  return { status, body: record(result), error: undefined };
}
