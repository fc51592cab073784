import type { FaultRule } from '../../src/simulator/index.ts';

type Mutate = Extract<FaultRule, { kind: 'mutate' }>['mutate'];
type Body = Parameters<Mutate>[0];
interface Group {
  Keys: string[];
  Metrics: Record<string, { Amount: string; Unit: string }>;
}
interface Period {
  TimePeriod: { Start: string; End: string };
  Total?: Record<string, { Amount: string; Unit: string }>;
  Groups: Group[];
}

/** What AWS does wrong. */
export interface Fault {
  /** Whether no collection that meets it can succeed. */
  readonly fatal: boolean;
  readonly rule: FaultRule;
}

const COST = { operation: 'GetCostAndUsage' } as const;

/** An answer that is not what AWS documents: `spoil` says whether it has found something to spoil. */
function wrong(spoil: (periods: Period[], body: Body) => boolean): (fired: () => void) => Fault {
  return (fired) => ({
    fatal: true,
    rule: {
      ...COST,
      kind: 'mutate',
      mutate(body) {
        if (spoil(body.ResultsByTime as Period[], body)) fired();
        return body;
      },
    },
  });
}

/** The amounts of the first group or, where there are no groups, the totals of the first day. */
function firstAmounts(periods: Period[]): Record<string, { Amount: string; Unit: string }> | undefined {
  return (
    periods.flatMap(({ Groups }) => Groups.map(({ Metrics }) => Metrics))[0] ??
    periods.find(({ Total }) => Total?.BlendedCost)?.Total
  );
}

/** A plain rule; that it has fired is seen in the simulator's record. */
const rule =
  (fatal: boolean, of: FaultRule) =>
  (_fired: () => void): Fault => ({ fatal, rule: of });

/** Every fault of AWS, by name. `fired` is to be called by those that leave no trace in the simulator's record. */
export const FAULTS = {
  throttle: rule(true, { ...COST, kind: 'throttle' }),
  'throttle once': rule(false, { ...COST, kind: 'throttle', times: 1 }),
  'server error': rule(true, { ...COST, kind: 'error500' }),
  'unavailable twice': rule(false, { ...COST, kind: 'error503', times: 2 }),
  denied: rule(true, { ...COST, kind: 'deny' }),
  'second page denied': rule(true, { ...COST, kind: 'deny', page: 2 }),
  'second page cut': rule(true, { ...COST, kind: 'cut', page: 2 }),
  'second page is no answer': rule(true, { ...COST, kind: 'corrupt', page: 2 }),
  'no JSON': rule(true, { ...COST, kind: 'truncate' }),
  'account unknown': rule(true, { operation: 'GetCallerIdentity', kind: 'error500' }),
  'a day is missing': wrong((periods) => periods.shift() !== undefined),
  'no number': wrong((periods) => {
    const amount = firstAmounts(periods)?.BlendedCost;
    if (amount) amount.Amount = 'NaN';
    return amount !== undefined;
  }),
  'no such metric': wrong((periods) => {
    const amounts = firstAmounts(periods);
    return amounts !== undefined && delete amounts.BlendedCost;
  }),
  'a group twice': wrong((periods) => {
    const groups = periods.find(({ Groups }) => Groups.length > 0)?.Groups;
    const [first] = groups ?? [];
    if (first) groups?.push(first);
    return first !== undefined;
  }),
  'two currencies': wrong((periods) => {
    const [first, second] = periods.flatMap(({ Groups }) => Groups);
    const amount = first?.Metrics.BlendedCost;
    if (amount && second) amount.Unit = 'EUR';
    return amount !== undefined && second !== undefined;
  }),
  'a day that nobody asked for': wrong(([first]) => {
    if (first) first.TimePeriod = { Start: '2020-01-01', End: '2020-01-02' };
    return first !== undefined;
  }),
  'pages without end': wrong((_, body) => {
    body.NextPageToken = 'again';
    return true;
  }),
} as const satisfies Readonly<Record<string, (fired: () => void) => Fault>>;

export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as FaultName[];
