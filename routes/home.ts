import type { FastifyInstance } from 'fastify';
import { dayOf } from '../src/collection/periods.ts';
import { pagesOf, usdFor } from '../src/spend/budget.ts';
import type { Ledger } from '../src/spend/ledger.ts';
import { VERSION } from '../src/version.ts';
import { figureReaders } from './home/figures.ts';
import { homePage } from './home/page.ts';
import { HOME_CSP } from './home/policy.ts';
import type { StatusSource } from './status.ts';

/** What the page reads. */
export interface HomeSource extends StatusSource {
  readonly ledger: Ledger;
}

/**
 * `GET /`: what this is, how every collector stands, what was spent, the last days as a chart, and where to go on. HTML from
 * what is published and from the ledger: it never asks AWS.
 */
export function homeRoute(fastify: FastifyInstance, source: HomeSource): void {
  const { config, states, now, account, ledger } = source;
  const figures = figureReaders(fastify);
  const { port, metricsPort } = config;
  const metrics = {
    here: metricsPort === port && port !== 0,
    port: metricsPort === 0 ? undefined : metricsPort,
  };
  fastify.get('/', { schema: { hide: true } }, async (_request, reply) => {
    const at = now();
    const { pages, complete } = await ledger.days([dayOf(at)]);
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', HOME_CSP)
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .header('cache-control', 'no-cache');
    return homePage({
      version: VERSION,
      now: at,
      metrics,
      spend: { usd: usdFor(pagesOf(pages[0] ?? {})), budgetUsd: config.spend.budgetUsd, complete },
      targets: config.targets.map(({ name }) => ({
        name,
        accountId: account(name),
        states: states.ofTarget(name),
        cost: figures.cost(name),
        forecast: figures.forecast(name),
      })),
    });
  });
}
