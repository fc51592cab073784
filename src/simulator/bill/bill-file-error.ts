/** A bill file that cannot be used. The message says what is wrong, and where. */
export class BillFileError extends Error {
  readonly file: string;
  /** Row in the file as a spreadsheet numbers it: the header is row 1. Undefined where the file as a whole is wrong. */
  readonly row: number | undefined;
  /** The column at fault. */
  readonly column: string | undefined;

  constructor(file: string, problem: string, where: { row?: number; column?: string; cause?: unknown } = {}) {
    const row = where.row === undefined ? '' : ` row ${where.row}`;
    const column = where.column === undefined ? '' : ` column ${where.column}`;
    const place = row + column;
    super(`${file}:${place}${place === '' ? '' : ':'} ${problem}`, { cause: where.cause });
    this.name = 'BillFileError';
    this.file = file;
    this.row = where.row;
    this.column = where.column;
  }
}
