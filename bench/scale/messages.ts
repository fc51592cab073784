/** Publications that one message asks for: one alone is too short for its CPU time to be read. */
export const PUBLICATIONS = 3;

/** What the exporter's process says first. */
export interface Started {
  readonly metricsUrl: string;
  /** From the first request at AWS to the publication, in milliseconds. */
  readonly collectMs: number;
  /** Bytes of the page, not packed. */
  readonly bytes: number;
  readonly series: number;
}

/** What it says of one publication, in milliseconds. */
export interface Published {
  readonly ms: number;
  readonly cpuMs: number;
}
