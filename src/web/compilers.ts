import ajvCompiler from '@fastify/ajv-compiler';
import type { FastifySchemaCompiler, FastifyServerOptions } from 'fastify';

type Factory = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>;
/** What makes a compiler, as Fastify calls it; the types that it has for it are those of its own compiler alone. */
type ValidatorFactory = (schemas: unknown, options: unknown) => FastifySchemaCompiler<unknown>;

const build = ajvCompiler() as unknown as ValidatorFactory;

/** As `build`, but what is compiled is compiled when it is first asked. */
const buildLater: ValidatorFactory = (schemas, options) => {
  let compile: FastifySchemaCompiler<unknown> | undefined;
  return (route) => {
    let validate: ReturnType<FastifySchemaCompiler<unknown>> | undefined;
    const atFirst: ReturnType<FastifySchemaCompiler<unknown>> = (data) => {
      compile ??= build(schemas, options);
      validate ??= compile(route);
      const outcome = validate(data);
      atFirst.errors = validate.errors ?? null;
      return outcome;
    };
    return atFirst;
  };
};

/**
 * What of the routes' schemas is compiled, and when: it was a fifth of the program's start. What a request may say is compiled at
 * a route's first request. Bodies are made to their schemas, which tests hold them to, and are written as they are.
 */
export const compilersFactory = {
  buildValidator: buildLater as unknown as NonNullable<Factory['buildValidator']>,
  buildSerializer: () => () => (body) => JSON.stringify(body),
} satisfies Factory;
