import { type Static, Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import type { CollectorStates } from '../src/collection/state.ts';
import type { Config } from '../src/config.ts';
import { collectorBody, TargetBody } from '../src/status.ts';

/** What the status routes read. */
export interface StatusSource {
  readonly config: Config;
  readonly states: CollectorStates;
  readonly now: () => number;
  /** The account of a target as far as STS, or its kept snapshot, has said it. */
  account(target: string): string | undefined;
  /** Whether the app has begun to stop. */
  stopping(): boolean;
}

const Ready = Type.Object(
  {
    status: Type.Union([Type.Literal('ready'), Type.Literal('stopping')], {
      description: '`ready` once the listeners are up, `stopping` from the stop signal on.',
      examples: ['ready'],
    }),
    targets: Type.Optional(
      Type.Array(TargetBody, {
        description:
          'The targets in the order of the configuration. Absent where credentials are asked for and the caller has shown none.',
      }),
    ),
  },
  { description: 'Readiness, and how every collector of every target stands.' },
);

const Targets = Type.Object(
  { targets: Type.Array(TargetBody, { description: 'The targets in the order of the configuration.' }) },
  { description: 'The targets and their collectors.' },
);

function targetsOf({ config, states, now, account }: StatusSource): TargetBody[] {
  return config.targets.map(({ name }) => ({
    target: name,
    accountId: account(name) ?? null,
    collectors: states.ofTarget(name).map((state) => collectorBody(state, now())),
  }));
}

/** `GET /ready`: 200 while the app serves, whatever AWS or Redis do; 503 while it stops. */
export function readyRoute(fastify: FastifyInstance, source: StatusSource): void {
  fastify.get(
    '/ready',
    {
      schema: {
        tags: ['service'],
        operationId: 'getReady',
        summary: 'Readiness, and what each collector lacks',
        description:
          'Answers 200 once the listeners are up and 503 while stopping. AWS or Redis being down does not make it fail: the body says how each collector stands, why, and what to do.',
        response: { 200: Ready, 503: { ...Ready, description: 'The exporter is stopping.' } },
      },
    },
    async (request, reply): Promise<Static<typeof Ready>> => {
      const stopping = source.stopping();
      reply.code(stopping ? 503 : 200).header('cache-control', 'no-store');
      const status = stopping ? 'stopping' : 'ready';
      return request.identified ? { status, targets: targetsOf(source) } : { status };
    },
  );
}

/** `GET /targets`: the targets with account, and per collector state, cause, last success and next run. */
export function targetsRoute(fastify: FastifyInstance, source: StatusSource): void {
  fastify.get(
    '/targets',
    {
      schema: {
        tags: ['service'],
        operationId: 'getTargets',
        summary: 'Targets and their collectors',
        description:
          'Every target with its account, and per collector its state, cause, last success and next run.',
        querystring: Type.Object({}, { additionalProperties: false }),
        response: { 200: Targets },
      },
    },
    async (): Promise<Static<typeof Targets>> => ({ targets: targetsOf(source) }),
  );
}
