import { destination } from 'pino';

/** Most bytes of log lines that wait for a place to be written to; later ones are lost. */
const MOST_WAITING = 1 << 20;

/**
 * Standard output, for the log. Where it cannot be written to (the disk is full, its reader is gone or does not read) lines wait
 * and are lost, and the program goes on; left to itself the logger would wait for room for ever.
 */
export function logDestination(): ReturnType<typeof destination> {
  const output = destination({ dest: 1, sync: true, maxLength: MOST_WAITING, retryEAGAIN: () => false });
  output.on('error', () => {});
  return output;
}
