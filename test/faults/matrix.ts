import type { Test } from 'tap';

/** One fault, and what holds under it. A row of docs/faults.md. */
export interface FaultRow {
  /** Area and name, `aws/throttled-then-answered`. */
  readonly id: string;
  /** What is done. */
  readonly fault: string;
  /** What holds, in one sentence. */
  readonly expected: string;
  /** Does it, and asserts what holds: says in the row's own words what was seen. */
  run(row: RowRun): Promise<void>;
}

/** What a row says while it runs. Each of the four is said by every row. */
export interface RowRun {
  readonly t: Test;
  /** Asserts that the fault did happen: `times` as whoever made it has counted. */
  fired(what: string, times: number): void;
  /** The state that was seen: of `/ready`, of `aws_cost_exporter_*`, of the process. */
  state(text: string): void;
  /** How the figures were seen to stand: `unchanged`, `right`, `none`, or in other words. */
  figures(text: string): void;
  /** The log line or the answer that was seen. */
  message(text: string): void;
}

/** Longest time for a row, where each takes a few seconds: it ends what hangs, on a machine that does much else too. */
const LONGEST_MS = 90_000;

const COLUMNS = ['fired', 'state', 'figures', 'message'] as const;
type Seen = Partial<Record<(typeof COLUMNS)[number], string>>;

/** The head of the table, as {@link runRows} prints lines of it. */
export const TABLE_HEAD: readonly string[] = ['row', 'fault', ...COLUMNS, 'ok'];

/** A line of the table. */
export function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll(/\s+/g, ' ').replaceAll('|', '/')).join(' | ')} |`;
}

/**
 * Runs rows one after another, each a subtest of the row's name, and prints a line of the table for each as a TAP comment.
 * Where `ROWS` names rows, those alone.
 */
export function runRows(t: Test, rows: readonly FaultRow[]): void {
  const only = process.env.ROWS?.split(',');
  for (const row of rows) {
    if (only === undefined || only.includes(row.id))
      t.test(row.id, { timeout: LONGEST_MS }, (t) => runRow(t, row));
  }
}

async function runRow(t: Test, row: FaultRow): Promise<void> {
  const seen: Seen = {};
  let ended = false;
  const say = (column: keyof Seen) => (text: string) => {
    seen[column] = seen[column] === undefined ? text : `${seen[column]}; ${text}`;
  };
  try {
    await row.run({
      t,
      fired(what, times) {
        t.ok(times >= 1, `the fault did happen: ${what}`);
        say('fired')(`${what}: ${times}`);
      },
      state: say('state'),
      figures: say('figures'),
      message: say('message'),
    });
    for (const column of COLUMNS) t.ok(seen[column], `the row says its ${column}`);
    ended = true;
  } finally {
    const cells = COLUMNS.map((column) => seen[column] ?? '-');
    t.comment(tableLine([row.id, row.fault, ...cells, ended && t.passing() ? 'ok' : 'FAILED']));
  }
}
