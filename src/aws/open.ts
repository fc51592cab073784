import type { Target } from '../config.ts';
import { type AwsContext, TargetAws } from './clients.ts';
import { createTransport } from './http.ts';

/** AWS as each target sees it. */
export interface OpenAws {
  readonly clients: ReadonlyMap<string, TargetAws>;
  /** Ends every connection, and lets go of what it was given. */
  close(): void;
}

/**
 * Opens AWS for some targets, over one set of connections. AWS's own clients come with this module, and are half of the program:
 * it is loaded at the first call, and not before the program serves.
 *
 * @param proxy - the URL of the proxy, as the configuration has it.
 */
export function openAws(
  targets: readonly Target[],
  context: Omit<AwsContext, 'transport'>,
  proxy: string | undefined,
): OpenAws {
  const transport = createTransport(proxy);
  const clients = new Map(
    targets.map((target) => [target.name, new TargetAws({ ...context, transport }, target)]),
  );
  return {
    clients,
    close() {
      for (const client of clients.values()) client.close();
      transport.close();
    },
  };
}
