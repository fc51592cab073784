import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { ConfigError, loadConfig } from '../../src/config.ts';
import { nameOfToken, readTokens } from '../../src/web/tokens.ts';
import { run } from '../servers/process.ts';
import { tokenLine } from './helper.ts';

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

t.test('a file as people write it', async (t) => {
  const path = join(t.testdir(), 'tokens');
  writeFileSync(
    path,
    `\uFEFF# dashboards\r\n\r\n  grafana\t ${digest('one').toUpperCase()}  \r\n#${tokenLine('off', 'two')}finops-1.x ${digest('three')}`,
  );
  const { value, faults } = readTokens(path);
  t.same(faults, []);
  t.same(value, [
    { name: 'grafana', sha256: digest('one') },
    { name: 'finops-1.x', sha256: digest('three') },
  ]);
});

t.test('the line that the documentation tells to write', async (t) => {
  const path = join(t.testdir(), 'tokens');
  const script = `TOKEN=$(openssl rand -hex 32); echo "grafana $(printf %s "$TOKEN" | sha256sum | cut -d' ' -f1)" > "$1"; printf %s "$TOKEN"`;
  const { stdout: token, code } = await run('sh', ['-c', script, 'sh', path]);
  t.equal(code, 0);
  t.match(token, /^[0-9a-f]{64}$/);
  const { value = [] } = readTokens(path);
  t.equal(nameOfToken(token, value), 'grafana');
  t.equal(nameOfToken(`${token}\n`, value), undefined);
});

t.test('what is wrong is refused by line, all at once, and not repeated', async (t) => {
  const path = join(t.testdir(), 'tokens');
  const lines: [line: string, words: RegExp | undefined][] = [
    [`good ${digest('good')}`, undefined],
    ['secret-alone', /must be a name, a space, and the SHA-256/],
    ['grafana secret-token', /must end with 64 hex digits.*never the token itself/],
    [`grafana ${digest('x').slice(1)}`, /must end with 64 hex digits/],
    [`grafana ${digest('x')}0`, /must end with 64 hex digits/],
    [`grafana ${digest('x')} secret-more`, /must be a name, a space/],
    [`secret/name ${digest('x')}`, /must begin with a name/],
    [`${'n'.repeat(64)} ${digest('x')}`, /must begin with a name/],
    [`good ${digest('other')}`, /has the name "good", which stands twice/],
    [`twin ${digest('good')}`, /has the SHA-256 of another line/],
    [`empty ${digest('')}`, /is the SHA-256 of nothing/],
    [`echo ${digest('\n')}`, /is the SHA-256 of nothing/],
    [`grafana ${digest('a token')}`, /is the example/],
  ];
  writeFileSync(path, lines.map(([line]) => `${line}\n`).join(''));
  try {
    loadConfig({ API_TOKENS_FILE: path });
    t.fail('it is wrong');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const said = error.message.split('\n').slice(1);
    t.equal(said.length, lines.length - 1);
    for (const [index, [, words]] of lines.entries()) {
      if (words === undefined) continue;
      const one = said.find((line) => line.startsWith(`  API_TOKENS_FILE line ${index + 1}: `));
      t.match(one, words);
      t.match(one, /\(example: grafana [0-9a-f]{64}\)$/);
    }
    t.notMatch(error.message, /secret|n{64}/);
  }
  for (const [content, words] of [
    ['', /names no token/],
    ['# nothing\n\n', /names no token/],
  ] as const) {
    writeFileSync(path, content);
    t.match(readTokens(path).faults, [{ where: 'API_TOKENS_FILE', reason: words }]);
  }
  t.match(readTokens(join(path, 'none')).faults, [{ reason: /cannot be read: ENOTDIR/ }]);
  t.match(readTokens('/dev/zero').faults, [{ reason: /not a regular file/ }]);
});

t.test('a token is known by itself alone', async (t) => {
  const word = fc.string({ minLength: 1 });
  const property = fc.property(fc.uniqueArray(word, { minLength: 1, maxLength: 5 }), word, (words, other) => {
    const tokens = words.map((text, index) => ({ name: `n${index}`, sha256: digest(text) }));
    return (
      words.every((text, index) => nameOfToken(text, tokens) === `n${index}`) &&
      (words.includes(other) || nameOfToken(other, tokens) === undefined)
    );
  });
  t.doesNotThrow(() => fc.assert(property));
});
