const RESERVED = /^("*)(?:untagged|__other__)("*)$/;

/** Label value of the cost that carries no value for a tag key. */
export const UNTAGGED = 'untagged';
/** Label value of what was folded together to keep the number of series down. */
export const OTHER = '__other__';

/**
 * A real name or value as a label value: one that is a reserved word inside any number of enclosing pairs of double
 * quotes gets one pair more, so that two values never become one.
 */
export function labelValue(value: string): string {
  const [, before, after] = RESERVED.exec(value) ?? [];
  return before !== undefined && before === after ? `"${value}"` : value;
}

/** Text as AWS sent it, made well-formed where it enters: lone surrogates and NUL become U+FFFD. */
export function wellFormed(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}
