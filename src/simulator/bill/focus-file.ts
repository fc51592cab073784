import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { CsvError, type Info, parse } from 'csv-parse';
import type { FocusRow } from '../../focus.ts';
import { BillFileError } from './bill-file-error.ts';
import { CellError, FOCUS_COLUMNS, type FocusRecord, readFocusRecord, utf8Of } from './focus-columns.ts';
import { shiftToYesterday } from './shift.ts';

/** Checks the header, and gives the column names back to the parser. */
function checkHeader(file: string, bytes: readonly string[]): string[] {
  const header = bytes.map((name, index) => {
    const text = utf8Of(name);
    if (text === undefined) {
      throw new BillFileError(file, `the name of column ${index + 1} is not UTF-8`, { row: 1 });
    }
    return text;
  });
  for (const [column, need] of Object.entries(FOCUS_COLUMNS)) {
    if (need === 'required' && !header.includes(column)) {
      throw new BillFileError(file, 'the column is missing', { row: 1, column });
    }
  }
  const double = header.find((name, i) => header.indexOf(name) !== i && name in FOCUS_COLUMNS);
  if (double !== undefined) {
    throw new BillFileError(file, 'the column is there twice', { row: 1, column: double });
  }
  return header;
}

/** The fault of a read that failed, as the reader of the message needs it. */
function asBillFileError(file: string, error: unknown, headerRead: boolean): BillFileError {
  if (error instanceof BillFileError) return error;
  if (error instanceof CsvError) {
    return new BillFileError(file, `not well-formed CSV: ${error.message}`, {
      // Rows that are whole, as the parser counts them, empty ones, and the header; the next is the faulty one.
      row: Number(error.records) + Number(error.empty_lines) + (headerRead ? 2 : 1),
      cause: error,
    });
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return new BillFileError(file, 'no such file', { cause: error });
  if (code.startsWith('Z_')) return new BillFileError(file, 'not a whole gzip file', { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return new BillFileError(file, `cannot be read: ${message}`, { cause: error });
}

/** What the first bytes of a file say. */
const GZIP = Buffer.from([0x1f, 0x8b]);
const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const UTF16_MARKS = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];

function withoutMark(file: string, head: Buffer): Buffer {
  const begins = (mark: Buffer) => head.subarray(0, mark.length).equals(mark);
  if (begins(GZIP)) {
    const problem = file.endsWith('.gz') ? 'gzipped twice' : 'a gzip file: let its name end in .csv.gz';
    throw new BillFileError(file, problem);
  }
  if (UTF16_MARKS.some(begins)) throw new BillFileError(file, 'UTF-16, not UTF-8');
  return head.subarray(begins(UTF8_MARK) ? UTF8_MARK.length : 0);
}

/** Passes a text on without its byte order mark; refuses what is no UTF-8 text by its first bytes. */
function text(file: string) {
  return async function* check(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let head: Buffer | undefined = Buffer.alloc(0);
    for await (const chunk of source) {
      if (head === undefined) yield chunk;
      else {
        head = Buffer.concat([head, chunk]);
        if (head.length < UTF8_MARK.length) continue;
        yield withoutMark(file, head);
        head = undefined;
      }
    }
    if (head !== undefined) yield withoutMark(file, head);
  };
}

async function* readRows(file: string): AsyncGenerator<FocusRow> {
  let headerRead = false;
  const parser = parse({
    // Bytes as they are: each cell is decoded where it is read, so that a wrong one can be named.
    encoding: 'latin1',
    columns(header: string[]) {
      const names = checkHeader(file, header);
      headerRead = true;
      return names;
    },
    info: true,
    skip_empty_lines: true,
  });
  const source = createReadStream(file);
  const reading = file.endsWith('.gz')
    ? pipeline(source, createGunzip(), text(file), parser)
    : pipeline(source, text(file), parser);
  // The parser ends with the same error, and is where it is caught.
  reading.catch(() => {});
  let rows = 0;
  let at = 1;
  let currency: string | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: FocusRecord; info: Info }>) {
      at = info.records + info.empty_lines + 1;
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
      throw new BillFileError(file, error.message, { row: at, column: error.column });
    }
    throw asBillFileError(file, error, headerRead);
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
 * Throws {@link BillFileError}, with row and column, where a column is missing, a cell is no number, no date, no charge
 * category, no tag set or not UTF-8, the rows have two currencies, or the file is empty or not what its name says.
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
