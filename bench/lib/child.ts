import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TestScope } from '../../test/servers/process.ts';

/** A process of a bench that is asked and answers by messages. */
export interface Child {
  readonly pid: number;
  /** Sends a message and resolves with the next one that comes back. @throws Error where it ends instead. */
  ask<Answer>(message: unknown): Promise<Answer>;
}

/** Starts a program of a bench; resolves with what it says first. It ends with the scope. */
export async function startChild<Hello>(
  scope: TestScope,
  url: URL,
  args: readonly string[] = [],
  execArgv: readonly string[] = [],
): Promise<{ child: Child; hello: Hello }> {
  const child = fork(fileURLToPath(url), args, { execArgv: [...execArgv] });
  scope.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    if (child.connected) child.disconnect();
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
