import type { TestScope } from '../../test/servers/process.ts';
import { type BillShape, startAws } from '../lib/aws.ts';
import { startChild } from '../lib/child.ts';

export { startChild } from '../lib/child.ts';

/** Starts a simulated AWS whose every answer is made once, in processes of their own; resolves with its endpoint. */
export async function startRecordedAws(scope: TestScope, shape: BillShape): Promise<string> {
  const { url } = await startAws(scope, shape);
  const recorder = new URL('./recorder-process.ts', import.meta.url);
  return (await startChild<{ url: string }>(scope, recorder, [url])).hello.url;
}
