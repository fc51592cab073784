import { isUtf8 } from 'node:buffer';
import type { FocusRow } from '../../focus.ts';
import { isDay } from '../days.ts';
import { isObject } from '../input.ts';

/** The FOCUS columns that are read, and whether a file may be without them. */
export const FOCUS_COLUMNS: Readonly<Record<keyof FocusRow, 'required' | 'optional'>> = {
  ChargePeriodStart: 'required',
  ChargePeriodEnd: 'required',
  BillingPeriodStart: 'required',
  BilledCost: 'required',
  EffectiveCost: 'required',
  BillingCurrency: 'required',
  BillingAccountId: 'required',
  BillingAccountName: 'optional',
  SubAccountId: 'optional',
  SubAccountName: 'optional',
  ChargeCategory: 'required',
  ChargeDescription: 'optional',
  ServiceName: 'required',
  RegionId: 'optional',
  ResourceId: 'optional',
  Tags: 'optional',
};

/** A fault of one cell. */
export class CellError extends Error {
  readonly column: string;

  constructor(column: string, problem: string) {
    super(problem);
    this.column = column;
  }
}

/** A record of the file: cells by column, a character for each byte; a column that the file does not have is missing. */
export type FocusRecord = Readonly<Record<string, string | undefined>>;

/** The text behind bytes that stand as characters; undefined where they are not UTF-8. */
export function utf8Of(bytes: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the end of ASCII.
  if (/^[\x00-\x7f]*$/.test(bytes)) return bytes;
  const buffer = Buffer.from(bytes, 'latin1');
  return isUtf8(buffer) ? buffer.toString('utf8') : undefined;
}

function optional(record: FocusRecord, column: keyof FocusRow): string | null {
  const bytes = record[column];
  if (bytes === undefined || bytes === '' || bytes === 'NULL') return null;
  const text = utf8Of(bytes);
  if (text === undefined) throw new CellError(column, 'not UTF-8');
  return text;
}

function required(record: FocusRecord, column: keyof FocusRow): string {
  const text = optional(record, column);
  if (text === null) throw new CellError(column, 'the value is missing');
  return text;
}

/** The exponent is bounded: an amount of 1E+999 is a broken file, and would be gigabytes of digits. */
const NUMBER = /^[+-]?(\d{1,30}(\.\d{0,60})?|\.\d{1,60})([eE][+-]?\d{1,2})?$/;

function decimal(record: FocusRecord, column: keyof FocusRow): string {
  const text = required(record, column);
  if (!NUMBER.test(text)) throw new CellError(column, `'${text.slice(0, 80)}' is not a number`);
  return text;
}

const INSTANT = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:Z| ?UTC|[+-]00:?00)?)?$/;

/** Reads an instant in UTC, and writes it as `YYYY-MM-DDTHH:MM:SSZ`. */
function instant(record: FocusRecord, column: keyof FocusRow): string {
  const text = required(record, column);
  const [, day = '', hour = '00', minute = '00', second = '00'] = INSTANT.exec(text) ?? [];
  const real = isDay(day) && hour <= '23' && minute <= '59' && second <= '59';
  if (!real) throw new CellError(column, `'${text.slice(0, 80)}' is not a UTC date (YYYY-MM-DD HH:MM:SS)`);
  return `${day}T${hour}:${minute}:${second}Z`;
}

function tags(record: FocusRecord): Record<string, string> {
  const text = optional(record, 'Tags');
  if (text === null) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CellError('Tags', 'not JSON');
  }
  if (!isObject(value)) throw new CellError('Tags', 'not a JSON object');
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      if (item !== null && typeof item !== 'string') {
        throw new CellError('Tags', `the value of '${key}' is not a text`);
      }
      return [key, item ?? ''];
    }),
  );
}

const CATEGORIES = ['Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment'];

function category(record: FocusRecord): string {
  const text = required(record, 'ChargeCategory');
  if (!CATEGORIES.includes(text)) {
    throw new CellError('ChargeCategory', `'${text.slice(0, 80)}' is none of ${CATEGORIES.join(', ')}`);
  }
  return text;
}

/** Reads one record. Throws {@link CellError} for the first cell that is wrong. */
export function readFocusRecord(record: FocusRecord): FocusRow {
  const row: FocusRow = {
    ChargePeriodStart: instant(record, 'ChargePeriodStart'),
    ChargePeriodEnd: instant(record, 'ChargePeriodEnd'),
    BillingPeriodStart: instant(record, 'BillingPeriodStart'),
    BilledCost: decimal(record, 'BilledCost'),
    EffectiveCost: decimal(record, 'EffectiveCost'),
    BillingCurrency: required(record, 'BillingCurrency'),
    BillingAccountId: required(record, 'BillingAccountId'),
    BillingAccountName: optional(record, 'BillingAccountName'),
    SubAccountId: optional(record, 'SubAccountId'),
    SubAccountName: optional(record, 'SubAccountName'),
    ChargeCategory: category(record),
    ChargeDescription: optional(record, 'ChargeDescription'),
    ServiceName: required(record, 'ServiceName'),
    RegionId: optional(record, 'RegionId'),
    ResourceId: optional(record, 'ResourceId'),
    Tags: tags(record),
  };
  if (row.ChargePeriodEnd < row.ChargePeriodStart) {
    throw new CellError('ChargePeriodEnd', 'before ChargePeriodStart');
  }
  return row;
}
