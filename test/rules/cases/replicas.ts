import type { Case } from '../case.ts';
import { EC2, figure, lastSuccess, PAYER, seconds, self } from '../facts.ts';
import { replicas, up } from './where.ts';

/** Replicas. */
export const REPLICAS: readonly Case[] = [
  { alert: 'AwsCostExporterAbsent', name: 'it is there', facts: [], firing: [], where: up },
  {
    alert: 'AwsCostExporterAbsent',
    name: 'one replica is left',
    facts: [],
    firing: [],
    situations: [
      { name: 'one is left', up: (step, last) => (step > last - 12 ? [0] : [0, 1, 2]), leader: () => 0 },
    ],
  },
  {
    alert: 'AwsCostExporterAbsent',
    name: 'it could not be scraped for ten minutes',
    facts: [],
    firing: [],
    situations: [{ name: 'a gap', up: (step, last) => (step > last - 3 ? [] : [0]), leader: () => 0 }],
  },
  {
    alert: 'AwsCostNoneExposing',
    name: 'none exposes',
    facts: [self('exposing', {}, 0)],
    firing: [{}],
    where: up,
  },
  { alert: 'AwsCostNoneExposing', name: 'one does', facts: [], firing: [] },
  {
    alert: 'AwsCostNoneExposing',
    name: 'none did for five minutes',
    facts: [self('exposing', {}, ({ step, last, exposes }) => (exposes && step !== last ? 1 : 0))],
    firing: [],
  },
  {
    alert: 'AwsCostExposedTwice',
    name: 'two expose',
    facts: [self('exposing', {}, ({ exposes, pod }) => (exposes || pod % 3 === 1 ? 1 : 0))],
    firing: [{}],
    where: (layout, situation) =>
      layout.expose === 'leader' && replicas(layout, situation) && situation.name === 'steady',
  },
  {
    alert: 'AwsCostExposedTwice',
    name: 'one exposes, or the handing over is scraped',
    facts: [
      self('exposing', {}, ({ step, last, exposes, pod }) =>
        exposes || (pod === 1 && step === last) ? 1 : 0,
      ),
    ],
    firing: [],
    where: (layout) => layout.expose === 'leader',
  },
  {
    alert: 'AwsCostCollectedTwice',
    name: 'two collect for a target',
    facts: [self('lease_held', { target: 'payer' }, 1)],
    firing: [{ target: 'payer' }],
    where: replicas,
  },
  { alert: 'AwsCostCollectedTwice', name: 'one collects for each', facts: [], firing: [] },
  {
    alert: 'AwsCostCollectedTwice',
    name: 'the handing over is scraped',
    facts: [
      self('lease_held', { target: 'payer' }, ({ step, last, leads, pod }) =>
        leads || (pod === 1 && step === last) ? 1 : 0,
      ),
    ],
    firing: [],
  },
  {
    alert: 'AwsCostReplicasDisagree',
    name: 'one shows another month to date',
    facts: [figure('aws_cost_month_to_date', { service: EC2, account_id: PAYER }, ({ pod }) => 1_000 + pod)],
    firing: [{}],
    where: (layout, situation) =>
      layout.expose === 'all' && replicas(layout, situation) && situation.name !== 'a rollout',
  },
  {
    alert: 'AwsCostReplicasDisagree',
    name: 'all show the same, some a scrape later',
    facts: [
      figure('aws_cost_month_to_date', { service: EC2, account_id: PAYER }, ({ step, pod }) =>
        Math.floor((step - (pod % 2)) / 12),
      ),
    ],
    firing: [],
  },
  {
    alert: 'AwsCostReplicasDisagree',
    name: 'of one collection, one has more series',
    facts: [
      self('collector_series', { collector: 'cost', target: 'payer' }, ({ pod }) =>
        pod % 3 === 1 ? 90 : 100,
      ),
    ],
    firing: [{ collector: 'cost', target: 'payer' }],
    where: (layout, situation) => replicas(layout, situation) && situation.name !== 'a rollout',
  },
  {
    alert: 'AwsCostReplicasDisagree',
    name: 'numbers of series differ, of collections of different times',
    facts: [
      self('collector_series', { collector: 'cost', target: 'payer' }, ({ pod }) =>
        pod % 3 === 1 ? 90 : 100,
      ),
      lastSuccess('cost', 'payer', ({ pod }) => (pod % 3 === 1 ? 0 : 300)),
    ],
    firing: [],
  },
  {
    alert: 'AwsCostReplicasDisagree',
    name: 'one has adopted a collection a scrape later, or costs were a moment apart',
    facts: [
      self('collector_series', { collector: 'cost', target: 'payer' }, ({ pod, step, last }) =>
        pod % 3 === 1 && step === last ? 90 : 100,
      ),
      figure('aws_cost_month_to_date', { service: EC2, account_id: PAYER }, ({ pod, step, last }) =>
        step === last ? 1_000 + pod : 1_000,
      ),
    ],
    firing: [],
  },
  {
    alert: 'AwsCostReplicaBehind',
    name: 'one does not hear of the others',
    facts: [
      lastSuccess('cost', 'payer', (place) =>
        place.pod === 1 || place.pod === 4 ? 0 : Math.floor(seconds(place) / 3_600) * 3_600,
      ),
    ],
    firing: [{ collector: 'cost', target: 'payer' }],
    where: (layout, situation) => replicas(layout, situation) && situation.name !== 'a rollout',
  },
  {
    alert: 'AwsCostReplicaBehind',
    name: 'one hears of it a scrape later',
    facts: [
      lastSuccess(
        'cost',
        'payer',
        ({ step, pod }) => Math.max(0, Math.floor((step - (pod % 2)) / 12)) * 3_600,
      ),
    ],
    firing: [],
  },
];
