import type { Report } from '../report.ts';
import type { Monitoring } from './monitoring.ts';

/** What every part of the scenario works with. */
export interface Context {
  readonly report: Report;
  /** The FOCUS file that the simulator serves. */
  readonly bill: string;
  readonly monitoring: Monitoring;
}
