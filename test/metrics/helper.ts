import fc from 'fast-check';
import type { Family, Sample } from '../../src/metrics/family.ts';
import { type Part, writePart } from '../../src/metrics/line-writer.ts';

/** Text of any UTF-16 units, with what exposition formats treat specially in plenty. */
export const anyText = fc.oneof(
  fc.string({
    unit: fc.constantFrom(
      ...'\\\n"|,:{}= \t\r\0\ud83d\ude00\ud800\udc00é€n#_1',
      '\u2028',
      '\ufffd',
      '\u0007',
    ),
    maxLength: 12,
  }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 })
    .map((units) => String.fromCharCode(...units)),
);

/** What is left of any text on a page: what UTF-8 or the format cannot carry is U+FFFD. */
export function onPage(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

/** A sample value; never NaN. */
export const anyValue = fc.oneof(
  fc.double({ noNaN: true }),
  fc.constantFrom(0, -0, 1, -1, 1e21, 5e-324, 0.1),
);

/** Samples with so many labels, no two of which are one series on the page. */
export function anySamples(labels: number, text = anyText, maxLength = 20): fc.Arbitrary<Sample[]> {
  return fc.uniqueArray(fc.tuple(fc.array(text, { minLength: labels, maxLength: labels }), anyValue), {
    maxLength,
    selector: ([values]) => JSON.stringify(values.map(onPage)),
  });
}

/** Reads one sample line as the format's grammar says; independent of the writer. */
export function parseLine(line: string): { name: string; labels: Record<string, string>; value: number } {
  const [head, name] = /^([a-zA-Z_:][a-zA-Z0-9_:]*)/.exec(line) ?? [];
  if (head === undefined || name === undefined) throw new Error(`no metric name: ${line}`);
  const labels: Record<string, string> = {};
  let at = head.length;
  if (line[at] === '{') {
    at += 1;
    while (line[at] !== '}') {
      const equals = line.indexOf('="', at);
      const label = line.slice(at, equals);
      let text = '';
      for (at = equals + 2; line[at] !== '"'; at++) {
        if (at >= line.length) throw new Error(`no closing quote: ${line}`);
        if (line[at] === '\\') {
          at += 1;
          text += line[at] === 'n' ? '\n' : line[at];
        } else {
          text += line[at];
        }
      }
      labels[label] = text;
      at += 1;
      if (line[at] === ',') at += 1;
    }
    at += 1;
  }
  const number = line.slice(at + 1).replace('Inf', 'Infinity');
  return { name, labels, value: Number(number) };
}

/** The lines of a page or part, without the last newline. */
export function linesOf(bytes: Buffer): string[] {
  return bytes.toString().split('\n').slice(0, -1);
}

/** Writes several families of one owner. */
export function writeParts(written: readonly (readonly [Family, Iterable<Sample>])[]): Promise<Part[]> {
  return Promise.all(written.map(([family, samples]) => writePart(family, samples)));
}
