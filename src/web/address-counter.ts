/** Addresses that are counted in one window; those above share one count. */
const MOST_ADDRESSES = 10_000;

/**
 * Counts what each client address does in windows of fixed length, all of which begin together. In the time of a request that is
 * answered from memory a general library for this is felt: it takes a tenth of it.
 */
export class AddressCounter {
  readonly max: number;
  readonly #windowMs: number;
  readonly #now: () => number;
  #counts = new Map<string, number>();
  #ends = Number.NEGATIVE_INFINITY;

  constructor(
    { max, windowMs }: { readonly max: number; readonly windowMs: number },
    now: () => number = () => performance.now(),
  ) {
    this.max = max;
    this.#windowMs = windowMs;
    this.#now = now;
  }

  /** Counts one more; how many there have been in this window. */
  add(ip: string): number {
    const key = this.#keyOf(ip);
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count;
  }

  /** How many there have been in this window. */
  of(ip: string): number {
    return this.#counts.get(this.#keyOf(ip)) ?? 0;
  }

  /** Whole seconds until the window ends, at least one. */
  get secondsLeft(): number {
    return Math.max(1, Math.ceil((this.#ends - this.#now()) / 1_000));
  }

  #keyOf(ip: string): string {
    const now = this.#now();
    if (now >= this.#ends) {
      this.#counts = new Map();
      this.#ends = now + this.#windowMs;
    }
    const client = clientOf(ip);
    return this.#counts.size < MOST_ADDRESSES || this.#counts.has(client) ? client : '';
  }
}

/** Whom an address stands for: of IPv6 its network of 64 bits, which is the least that one client has. */
export function clientOf(ip: string): string {
  if (!ip.includes(':')) return ip;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = (ip.split('%')[0] ?? '').toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right].slice(0, 4);
  return groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':');
}
