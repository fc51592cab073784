import type { FocusRow } from '../focus.ts';
import { CellError, FOCUS_COLUMNS, readFocusRecord } from './bill/focus-columns.ts';
import { type GenerateOptions, generateBill } from './bill/generate-bill.ts';
import type { FaultRule } from './faults.ts';
import { isObject, type JsonObject } from './input.ts';
import type { WireAnswer, WireRequest } from './service.ts';
import type { Settings } from './settings.ts';
import type { Simulator } from './types.ts';

/** Where other processes steer the simulator. */
export const CONTROL_PREFIX = '/_simulator/';

class ControlError extends Error {}

/** The fields of a rule that JSON can carry, and their types. */
const RULE_FIELDS: Readonly<Record<string, 'string' | 'number'>> = {
  kind: 'string',
  operation: 'string',
  account: 'string',
  page: 'number',
  after: 'number',
  times: 'number',
  bytes: 'number',
  ms: 'number',
  type: 'string',
  message: 'string',
  status: 'number',
  location: 'string',
};

/** The kinds of fault that JSON can ask for, with the fields that they need. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  throttle: [],
  error500: [],
  error503: [],
  deny: [],
  hang: [],
  reset: [],
  cut: [],
  stall: [],
  truncate: [],
  corrupt: [],
  redirect: ['location'],
  huge: ['bytes'],
  skew: ['ms'],
  drip: [],
  error: ['type', 'message'],
  delay: ['ms'],
};

function isRule(value: JsonObject): value is JsonObject & FaultRule {
  const kind = String(value.kind);
  const needed = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (needed === undefined) throw new ControlError(`kind must be one of ${Object.keys(KINDS).join(', ')}`);
  for (const [field, item] of Object.entries(value)) {
    const type = Object.hasOwn(RULE_FIELDS, field) ? RULE_FIELDS[field] : undefined;
    if (type === undefined) throw new ControlError(`unknown field '${field}'`);
    if (typeof item !== type) throw new ControlError(`'${field}' must be a ${type}`);
  }
  const missing = needed.find((field) => value[field] === undefined);
  if (missing !== undefined) throw new ControlError(`'${missing}' is missing`);
  return true;
}

function readRow(value: unknown, number: number): FocusRow {
  if (!isObject(value)) throw new ControlError(`row ${number}: not an object`);
  const cells = Object.keys(FOCUS_COLUMNS).map((column): [string, string | undefined] => {
    const cell = value[column];
    if (cell === undefined || cell === null) return [column, undefined];
    return [column, column === 'Tags' ? JSON.stringify(cell) : String(cell)];
  });
  try {
    return readFocusRecord(Object.fromEntries(cells));
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    throw new ControlError(`row ${number} column ${error.column}: ${error.message}`);
  }
}

function readGenerateOptions(value: JsonObject): GenerateOptions {
  const number = (field: string): number | undefined => {
    const item = value[field];
    if (item !== undefined && typeof item !== 'number') throw new ControlError(`'${field}' must be a number`);
    return item;
  };
  const today = value.today === undefined ? new Date() : new Date(String(value.today));
  if (Number.isNaN(today.getTime())) throw new ControlError("'today' must be a date");
  const options: { -readonly [Field in keyof GenerateOptions]: GenerateOptions[Field] } = {
    seed: number('seed') ?? 1,
    today,
  };
  for (const field of ['days', 'accounts', 'services', 'resourcesPerService'] as const) {
    const item = number(field);
    if (item !== undefined) options[field] = item;
  }
  return options;
}

function setBill(simulator: Simulator, body: JsonObject): void {
  if (Array.isArray(body.rows)) {
    simulator.setBill(body.rows.map((row: unknown, i) => readRow(row, i + 1)));
  } else if (isObject(body.generate)) {
    simulator.setBill(generateBill(readGenerateOptions(body.generate)));
  } else {
    throw new ControlError("'rows' (FOCUS rows) or 'generate' (options) is missing");
  }
}

function setClock(simulator: Simulator, { now }: JsonObject): void {
  if (now === null) {
    simulator.setClock(undefined);
    return;
  }
  const instant = new Date(typeof now === 'string' ? now : Number.NaN);
  if (Number.isNaN(instant.getTime())) throw new ControlError("'now' must be an ISO 8601 date, or null");
  simulator.setClock(() => instant);
}

function setPageSize(simulator: Simulator, { groups }: JsonObject): void {
  if (typeof groups !== 'number' || !Number.isInteger(groups) || groups < 1) {
    throw new ControlError("'groups' must be an integer of at least 1");
  }
  simulator.setPageSize(groups);
}

function setSettings(simulator: Simulator, body: JsonObject): void {
  const changes: { -readonly [Field in keyof Settings]?: Settings[Field] } = {};
  for (const [field, value] of Object.entries(body)) {
    if (field === 'hubEnrolled' && typeof value === 'boolean') changes.hubEnrolled = value;
    else if (field === 'activeTagKeys' && value === null) changes.activeTagKeys = undefined;
    else if (field === 'activeTagKeys' && Array.isArray(value)) changes.activeTagKeys = value.map(String);
    else if (
      field === 'savingsEstimationMode' &&
      (value === 'AfterDiscounts' || value === 'BeforeDiscounts')
    ) {
      changes.savingsEstimationMode = value;
    } else throw new ControlError(`'${field}' is no setting, or its value is none`);
  }
  simulator.setSettings(changes);
}

type Control = (simulator: Simulator, body: JsonObject) => unknown;

const CONTROLS: Readonly<Record<string, Control>> = {
  'POST faults': (simulator, body) => {
    if (isRule(body)) simulator.faults.add(body);
  },
  'DELETE faults': (simulator) => simulator.faults.clear(),
  'POST bill': setBill,
  'POST clock': setClock,
  'POST page-size': setPageSize,
  'POST settings': setSettings,
  'POST expire-credentials': (simulator) => simulator.expireCredentials(),
  'GET requests': (simulator) => simulator.requests,
};

function answer(status: number, body: unknown): WireAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? '' : JSON.stringify(body),
  };
}

/**
 * Answers a request to `/_simulator/`: `POST faults` (a rule; no `mutate`), `DELETE faults`, `POST bill`
 * (`{rows}` or `{generate}`), `POST clock` (`{now}`: it stands still there; null: back to the simulator's own),
 * `POST page-size` (`{groups}`), `POST settings` (changes; `activeTagKeys: null` is the default), `POST expire-credentials`, `GET requests`. 400 says what is wrong, 404 is no such control.
 */
export function control(simulator: Simulator, request: WireRequest): WireAnswer {
  const action = CONTROLS[`${request.method} ${request.path.slice(CONTROL_PREFIX.length)}`];
  if (action === undefined) return answer(404, { message: 'no such control' });
  try {
    const text = request.body.toString('utf8');
    const body: unknown = text === '' ? {} : JSON.parse(text);
    if (!isObject(body)) throw new ControlError('the body must be a JSON object');
    const result = action(simulator, body);
    return result === undefined ? answer(204, undefined) : answer(200, result);
  } catch (error) {
    const known =
      error instanceof ControlError || error instanceof SyntaxError || error instanceof RangeError;
    if (!known) throw error;
    return answer(400, { message: error.message });
  }
}
