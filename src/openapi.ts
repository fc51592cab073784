import { buildApp } from './app.ts';
import { MemoryStore } from './collection/memory-store.ts';
import type { Config } from './config.ts';

/** Prints the OpenAPI document that the app would serve at /docs/json. Nothing listens, nothing is collected. */
export async function printOpenapi(config: Config): Promise<void> {
  const app = await buildApp({ config, logger: false, store: new MemoryStore() });
  await app.rest.ready();
  process.stdout.write(`${JSON.stringify(app.rest.swagger(), null, 2)}\n`);
  await app.close();
}
