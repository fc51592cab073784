import { type Account, ONE_PAGE, SEVEN_KEYS, TWENTY_PAGES } from './accounts.ts';

/** When an exporter buys. */
export interface Schedule {
  readonly name: string;
  readonly detects: boolean;
  readonly env: Readonly<Record<string, string>>;
  /** Tag keys in place of the account's own. */
  readonly tagKeys?: readonly string[];
  /** The exporter cannot ask which tag keys are active, and so buys each. */
  readonly asksActivation: boolean;
  /** Days that are simulated at most: each page takes real time. By the account's pages. */
  readonly days: { readonly onePage: number; readonly twentyPages: number };
}

/** What is simulated. */
export interface Scenario {
  readonly name: string;
  readonly account: Account;
  readonly schedule: Schedule;
  readonly replicas: number;
  /** One replica, the one that exposes, is killed in every hour. */
  readonly crashes: boolean;
  readonly redis: boolean;
  readonly days: number;
}

// The budget is another goal: here it must not cut anything off.
const UNBOUNDED = { AWS_SPEND_BUDGET_USD: '10000' };

/** 1h, 1h, 30m x 7 keys, 2h, and nothing is ever fresh. */
const DESIGN: Schedule = {
  name: 'design',
  detects: false,
  env: { ...UNBOUNDED, CHANGE_DETECTION: 'off', CACHE_TTL_SECONDS: '0' },
  tagKeys: SEVEN_KEYS,
  asksActivation: false,
  days: { onePage: 30, twentyPages: 2 },
};
const OFF: Schedule = {
  name: 'off',
  detects: false,
  env: { ...UNBOUNDED, CHANGE_DETECTION: 'off' },
  asksActivation: true,
  days: { onePage: 30, twentyPages: 4 },
};
const ON: Schedule = {
  name: 'on',
  detects: true,
  env: { ...UNBOUNDED, CHANGE_DETECTION: 'on' },
  asksActivation: true,
  days: { onePage: 30, twentyPages: 30 },
};

/** Without change detection a day is like the other: two of them are enough for replicas and crashes. */
const OFF_DAYS = 2;
/** Each start of an app takes a tenth of a second: 24 in a simulated day. */
const CRASH_DAYS = 10;

/** Every scenario, for at most some days. */
export function scenarios(most: number): Scenario[] {
  return [ONE_PAGE, TWENTY_PAGES].flatMap((account) =>
    [DESIGN, OFF, ON].flatMap((schedule) =>
      [1, 3, 10].flatMap((replicas) =>
        [false, true].map((crashes): Scenario => {
          const { onePage, twentyPages } = schedule.days;
          const own = account === ONE_PAGE ? onePage : twentyPages;
          const plain = replicas === 1 && !crashes;
          const days = Math.min(
            most,
            own,
            plain || schedule.detects ? own : OFF_DAYS,
            crashes ? CRASH_DAYS : own,
          );
          const name = [
            account.name,
            schedule.name,
            `${replicas} replica${replicas === 1 ? '' : 's'}`,
            ...(crashes ? ['crashes'] : []),
          ].join(', ');
          return { name, account, schedule, replicas, crashes, redis: !plain, days };
        }),
      ),
    ),
  );
}
