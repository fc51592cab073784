import { type Static, Type } from '@sinclair/typebox';
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler';
import type { TSchema } from '@sinclair/typebox/type';
import type { FastifyInstance } from 'fastify';
import type { Publication } from '../../src/collection/publisher.ts';

const amountOrNull = Type.Union([Type.Number(), Type.Null()]);
const currencyOrNull = Type.Union([Type.String(), Type.Null()]);
const day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' });

/** What the page shows of the document of `GET /cost/current`. */
const CostFigures = Type.Object({
  currency: currencyOrNull,
  window: Type.Object({ start: day, end: day }),
  total: amountOrNull,
  monthToDate: amountOrNull,
  byAccount: Type.Array(
    Type.Object({ accountId: Type.String(), name: Type.Union([Type.String(), Type.Null()]) }),
  ),
  daily: Type.Array(Type.Object({ date: day, cost: Type.Number() })),
});

export type CostFigures = Static<typeof CostFigures>;

/** What the page shows of the document of `GET /cost/forecast`. */
const ForecastFigures = Type.Object({ currency: currencyOrNull, monthEnd: amountOrNull });

export type ForecastFigures = Static<typeof ForecastFigures>;

/** Reads one collector's figures of a target from what is published; computed once for each publication. */
function reader<Schema extends TSchema>(
  fastify: FastifyInstance,
  collector: string,
  check: TypeCheck<Schema>,
): (target: string) => Static<Schema> | undefined {
  const kept = new WeakMap<Publication, { figures: Static<Schema> | undefined }>();
  return (target) => {
    const publication = fastify.collections.current(collector, target);
    if (publication === undefined) return undefined;
    const known = kept.get(publication);
    if (known !== undefined) return known.figures;
    const document: unknown = publication.presented.document(null);
    const figures = check.Check(document) ? document : undefined;
    kept.set(publication, { figures });
    return figures;
  };
}

/** Readers of the figures on the page, by the name of a target; undefined where nothing is published. */
export function figureReaders(fastify: FastifyInstance) {
  return {
    cost: reader(fastify, 'cost', TypeCompiler.Compile(CostFigures)),
    forecast: reader(fastify, 'forecast', TypeCompiler.Compile(ForecastFigures)),
  };
}
