import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { Answer } from '../helper.ts';

/** A JSON Schema in the document, or a part of one. */
export type Schema = { readonly [Keyword in string]?: unknown };

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
  readonly example?: unknown;
  readonly schema: Schema;
}

export interface Response {
  readonly description?: string;
  readonly headers?: Readonly<Record<string, { description?: string; schema: Schema }>>;
  readonly content?: Readonly<Record<string, { schema: Schema; example?: unknown }>>;
}

export interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, Response>>;
}

/** What the tests read of an OpenAPI document. */
export interface OpenapiDocument {
  readonly openapi: string;
  readonly info: { readonly description?: string };
  readonly servers: readonly { url: string }[];
  readonly tags: readonly { name: string; description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A copy of a schema in which no object may have a property that is not declared. */
export function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (!isSchema(value)) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, member]) => [key, closed(member)]));
  return isSchema(value.properties) ? { ...copy, additionalProperties: false } : copy;
}

/** Holds answers against a document. */
export class AnswerCheck {
  readonly #document: OpenapiDocument;
  readonly #ajv = new Ajv2020({ strict: true, strictTypes: true, allErrors: true });
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(document: OpenapiDocument) {
    this.#document = document;
    formats.default(this.#ajv);
    // By its reference's own path: `#/components/schemas/X` in a response is resolved within the document.
    this.#ajv.addVocabulary(['components', 'paths', 'openapi', 'info', 'servers', 'tags']);
    this.#ajv.addSchema(closed({ components: document.components }) as object, 'document');
  }

  /**
   * What is wrong with the answer of an operation; empty where nothing is: its status is declared, its body is of the declared
   * media type and shape without a property more, and every declared header is there.
   */
  operation(path: string, answer: Answer): string[] {
    const responses = this.#document.paths[path]?.get?.responses;
    if (responses === undefined) return [`${path} is not in the document`];
    const response = responses[answer.status];
    if (response === undefined) return [`${path} does not declare ${answer.status}`];
    const headers = Object.keys(response.headers ?? {}).filter((name) => answer.headers[name] === undefined);
    const missing = headers.map((name) => `${path} ${answer.status} lacks the header ${name}`);
    if (response.content === undefined) {
      return [...missing, ...(answer.bytes.length > 0 ? [`${path} ${answer.status} has a body`] : [])];
    }
    const [[type = '', media] = []] = Object.entries(response.content);
    const pointer = `${path} ${answer.status}`;
    return [
      ...missing,
      ...(answer.headers['content-type']?.startsWith(type) ? [] : [`${pointer} is not ${type}`]),
      ...this.#body(pointer, media?.schema ?? {}, answer.json()),
    ];
  }

  /** What is wrong with the body alone of an answer of an operation. */
  body(path: string, status: number, body: unknown): string[] {
    const [media] = Object.values(this.#document.paths[path]?.get?.responses[status]?.content ?? {});
    if (media === undefined) return [`${path} does not declare a body of ${status}`];
    return this.#body(`${path} ${status}`, media.schema, body);
  }

  /** What is wrong with an answer as the one error of every route; for answers of no operation. */
  error(answer: Answer): string[] {
    const body = answer.json<{ statusCode?: number }>();
    return [
      ...this.#body('Error', { $ref: '#/components/schemas/Error' }, body),
      ...(body.statusCode === answer.status ? [] : [`status ${answer.status}, body says ${body.statusCode}`]),
    ];
  }

  #body(name: string, schema: Schema, body: unknown): string[] {
    const validate = this.#compiled.get(name) ?? this.#ajv.compile(anchored(closed(schema)));
    this.#compiled.set(name, validate);
    if (validate(body)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${name} ${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}

/** A schema whose references into the document are found there. */
function anchored(schema: unknown): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/'));
}
