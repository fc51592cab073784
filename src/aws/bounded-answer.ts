import { pipeline, Readable, Transform } from 'node:stream';

/** AWS, or whoever answers in its place, sends more than any answer of AWS's has. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';
}

/** A body that ends with an error, and its connection with it, once it is larger than `bytes`; what is no stream is left alone. */
export function bounded(body: unknown, bytes: number): unknown {
  if (!(body instanceof Readable)) return body;
  let size = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > bytes) done(new AnswerTooLarge(`more than ${bytes} bytes`));
      else done(null, chunk);
    },
  });
  // Whoever reads the body is told of what goes wrong by the counter itself; where nobody does any more it is no one's error.
  counter.on('error', () => {});
  pipeline(body, counter, () => {});
  return counter;
}
