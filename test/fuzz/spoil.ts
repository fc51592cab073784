import fc from 'fast-check';

/** One change of an answer. */
export interface Spoil {
  /** What it does, in words. */
  readonly what: string;
  apply(body: string): string;
}

type Parent = Record<string, unknown> | unknown[];
interface Place {
  readonly parent: Parent;
  readonly key: string | number;
}

/** The places right within a JSON value. */
function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const keys: (string | number)[] = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return keys.map((key) => ({ parent: value as Parent, key }));
}

/** Every place of a JSON value, its own aside, as they are written. No recursion: some are deeper than the stack. */
function placesOf(value: unknown): Place[] {
  const found: Place[] = [];
  const left = placesIn(value).toReversed();
  for (let place = left.pop(); place !== undefined; place = left.pop()) {
    found.push(place);
    left.push(...placesIn(Reflect.get(place.parent, place.key)).toReversed());
  }
  return found;
}

/** A JSON value; undefined where the text is none. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/**
 * A JSON answer with a change that says whether it has done anything. As it was where it has not, where the text is no JSON, and where
 * it became too deep to be written.
 */
function rewritten(body: string, change: (answer: unknown) => boolean): string {
  const answer = parsed(body);
  if (answer === undefined) return body;
  try {
    return change(answer) ? JSON.stringify(answer) : body;
  } catch (error) {
    if (error instanceof RangeError) return body;
    throw error;
  }
}

/** Changes one place of a JSON answer, picked by a number in [0, 1); what is no JSON stays as it is. */
function atPlace(
  what: string,
  at: number,
  change: (place: Place, value: unknown) => void,
  wanted?: RegExp,
): Spoil {
  return {
    what: `${what} at ${at}${wanted ? ` of ${wanted}` : ''}`,
    apply: (body) =>
      rewritten(body, (answer) => {
        const places = placesOf(answer).filter(({ key }) => wanted === undefined || wanted.test(String(key)));
        const place = places[Math.floor(at * places.length)];
        if (place === undefined) return false;
        change(place, Reflect.get(place.parent, place.key));
        return true;
      }),
  };
}

const set = (value: unknown) => (place: Place) => Reflect.set(place.parent, place.key, value);
const deep = (levels: number) => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`) as unknown;

const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  '',
  '0',
  'text',
  'a'.repeat(70_000),
  '\ud800',
  'nul\0',
  [],
  {},
  [null],
  [[]],
  { Amount: '1', Unit: 'USD' },
  { length: 5 },
  deep(2_000),
];
const AMOUNTS = [
  'NaN',
  'Infinity',
  '-Infinity',
  '1e400',
  '1e308',
  '-1e308',
  '1e999',
  '',
  ' ',
  '-',
  '.',
  '1,5',
  '0x10',
  '1_000',
  '--1',
  '1e',
  '١',
];
const DATES = [
  '',
  'yesterday',
  '2026-02-30',
  '2026-13-01',
  '20261122',
  '2026-11-22T00:00:00Z',
  '0000-00-00',
  '9999-12-31',
  '1970-01-01',
];

/** Names of what is a number in words, of a date, and of a token, in the answers of AWS. */
const AMOUNT = /amount|value|savings|cost|percentage|bound|count|total/i;
const DATE = /^(start|end|date|timestamp|.*(date|time|at))$/i;
const TOKEN = /token$/i;

/** A share in [0, 1): each alike, which `fc.double` is not. */
export const at = fc.noBias(fc.integer({ min: 0, max: 999_999 })).map((one) => one / 1e6);

const bytes = fc.oneof(
  at.map(
    (one): Spoil => ({
      what: `cut at ${one}`,
      apply: (body) => body.slice(0, Math.floor(one * body.length)),
    }),
  ),
  fc.tuple(at, fc.string({ unit: 'binary', minLength: 1, maxLength: 4 })).map(
    ([share, text]): Spoil => ({
      what: `${JSON.stringify(text)} put in at ${share}`,
      apply(body) {
        const place = Math.floor(share * body.length);
        return `${body.slice(0, place)}${text}${body.slice(place)}`;
      },
    }),
  ),
  fc.tuple(at, fc.integer({ min: 1, max: 40 })).map(
    ([share, length]): Spoil => ({
      what: `${length} characters left out at ${share}`,
      apply(body) {
        const place = Math.floor(share * body.length);
        return `${body.slice(0, place)}${body.slice(place + length)}`;
      },
    }),
  ),
  fc.constantFrom('', 'null', '[]', '{}', '"text"', '0', '<html></html>', '{"__type":"X"}').map(
    (body): Spoil => ({
      what: `${body} in place of it`,
      apply: () => body,
    }),
  ),
);

/** Any change of an answer. */
export const anySpoil: fc.Arbitrary<Spoil> = fc.oneof(
  { weight: 3, arbitrary: at.map((one) => atPlace('dropped', one, drop)) },
  { weight: 2, arbitrary: at.map((one) => atPlace('twice', one, twice)) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(at, fc.constantFrom(...VALUES))
      .map(([one, value]) => atPlace(JSON.stringify(value).slice(0, 40), one, set(value))),
  },
  { weight: 3, arbitrary: at.map((one) => atPlace('number and text swapped', one, swapped)) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(at, fc.constantFrom(...AMOUNTS))
      .map(([one, value]) => atPlace(`amount ${value}`, one, set(value), AMOUNT)),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(at, fc.constantFrom(...DATES))
      .map(([one, value]) => atPlace(`date ${value}`, one, set(value), DATE)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(at, fc.constantFrom('again', '', null, 5))
      .map(([one, value]) => atPlace(`token ${value}`, one, set(value), TOKEN)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('NextPageToken', 'NextToken', 'nextToken', 'PaginationToken').map(token),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('1e308', '-1e308', '1.7e308', '0', 1e308, -1e308, 0).map(everyAmount),
  },
  { weight: 1, arbitrary: at.map((one) => atPlace('unknown field', one, unknownField)) },
  { weight: 3, arbitrary: bytes },
);

function drop({ parent, key }: Place): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else Reflect.deleteProperty(parent, key);
}

function twice({ parent, key }: Place, value: unknown): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 0, structuredClone(value));
  else Reflect.set(parent, key, [value, value]);
}

function swapped(place: Place, value: unknown): void {
  if (typeof value === 'number') set(String(value))(place);
  else if (typeof value === 'string') set(Number(value))(place);
  else set(JSON.stringify(value))(place);
}

function unknownField({ parent, key }: Place, value: unknown): void {
  if (Array.isArray(parent)) parent.push({ Unknown: value });
  else Object.assign(parent, { Unknown: value, __proto: value, [`${key}2`]: value });
}

/** Every amount, not one: sums of them may be none. */
function everyAmount(value: string | number): Spoil {
  return {
    what: `every amount ${value}`,
    apply: (body) =>
      rewritten(body, (answer) => {
        for (const { parent, key } of placesOf(answer)) {
          const before: unknown = Reflect.get(parent, key);
          const isAmount = AMOUNT.test(String(key)) && typeof before === typeof value;
          if (isAmount) Reflect.set(parent, key, value);
        }
        return true;
      }),
  };
}

function token(name: string): Spoil {
  return {
    what: `${name} on every page`,
    apply: (body) => (body.startsWith('{') && body !== '{}' ? `{"${name}":"again",${body.slice(1)}` : body),
  };
}
