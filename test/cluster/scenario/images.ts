import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../servers/process.ts';
import { chartValues } from '../image.ts';
import { ctr } from './kubectl.ts';

/**
 * Loads the image under test, and a stand-in for the Redis that the chart can bring along, each under the name that the chart's values
 * have for it.
 * @param folder of docker archives.
 * @param work where the stand-in is made.
 */
export async function loadImages(folder: string, work: string): Promise<void> {
  const { redis } = await chartValues();
  const archive = join(work, 'redis.tar');
  const script = join(import.meta.dirname, '../node/redis-image.sh');
  const { code, stderr } = await run('bash', [script, redis.bundled.image, archive]);
  if (code !== 0) throw new Error(`the stand-in for Redis: ${stderr}`);
  for (const name of await readdir(folder)) await ctr('images', 'import', join(folder, name));
  await ctr('images', 'import', archive);
}
