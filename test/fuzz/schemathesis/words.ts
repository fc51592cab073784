/** Values that a generator of random text seldom finds, by the dictionaries of schemathesis.toml. */
export const WORDS: Readonly<Record<string, readonly string[]>> = {
  keys: [
    ...['application', 'team/größe 100%', 'nowhere'],
    ...[
      '.',
      '..',
      '../health',
      '../../health',
      '..%2f..%2fhealth',
      '%2e%2e%2fready',
      '..\\..',
      '..;/',
      ';',
      '//',
      'a/b',
    ],
    ...['%', '%zz', '%00', '%25%32%66', '%c0%af', '%ff', '\u0001', '\u007f', 'a\r\nx: y', '\t', ' '],
    ...['?x=1', '#x', 'a&b=c', `'"<script>alert(1)</script>`, '{{7*7}}', '*', ':key', '(.*)+$'],
    ...['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'null', 'undefined', 'true', 'NaN'],
    ...['\u202e', '\ufeff', '\ufffd', 'e\u0301', 'é', '😀', '🏳️‍🌈', 'İ', '١'],
    ...[127, 128, 129, 2_047, 2_048, 2_049, 8_000].map((length) => 'k'.repeat(length)),
    ...[
      'é'.repeat(128),
      '😀'.repeat(64),
      '😀'.repeat(128),
      '😀'.repeat(129),
      'a/'.repeat(500),
      '../'.repeat(300),
    ],
  ],
  targets: [
    ...['default', 'payer', 'member', 'denied'],
    ...[
      'nobody',
      '__proto__',
      'constructor',
      'toString',
      '',
      ' payer',
      'payer,member',
      '../payer',
      '%00',
      'payer\u0000',
      'PAYER',
      'ｐayer',
    ],
    'p'.repeat(4_000),
  ],
  numbers: [
    ...['0', '1', '2', '7', '999999999', '000000001'],
    ...[
      '-1',
      '+1',
      '-0',
      '1.0',
      '1e3',
      '0x10',
      ' 1',
      '1 ',
      '',
      '1000000000',
      '9007199254740993',
      'NaN',
      'Infinity',
      'null',
      '[]',
      '١',
      '1\n',
    ],
  ],
  tags: ['*', '*  ,', 'W/"x"', 'W/"x", "y"', '"x"', '"', ',,,', 'W/', '*, *', '"x'.repeat(500)],
};

/** The dictionaries as TOML: JSON's strings are TOML's, but for DEL. */
export function dictionaries(words = WORDS): string {
  return Object.entries(words)
    .map(([name, values]) => {
      const list = JSON.stringify(values, null, 1).replaceAll('\u007f', '\\u007f');
      return `\n[dictionaries.${name}]\nvalues = ${list}\n`;
    })
    .join('');
}
