/** An HTTP request, read to its end. */
export interface WireRequest {
  readonly method: string;
  /** Path without the query string. */
  readonly path: string;
  /** Query string without the question mark, as sent. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** An HTTP answer. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
