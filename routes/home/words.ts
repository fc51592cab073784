import type { Day } from '../../src/collection/periods.ts';

/** An amount below this, in units of the currency, is shown by its first digits: two decimals would make it 0.00. */
const SMALL = 0.01;

/**
 * An amount of money for a person: `$1,234.56`, `JPY`'s without decimals, tiny ones by two significant digits. What is no
 * ISO 4217 code stands behind the number as it is; no currency, no sign.
 */
export function formatAmount(amount: number, currency: string | null): string {
  const digits: Intl.NumberFormatOptions =
    amount !== 0 && Math.abs(amount) < SMALL ? { maximumSignificantDigits: 2 } : {};
  if (currency !== null && /^[A-Z]{3}$/.test(currency)) {
    return new Intl.NumberFormat('en', { style: 'currency', currency, ...digits }).format(amount);
  }
  const plain = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  const number = new Intl.NumberFormat('en', 'maximumSignificantDigits' in digits ? digits : plain);
  return `${number.format(amount)} ${currency ?? ''}`.trim();
}

/** A number for an axis, as short as it can be: `0.5`, `250`, `1.2K`. */
export function formatTick(value: number): string {
  const tiny = value !== 0 && Math.abs(value) < 1e-3;
  return new Intl.NumberFormat('en', {
    notation: tiny ? 'scientific' : 'compact',
    maximumSignificantDigits: 3,
  }).format(value);
}

/** Formats of dates are costly to make: they wait for the first page that is looked at. */
function dates(locale: string, options: Intl.DateTimeFormatOptions): (ms: number) => string {
  let format: Intl.DateTimeFormat | undefined;
  return (ms) => {
    format ??= new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' });
    return format.format(ms);
  };
}

const dayFormat = dates('en-GB', { day: 'numeric', month: 'short' });
const weekdayFormat = dates('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });
const monthFormat = dates('en-GB', { month: 'long', year: 'numeric' });
const instantFormat = dates('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

/** `22 Nov`. */
export const formatDay = (day: Day): string => dayFormat(Date.parse(day));

/** `Sun 22 Nov`. */
export const formatWeekday = (day: Day): string => weekdayFormat(Date.parse(day)).replace(',', '');

/** `November 2026`. */
export const formatMonth = (day: Day): string => monthFormat(Date.parse(day));

/** `22 Nov 2026, 08:00 UTC`. */
export const formatInstant = (ms: number): string => `${instantFormat(ms)} UTC`;

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** How far an instant is from another: `12 minutes ago`, `in 2 hours`, `just now`, `in a moment`. */
export function formatDistance(ms: number, now: number): string {
  const distance = ms - now;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(distance) >= length) ?? [];
  if (unit === undefined || size === undefined) return distance > 0 ? 'in a moment' : 'just now';
  const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' });
  return relative.format(Math.trunc(distance / size), unit);
}
