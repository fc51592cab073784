/** `serve` as the command line does it, with a clock that is off by CLOCK_SKEW_MS milliseconds. */
import { loadConfig } from '../../src/config.ts';
import { serve } from '../../src/server.ts';

const skew = Number(process.env.CLOCK_SKEW_MS ?? 0);
await serve({ config: loadConfig(), now: () => Date.now() + skew });
