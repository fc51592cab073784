import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { CsvError, parse } from 'csv-parse';
import type { FocusRow } from '../../focus.ts';
import { BillFileError } from './bill-file-error.ts';
import { CellError, FOCUS_COLUMNS, type FocusRecord, readFocusRecord } from './focus-columns.ts';
import { shiftToYesterday } from './shift.ts';

/** Checks the header, and gives the column names back to the parser. */
function checkHeader(file: string, header: readonly string[]): string[] {
  for (const [column, need] of Object.entries(FOCUS_COLUMNS)) {
    if (need === 'required' && !header.includes(column)) {
      throw new BillFileError(file, 'the column is missing', { row: 1, column });
    }
  }
  const double = header.find((name, i) => header.indexOf(name) !== i && name in FOCUS_COLUMNS);
  if (double !== undefined) {
    throw new BillFileError(file, 'the column is there twice', { row: 1, column: double });
  }
  return [...header];
}

/** The fault of a read that failed, as the reader of the message needs it. */
function asBillFileError(file: string, error: unknown): BillFileError {
  if (error instanceof BillFileError) return error;
  if (error instanceof CsvError) {
    return new BillFileError(file, `not well-formed CSV: ${error.message}`, {
      // Rows that are whole, as the parser counts them, and the header.
      row: Number(error.records) + 2,
      cause: error,
    });
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return new BillFileError(file, 'no such file', { cause: error });
  if (code.startsWith('Z_')) return new BillFileError(file, 'not a whole gzip file', { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return new BillFileError(file, `cannot be read: ${message}`, { cause: error });
}

async function* readRows(file: string): AsyncGenerator<FocusRow> {
  const parser = parse({
    bom: true,
    columns: (header: string[]) => checkHeader(file, header),
    skip_empty_lines: true,
  });
  const source = createReadStream(file);
  const reading = file.endsWith('.gz') ? pipeline(source, createGunzip(), parser) : pipeline(source, parser);
  // The parser ends with the same error, and is where it is caught.
  reading.catch(() => {});
  let rows = 0;
  let currency: string | undefined;
  try {
    for await (const record of parser as AsyncIterable<FocusRecord>) {
      const row = readFocusRecord(record);
      currency ??= row.BillingCurrency;
      if (row.BillingCurrency !== currency) {
        throw new CellError('BillingCurrency', `'${row.BillingCurrency}' in a bill in '${currency}'`);
      }
      rows++;
      yield row;
    }
    await reading;
  } catch (error) {
    if (error instanceof CellError) {
      throw new BillFileError(file, error.message, { row: rows + 2, column: error.column });
    }
    throw asBillFileError(file, error);
  } finally {
    source.destroy();
  }
  if (rows === 0) throw new BillFileError(file, 'no rows');
}

/** Options of {@link readFocusFile}. */
export interface ReadFocusOptions {
  /** The day (UTC) before which the bill's last complete day is put. */
  readonly today: Date;
}

/**
 * Reads a FOCUS 1.0 file, `.csv` or `.csv.gz`, and moves its dates by whole days so that its last complete day
 * (`lastCompleteDay`) is the day before `today`. `NULL` and empty cells are missing values; columns that the project
 * does not use are passed over.
 * Throws {@link BillFileError}, with row and column, where a column is missing, a cell is no number, no date or no tag
 * set, the rows have two currencies, or the file is empty or no gzip file.
 */
export async function readFocusFile(path: string, { today }: ReadFocusOptions): Promise<FocusRow[]> {
  const rows: FocusRow[] = [];
  for await (const row of readRows(path)) rows.push(row);
  return shiftToYesterday(rows, today);
}

function cell(value: FocusRow[keyof FocusRow]): string {
  const text = value === null ? 'NULL' : typeof value === 'string' ? value : JSON.stringify(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function* lines(rows: readonly FocusRow[]): Generator<string> {
  const columns = Object.keys(FOCUS_COLUMNS) as (keyof FocusRow)[];
  yield `${columns.join(',')}\n`;
  for (const row of rows) yield `${columns.map((column) => cell(row[column])).join(',')}\n`;
}

/** Writes rows as a FOCUS 1.0 file with the columns that {@link readFocusFile} reads; gzipped where it ends in `.gz`. */
export async function writeFocusFile(path: string, rows: readonly FocusRow[]): Promise<void> {
  const source = Readable.from(lines(rows));
  const target = createWriteStream(path);
  await (path.endsWith('.gz') ? pipeline(source, createGzip(), target) : pipeline(source, target));
}
