import type { Case } from '../case.ts';
import { lastAttempt, lastSuccess, requests, self, success } from '../facts.ts';
import { inTheLast, up } from './where.ts';

const FAILING = [{ collector: 'cost', target: 'payer' }];

/** Collectors. */
export const COLLECTORS: readonly Case[] = [
  {
    alert: 'AwsCostCollectorFailing',
    name: 'every attempt fails',
    facts: [success('cost', 'payer', 0)],
    firing: FAILING,
  },
  {
    alert: 'AwsCostCollectorFailing',
    name: 'every attempt fails, and who leads is new and has not tried yet',
    facts: [
      success('cost', 'payer', ({ step, last, leads, pod }) =>
        leads && (pod === 0 || step > last) ? 0 : undefined,
      ),
    ],
    firing: FAILING,
  },
  {
    alert: 'AwsCostCollectorFailing',
    name: 'it has failed for half an hour',
    facts: [success('cost', 'payer', inTheLast(0.5, 0, 1))],
    firing: [],
    where: up,
  },
  {
    alert: 'AwsCostCollectorFailing',
    name: 'one attempt has failed, and the next is hours away',
    facts: [
      success('well-architected', 'payer', inTheLast(3, 0, 1)),
      lastAttempt('well-architected', 'payer', inTheLast(3, 10_800, 1)),
    ],
    hours: 6,
    firing: [],
  },
  {
    alert: 'AwsCostCollectorFailing',
    name: 'two attempts have failed, hours apart',
    facts: [
      success('well-architected', 'payer', inTheLast(5, 0, 1)),
      lastAttempt('well-architected', 'payer', ({ step, last }) =>
        step > last - 30 ? 20_000 : step > last - 60 ? 10_000 : 1,
      ),
    ],
    hours: 8,
    firing: [{ collector: 'well-architected', target: 'payer' }],
  },
  {
    alert: 'AwsCostCollectorFailing',
    name: 'one attempt has failed, one succeeded, and one has failed again',
    facts: [
      success('well-architected', 'payer', ({ step, last }) =>
        step > last - 30 || (step > last - 90 && step <= last - 60) ? 0 : 1,
      ),
      lastAttempt('well-architected', 'payer', ({ step, last }) =>
        step > last - 30 ? 30_000 : step > last - 60 ? 20_000 : step > last - 90 ? 10_000 : 1,
      ),
    ],
    hours: 9,
    firing: [],
  },
  {
    alert: 'AwsCostCollectorFailing',
    name: 'it works again',
    facts: [success('cost', 'payer', inTheLast(1.5, 1, 0))],
    firing: [],
  },
  {
    alert: 'AwsCostCollectorFailing',
    name: 'the failing target is not configured any more',
    facts: [
      success('cost', 'payer', inTheLast(0.2, undefined, 0)),
      self('collector_series', { collector: 'cost', target: 'payer' }, inTheLast(0.2, undefined, 100)),
    ],
    firing: [],
    where: up,
  },
  {
    alert: 'AwsCostNoFigures',
    name: 'there never was a success',
    facts: [lastSuccess('forecast', 'acquired', () => undefined)],
    firing: [{ collector: 'forecast', target: 'acquired' }],
  },
  {
    alert: 'AwsCostNoFigures',
    name: 'there was one, in a process that is gone',
    facts: [
      lastSuccess('forecast', 'acquired', ({ pod, step, last }) =>
        pod < 1 && step < last - 14 ? 0 : undefined,
      ),
    ],
    firing: [],
  },
  {
    alert: 'AwsCostNoFigures',
    name: 'the first one took half an hour',
    facts: [lastSuccess('forecast', 'acquired', ({ step }) => (step < 6 ? undefined : 1_800))],
    hours: 2,
    firing: [],
    where: up,
  },
  {
    alert: 'AwsCostDataStale',
    name: 'the last success is four hours ago',
    facts: [lastSuccess('cost', 'payer', 0)],
    hours: 4,
    firing: FAILING,
  },
  {
    alert: 'AwsCostNoFigures',
    name: 'it is half an hour old',
    facts: [lastSuccess('forecast', 'acquired', () => undefined)],
    hours: 0.5,
    firing: [],
    where: (_, { name }) => name === 'steady',
  },
  {
    alert: 'AwsCostDataStale',
    name: 'it is three hours and some minutes ago',
    facts: [lastSuccess('cost', 'payer', 0)],
    hours: 3 + 1 / 6,
    firing: [],
  },
  {
    alert: 'AwsCostDataStale',
    name: 'four hours are not too much for optimization',
    facts: [lastSuccess('optimization', 'payer', 0)],
    hours: 4,
    firing: [],
  },
  {
    alert: 'AwsCostDataStale',
    name: 'it has just succeeded again',
    facts: [
      lastSuccess('cost', 'payer', (place) => (place.step > place.last - 13 ? (place.last - 13) * 300 : 0)),
    ],
    hours: 4,
    firing: [],
  },
  {
    alert: 'AwsCostDataStale',
    name: 'it is not configured any more',
    facts: [
      lastSuccess('cost', 'payer', inTheLast(0.2, undefined, 0)),
      self('collector_series', { collector: 'cost', target: 'payer' }, inTheLast(0.2, undefined, 100)),
    ],
    hours: 4,
    firing: [],
    where: up,
  },
  {
    alert: 'AwsCostAccessDenied',
    name: 'AWS denies it, and the collector fails',
    facts: [requests('GetCostAndUsage', 'access_denied', ({ step }) => step), success('cost', 'payer', 0)],
    firing: [{ operation: 'GetCostAndUsage', target: 'payer' }],
  },
  {
    alert: 'AwsCostAccessDenied',
    name: 'it was denied a moment ago',
    facts: [
      requests('GetCostAndUsage', 'access_denied', ({ step, last }) => (step === last ? 1 : 0)),
      success('cost', 'payer', 0),
    ],
    firing: [],
    where: up,
  },
  {
    alert: 'AwsCostAccessDenied',
    name: 'once, before the first scrape',
    facts: [
      requests('AssumeRole', 'access_denied', ({ leads }) => (leads ? 1 : 0)),
      success('cost', 'payer', 0),
    ],
    firing: [{ operation: 'AssumeRole', target: 'payer' }],
  },
  {
    alert: 'AwsCostAccessDenied',
    name: 'a source of recommendations is denied and passed over, while cost fails',
    facts: [
      requests('ListRecommendations', 'access_denied', ({ step }) => step),
      requests('GetReservationPurchaseRecommendation', 'access_denied', ({ step }) => step),
      success('cost', 'payer', 0),
    ],
    firing: [],
  },
  {
    alert: 'AwsCostAccessDenied',
    name: 'a source of recommendations is denied, and there is no other',
    facts: [
      requests('ListRecommendations', 'access_denied', ({ step }) => step),
      success('optimization', 'payer', 0),
    ],
    firing: [{ operation: 'ListRecommendations', target: 'payer' }],
  },
  {
    alert: 'AwsCostAccessDenied',
    name: 'it was denied, and works again',
    facts: [
      requests('GetCostAndUsage', 'access_denied', ({ step }) => Math.min(step, 5)),
      success('cost', 'payer', inTheLast(1.5, 1, 0)),
    ],
    firing: [],
  },
  ...(
    [
      ['GetCostForecast', 'forecast', 'cost'],
      ['GetResources', 'tags', 'well-architected'],
      ['ListCostAllocationTags', 'tags', 'optimization'],
      ['GetConsolidatedReport', 'well-architected', 'tags'],
      ['GetCostAndUsage', 'tags', 'forecast'],
    ] as const
  ).flatMap(([operation, asks, other]): Case[] => [
    {
      alert: 'AwsCostAccessDenied',
      name: `${operation} is denied, and ${asks} fails`,
      facts: [requests(operation, 'access_denied', ({ step }) => step), success(asks, 'payer', 0)],
      firing: [{ operation, target: 'payer' }],
    },
    {
      alert: 'AwsCostAccessDenied',
      name: `${operation} was denied and works again, and ${other} fails, of the other target ${asks}`,
      facts: [
        requests(operation, 'access_denied', ({ step }) => Math.min(step, 5)),
        success(other, 'payer', 0),
        success(asks, 'acquired', 0),
      ],
      firing: [],
    },
  ]),
  {
    alert: 'AwsCostAccessDenied',
    name: 'an operation of no single collector was denied, and none fails',
    facts: [requests('AssumeRole', 'access_denied', ({ step }) => step)],
    firing: [],
  },
  {
    alert: 'AwsCostAccessDenied',
    name: 'a collector of the other target fails, of something else',
    facts: [requests('GetCostAndUsage', 'access_denied', ({ step }) => step), success('cost', 'acquired', 0)],
    firing: [],
  },
  {
    alert: 'AwsCostAccessDenied',
    name: 'it was denied days ago, and fails of something else',
    facts: [requests('GetCostAndUsage', 'access_denied', 7), success('cost', 'payer', 0)],
    hours: 9,
    firing: [],
    situations: [
      { name: 'steady', up: (_step, _last, replicas) => [...Array(replicas).keys()], leader: () => 0 },
      {
        name: 'down for some minutes seven hours ago',
        up: (step, last, replicas) =>
          step >= last - 86 && step <= last - 82 ? [] : [...Array(replicas).keys()],
        leader: () => 0,
      },
    ],
  },
];
