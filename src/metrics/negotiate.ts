import { parse } from 'content-type';

/** The exposition formats that are served: text 0.0.4 and OpenMetrics 1.0. */
export type Format = 'text' | 'openmetrics';

/** The content encodings that are served. */
export type Encoding = 'identity' | 'gzip';

/** One element of an Accept or Accept-Encoding header. */
interface Wish {
  /** Media range or coding, in lower case. */
  readonly name: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** 0 (not acceptable) to 1. */
  readonly weight: number;
  /** Place in the header. */
  readonly place: number;
}

/** How well something that is served meets the header: the wish that speaks of it most precisely. */
interface Match {
  readonly weight: number;
  /** 0: `*`, 1: `type/*`, 2: named, 3: named with its version. */
  readonly precision: number;
  readonly place: number;
}

const NO_MATCH: Match = { weight: 0, precision: -1, place: Number.POSITIVE_INFINITY };

const MEDIA: Readonly<Record<Format, { type: string; subtype: string; version: string }>> = {
  text: { type: 'text', subtype: 'plain', version: '0.0.4' },
  openmetrics: { type: 'application', subtype: 'openmetrics-text', version: '1.0.0' },
};

/**
 * Chooses the format by RFC 9110, section 12.5.1. Parameters that say how to write what we write the same in all cases
 * (`escaping`, `charset`) are not held against a client. On equal terms what is named precisely wins, then what comes first,
 * then text. Never "not acceptable": whatever asks for neither format is given text 0.0.4.
 *
 * @param accept the Accept header
 */
export function negotiateFormat(accept: string | undefined): Format {
  const wishes = parseWishes(accept);
  const text = bestMatch(wishes, (wish) => mediaPrecision(wish, 'text'));
  const openMetrics = bestMatch(wishes, (wish) => mediaPrecision(wish, 'openmetrics'));
  if (openMetrics.weight !== text.weight) return openMetrics.weight > text.weight ? 'openmetrics' : 'text';
  if (openMetrics.precision !== text.precision) {
    return openMetrics.precision > text.precision && openMetrics.weight > 0 ? 'openmetrics' : 'text';
  }
  return openMetrics.place < text.place ? 'openmetrics' : 'text';
}

/**
 * Chooses the content encoding by RFC 9110, section 12.5.3: gzip where the client likes it no less than identity. Never
 * "not acceptable": whatever refuses both is given identity.
 *
 * @param acceptEncoding the Accept-Encoding header
 */
export function negotiateEncoding(acceptEncoding: string | undefined): Encoding {
  const wishes = parseWishes(acceptEncoding);
  const gzip = bestMatch(wishes, ({ name }) => codingPrecision(name, ['gzip', 'x-gzip']));
  const identity = bestMatch(wishes, ({ name }) => codingPrecision(name, ['identity']));
  return gzip.weight > 0 && gzip.weight >= identity.weight ? 'gzip' : 'identity';
}

function parseWishes(header = ''): Wish[] {
  const wishes: Wish[] = [];
  for (let start = 0; start < header.length; ) {
    const { type, parameters, index } = parse(header, { comma: true, start });
    const weight = parseWeight(parameters.q);
    if (type !== '' && weight !== undefined) {
      wishes.push({ name: type, parameters, weight, place: wishes.length });
    }
    start = index + 1;
  }
  return wishes;
}

/** A weight by RFC 9110, section 12.4.2; undefined where the text is not one, and the wish is passed over. */
function parseWeight(text = '1'): number | undefined {
  return /^(?:0(?:\.\d*)?|1(?:\.0*)?|\.\d+)$/.test(text) ? Number(text) : undefined;
}

/** The most precise of the wishes that speak of something; where two are as precise, the one of more weight. */
function bestMatch(wishes: readonly Wish[], precisionOf: (wish: Wish) => number | undefined): Match {
  return wishes.reduce<Match>((best, wish) => {
    const precision = precisionOf(wish);
    if (precision === undefined || precision < best.precision) return best;
    if (precision === best.precision && wish.weight <= best.weight) return best;
    return { weight: wish.weight, precision, place: wish.place };
  }, NO_MATCH);
}

function mediaPrecision({ name, parameters }: Wish, format: Format): number | undefined {
  const { type, subtype, version } = MEDIA[format];
  if (name === '*/*' || name === '*') return 0;
  if (name === `${type}/*`) return 1;
  if (name !== `${type}/${subtype}`) return undefined;
  if (parameters.version === undefined) return 2;
  return parameters.version === version ? 3 : undefined;
}

function codingPrecision(name: string, codings: readonly string[]): number | undefined {
  if (name === '*') return 0;
  return codings.includes(name) ? 2 : undefined;
}
