/**
 * Every limit of what is waited for and taken from AWS, each named once; durations are milliseconds. A whole collection has its
 * own, in its capability. Tests give their own; nobody else does.
 */
export interface AwsLimits {
  /** Longest time to connect. */
  readonly connectMs: number;
  /** Longest time from a request to the first byte of its answer. */
  readonly requestMs: number;
  /** Longest silence on the wire within an answer. */
  readonly silenceMs: number;
  /** Longest time for STS to say whose the credentials are, retries included. */
  readonly accountMs: number;
  /** Largest answer in bytes. A page of 5,000 groups has about one million. */
  readonly answerBytes: number;
}

export const AWS_LIMITS: AwsLimits = {
  connectMs: 5_000,
  requestMs: 60_000,
  silenceMs: 60_000,
  accountMs: 20_000,
  answerBytes: 32 * 1_024 * 1_024,
};
