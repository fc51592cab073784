import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TestScope } from '../../test/servers/process.ts';
import { type BillShape, startAws } from '../lib/aws.ts';

/** A process of a bench that is asked and answers by messages. */
export interface Child {
  readonly pid: number;
  /** Sends a message and resolves with the next one that comes back. */
  ask<Answer>(message: unknown): Promise<Answer>;
}

/** Starts one of this folder's processes; resolves with what it says first. It ends with the scope. */
export async function startChild<Hello>(
  scope: TestScope,
  url: URL,
  args: readonly string[],
): Promise<{ child: Child; hello: Hello }> {
  const child = fork(fileURLToPath(url), args);
  scope.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.disconnect();
    await ended;
  });
  const hello = await next<Hello>(child);
  return {
    hello,
    child: {
      pid: child.pid ?? 0,
      ask(message) {
        child.send(message as object);
        return next(child);
      },
    },
  };
}

async function next<Message>(child: ChildProcess): Promise<Message> {
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    const [message] = await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(([code]) => Promise.reject(new Error(`it ended with ${code}`))),
    ]);
    return message as Message;
  } finally {
    waiting.abort();
  }
}

/** Starts a simulated AWS whose every answer is made once, in processes of their own; resolves with its endpoint. */
export async function startRecordedAws(scope: TestScope, shape: BillShape): Promise<string> {
  const { url } = await startAws(scope, shape);
  const recorder = new URL('./recorder-process.ts', import.meta.url);
  return (await startChild<{ url: string }>(scope, recorder, [url])).hello.url;
}
