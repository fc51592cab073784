import { type Static, Type } from '@sinclair/typebox';
import { Currency, day, envelope, money, moneyOrNull, Reason } from '../../src/documents.ts';

/** The body of `GET /cost/current`. */
export const CostCurrent = Type.Object(
  {
    ...envelope,
    currency: Currency,
    window: Type.Object(
      {
        start: day('First day of the window, inclusive', '2026-10-23'),
        end: day('End of the window, exclusive: today', '2026-11-22'),
      },
      { description: 'The trailing COST_WINDOW_DAYS complete days.' },
    ),
    total: moneyOrNull('Cost over the window, all services and accounts', 1234.56),
    monthToDate: moneyOrNull('Cost since the 1st of the month, today so far included', 901.5),
    byService: Type.Array(
      Type.Object({
        service: Type.String({
          description: 'Service, in the words of Cost Explorer.',
          examples: ['AmazonCloudWatch'],
        }),
        cost: money('Cost of the service over the window', 12.34),
      }),
      { description: 'Cost over the window by service, greatest first; zeros too.' },
    ),
    byAccount: Type.Array(
      Type.Object({
        accountId: Type.String({ description: 'Linked account id.', examples: ['222233334444'] }),
        name: Type.Union([Type.String(), Type.Null()], {
          description: 'Name of the linked account; null where AWS gives none.',
          examples: ['production'],
        }),
        cost: money('Cost of the account over the window', 56.78),
      }),
      { description: 'Cost over the window by linked account, greatest first; zeros too.' },
    ),
    daily: Type.Array(
      Type.Object({
        date: day('The day', '2026-11-21'),
        cost: money('Cost of the day, all services and accounts', 41.2),
        estimated: Type.Boolean({
          description: 'True while the invoice of the month is not closed, as AWS says it.',
          examples: [true],
        }),
      }),
      { description: 'Cost of each day of the window and of today so far, in order.' },
    ),
    reason: Reason,
  },
  { description: 'Cost of one target now.' },
);

export type CostCurrent = Static<typeof CostCurrent>;

/** The body without the envelope, which the machine adds. */
export type CostDocument = Omit<CostCurrent, keyof typeof envelope>;
