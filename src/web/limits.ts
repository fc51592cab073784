/**
 * Every limit of the listeners, each named once. Durations are milliseconds. Tests give their own; nobody else does.
 */
export interface WebLimits {
  /** Longest time for the head of a request, from the connection on. */
  readonly headersMs: number;
  /** Longest time for a whole request to arrive. */
  readonly requestMs: number;
  /** Longest time for a TLS handshake. */
  readonly handshakeMs: number;
  /** How long a connection without a request is kept: longer than a load balancer's usual 60 s, so that it is not we who close. */
  readonly keepAliveMs: number;
  /** Longest time from a request to the last byte of its answer that the client has taken. A slow reader holds the page that it began with. */
  readonly answerMs: number;
  /** Connections to one listener at once; for one more the one that has been without a request for longest is closed. */
  readonly connections: number;
  /** Requests of one connection that wait for their answers at once; with one more it is closed. */
  readonly pipelined: number;
  /** Largest body of a request in bytes: no route has a use for one. */
  readonly bodyBytes: number;
  /** Requests to REST that one client address (of IPv6 a /64) may send in one window: enough for the dashboards of a team behind one ingress. */
  readonly rate: { readonly max: number; readonly windowMs: number };
  /** Wrong passwords of one client address in one window; above it those that are not known already are not tried. */
  readonly failures: { readonly max: number; readonly windowMs: number };
  /** Mean delay of the event loop over a second above which REST is answered 503: far above what publishing a large bill takes. */
  readonly loopDelayMs: number;
  /** Passwords that wait for a check at once. */
  readonly passwordQueue: number;
  /** Time between two looks at the files of `WEB_CONFIG_FILE` and `API_TOKENS_FILE`; a change counts once it has stood still from one to the next. */
  readonly rereadMs: number;
}

export const WEB_LIMITS: WebLimits = {
  headersMs: 10_000,
  requestMs: 15_000,
  handshakeMs: 10_000,
  keepAliveMs: 75_000,
  answerMs: 60_000,
  connections: 512,
  pipelined: 16,
  bodyBytes: 1_024,
  rate: { max: 1_000, windowMs: 10_000 },
  failures: { max: 20, windowMs: 60_000 },
  loopDelayMs: 1_000,
  passwordQueue: 16,
  rereadMs: 1_000,
};
