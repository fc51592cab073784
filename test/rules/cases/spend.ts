import type { Case } from '../case.ts';
import { self } from '../facts.ts';
import type { Fact, ValueAt } from '../world.ts';
import { up } from './where.ts';

function spent(target: string, value: number | ValueAt) {
  return self('aws_spend_usd_total', { target }, value);
}

function startedAt(value: number | ValueAt): Fact {
  return {
    family: 'process_start_time_seconds',
    labels: {},
    on: 'each',
    value: typeof value === 'number' ? () => value : value,
  };
}

/** What the exporter itself spends. */
export const SPEND: readonly Case[] = [
  {
    alert: 'AwsCostExporterBudgetExhausted',
    name: 'a collection is passed over each hour',
    facts: [
      self(
        'collector_skipped_total',
        { collector: 'tags', target: 'payer', reason: 'budget' },
        ({ step, leads }) => (leads ? Math.floor(step / 6) : 0),
      ),
    ],
    firing: [{ collector: 'tags', target: 'payer' }],
  },
  {
    alert: 'AwsCostExporterBudgetExhausted',
    name: 'others are passed over for other reasons',
    facts: [
      self(
        'collector_skipped_total',
        { collector: 'tags', target: 'payer', reason: 'fresh' },
        ({ step }) => step,
      ),
    ],
    firing: [],
  },
  {
    alert: 'AwsCostExporterBudgetExhausted',
    name: 'that was yesterday',
    facts: [
      self('collector_skipped_total', { collector: 'tags', target: 'payer', reason: 'budget' }, ({ step }) =>
        Math.min(step, 10),
      ),
    ],
    hours: 6,
    firing: [],
    where: up,
  },
  {
    alert: 'AwsCostExporterSpendNearBudget',
    name: 'most of it is spent, by two targets together',
    facts: ['payer', 'acquired'].map((target) =>
      spent(target, ({ step, leads }) => (leads ? Math.floor(step / 3) * 0.04 : 0)),
    ),
    hours: 4,
    firing: [{}],
    where: (_, { name }) => name === 'steady' || name.includes('down'),
  },
  {
    alert: 'AwsCostExporterSpendNearBudget',
    name: 'most of it was spent a moment ago',
    facts: [spent('payer', ({ step, last }) => (step === last ? 0.95 : 0))],
    firing: [],
    where: (layout, situation) => layout.replicas === 1 && up(layout, situation),
  },
  {
    alert: 'AwsCostExporterBudgetExhausted',
    name: 'the first collection was passed over a moment ago',
    facts: [
      self(
        'collector_skipped_total',
        { collector: 'tags', target: 'payer', reason: 'budget' },
        ({ step, last }) => (step === last ? 1 : 0),
      ),
    ],
    firing: [],
    where: up,
  },
  {
    alert: 'AwsCostExporterSpendNearBudget',
    name: 'half of it is spent',
    facts: [spent('payer', ({ step }) => Math.floor(step / 3) * 0.01)],
    hours: 13,
    firing: [],
    where: (layout) => layout.replicas === 1,
  },
  {
    alert: 'AwsCostExporterSpendNearBudget',
    name: 'all of it was spent yesterday, and little today',
    facts: [spent('payer', ({ step }) => Math.min(step, 288) / 288 + Math.max(0, step - 288) * 0.001)],
    hours: 30,
    firing: [],
    where: (layout) => layout.replicas === 1,
  },
  {
    alert: 'AwsCostExporterSpendNearBudget',
    name: 'a rollout buys much before it is first scraped',
    facts: [
      spent('payer', ({ pod }) => (pod === 0 ? 0.3 : 0.9)),
      { ...startedAt(({ pod, last }) => (pod < 1 ? -100_000 : (last - 6) * 300 - 60)) },
    ],
    hours: 20,
    firing: [{}],
    where: (layout, { name }) => layout.replicas === 1 && name === 'a rollout',
  },
  {
    alert: 'AwsCostExporterSpendNearBudget',
    name: 'what was bought on the days before does not count where Prometheus sees the process for the first time',
    facts: [spent('payer', 30), startedAt(-1_000_000)],
    firing: [],
    where: up,
  },
  {
    alert: 'AwsCostExporterSpendNearBudget',
    name: 'the container was restarted, and counts from 0 again',
    facts: [
      spent('payer', ({ step, last }) => (step > last - 10 ? 0.5 : 0.75)),
      startedAt(({ step, last }) => (step > last - 10 ? (last - 10) * 300 : -100_000)),
    ],
    hours: 30,
    firing: [],
    where: (layout, { name }) => layout.replicas === 1 && name === 'steady',
  },
];
