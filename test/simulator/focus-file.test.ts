import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import t from 'tap';
import {
  BillFileError,
  generateBill,
  lastCompleteDay,
  readFocusFile,
  shiftBill,
  writeFocusFile,
} from '../../src/simulator/index.ts';
import { row } from './helper.ts';

const TODAY = new Date('2026-03-15T12:00:00Z');
const HEADER =
  'BilledCost,BillingAccountId,BillingAccountName,BillingCurrency,BillingPeriodStart,ChargeCategory,ChargeDescription,ChargePeriodEnd,ChargePeriodStart,EffectiveCost,RegionId,ResourceId,ServiceName,SubAccountId,SubAccountName,Tags';

function line(changes: Record<string, string> = {}): string {
  const cells: Record<string, string> = {
    BilledCost: '1.5',
    BillingAccountId: '1234567890123',
    BillingAccountName: 'SunBird',
    BillingCurrency: 'USD',
    BillingPeriodStart: '2024-09-01 00:00:00',
    ChargeCategory: 'Usage',
    ChargeDescription: 'NULL',
    ChargePeriodEnd: '2024-10-01 00:00:00',
    ChargePeriodStart: '2024-09-30 23:00:00',
    EffectiveCost: '-2E-8',
    RegionId: 'NULL',
    ResourceId: '',
    ServiceName: '"AWS, ""quoted"""',
    SubAccountId: '11353890204',
    SubAccountName: 'Atlas Orion',
    Tags: '"{""a"": ""x$y"", ""n"": null}"',
    ...changes,
  };
  return HEADER.split(',')
    .map((column) => cells[column])
    .join(',');
}

t.test(
  'reads a file, plain or gzipped, and moves it so that its last complete day is yesterday',
  async (t) => {
    const folder = t.testdir();
    const text = `\uFEFF${HEADER}\r\n${line()}\r\n`;
    await writeFile(join(folder, 'bill.csv'), text);
    await writeFile(join(folder, 'bill.csv.gz'), gzipSync(text));
    const rows = await readFocusFile(join(folder, 'bill.csv'), { today: TODAY });
    t.strictSame(rows, [
      {
        ChargePeriodStart: '2026-03-14T23:00:00Z',
        ChargePeriodEnd: '2026-03-15T00:00:00Z',
        BillingPeriodStart: '2026-03-01T00:00:00Z',
        BilledCost: '1.5',
        EffectiveCost: '-2E-8',
        BillingCurrency: 'USD',
        BillingAccountId: '1234567890123',
        BillingAccountName: 'SunBird',
        SubAccountId: '11353890204',
        SubAccountName: 'Atlas Orion',
        ChargeCategory: 'Usage',
        ChargeDescription: null,
        ServiceName: 'AWS, "quoted"',
        RegionId: null,
        ResourceId: null,
        Tags: { a: 'x$y', n: '' },
      },
    ]);
    t.strictSame(await readFocusFile(join(folder, 'bill.csv.gz'), { today: TODAY }), rows);
  },
);

t.test('the last complete day', async (t) => {
  const hour = (day: string, from: string, to: string) =>
    row(day, '1', { ChargePeriodStart: `${day}T${from}:00:00Z`, ChargePeriodEnd: to });
  const midnight = hour('2026-01-10', '23', '2026-01-11T00:00:00Z');
  const noon = hour('2026-01-10', '11', '2026-01-10T12:00:00Z');
  const month = row('2026-01-11', '9', { ChargePeriodEnd: '2026-02-11T00:00:00Z' });
  t.equal(lastCompleteDay([]), undefined);
  t.equal(lastCompleteDay([noon, midnight]), '2026-01-10', 'a charge reaches midnight');
  t.equal(lastCompleteDay([midnight, noon]), '2026-01-10', 'in any order');
  t.equal(lastCompleteDay([noon]), '2026-01-09', 'hourly charges end at noon: the day still runs');
  t.equal(lastCompleteDay([row('2026-01-10', '1')]), '2026-01-10', 'a daily charge tells nothing else');
  t.equal(lastCompleteDay([row('2026-01-10', '1'), noon]), '2026-01-09', 'the hourly one tells');
  t.equal(lastCompleteDay([midnight, month]), '2026-01-10', 'a monthly charge does not make a day');
  t.equal(lastCompleteDay([month]), '2026-01-11', 'unless there is nothing else');
});

t.test('a moved bill keeps the distance between a charge and its billing month', async (t) => {
  const credit = row('2026-01-31', '-1', { BillingPeriodStart: '2025-12-01T00:00:00Z' });
  const [moved] = shiftBill([credit], 1);
  t.equal(moved?.ChargePeriodStart, '2026-02-01T00:00:00Z');
  t.equal(moved?.ChargePeriodEnd, '2026-02-02T00:00:00Z');
  t.equal(moved?.BillingPeriodStart, '2026-01-01T00:00:00Z');
  t.equal(shiftBill([row('2024-02-28', '1')], 1)[0]?.ChargePeriodStart, '2024-02-29T00:00:00Z');
});

t.test('a wrong file is refused by row and column', async (t) => {
  const cases: [
    name: string,
    text: string,
    row: number | undefined,
    column: string | undefined,
    says: RegExp,
  ][] = [
    ['empty', '', undefined, undefined, /no rows/],
    ['header alone', `${HEADER}\n`, undefined, undefined, /no rows/],
    ['no cost column', `${HEADER.replace('BilledCost', 'Cost')}\n${line()}\n`, 1, 'BilledCost', /missing/],
    ['a column twice', `${HEADER},BilledCost\n${line()},1\n`, 1, 'BilledCost', /twice/],
    [
      'no number',
      `${HEADER}\n${line()}\n${line({ BilledCost: '1.2.3' })}\n`,
      3,
      'BilledCost',
      /'1\.2\.3' is not a number/,
    ],
    ['hexadecimal', `${HEADER}\n${line({ EffectiveCost: '0x10' })}\n`, 2, 'EffectiveCost', /not a number/],
    ['Infinity', `${HEADER}\n${line({ EffectiveCost: 'Infinity' })}\n`, 2, 'EffectiveCost', /not a number/],
    ['absurd exponent', `${HEADER}\n${line({ BilledCost: '1E999' })}\n`, 2, 'BilledCost', /not a number/],
    ['missing cost', `${HEADER}\n${line({ BilledCost: 'NULL' })}\n`, 2, 'BilledCost', /missing/],
    [
      'no date',
      `${HEADER}\n${line({ ChargePeriodStart: 'yesterday' })}\n`,
      2,
      'ChargePeriodStart',
      /not a UTC date/,
    ],
    [
      '30 February',
      `${HEADER}\n${line({ ChargePeriodStart: '2024-02-30 00:00:00' })}\n`,
      2,
      'ChargePeriodStart',
      /date/,
    ],
    [
      "25 o'clock",
      `${HEADER}\n${line({ ChargePeriodEnd: '2024-10-01 25:00:00' })}\n`,
      2,
      'ChargePeriodEnd',
      /date/,
    ],
    [
      'another time zone',
      `${HEADER}\n${line({ ChargePeriodStart: '2024-09-30T00:00:00+02:00' })}\n`,
      2,
      'ChargePeriodStart',
      /UTC/,
    ],
    [
      'end before start',
      `${HEADER}\n${line({ ChargePeriodEnd: '2024-09-29 00:00:00' })}\n`,
      2,
      'ChargePeriodEnd',
      /before/,
    ],
    [
      'two currencies',
      `${HEADER}\n${line()}\n${line({ BillingCurrency: 'EUR' })}\n`,
      3,
      'BillingCurrency',
      /EUR.*USD/,
    ],
    ['tags that are no JSON', `${HEADER}\n${line({ Tags: '{a' })}\n`, 2, 'Tags', /not JSON/],
    ['tags that are a list', `${HEADER}\n${line({ Tags: '[]' })}\n`, 2, 'Tags', /object/],
    ['a number for a tag', `${HEADER}\n${line({ Tags: '"{""n"":3}"' })}\n`, 2, 'Tags', /'n' is not a text/],
    ['a truth for a tag', `${HEADER}\n${line({ Tags: '"{""n"":true}"' })}\n`, 2, 'Tags', /'n' is not a text/],
    [
      'no charge category',
      `${HEADER}\n${line()}\n${line({ ChargeCategory: 'usage' })}\n`,
      3,
      'ChargeCategory',
      /'usage' is none of Usage, Purchase, Tax, Credit, Adjustment/,
    ],
    ['a quote in the header', `"${HEADER.replace(',', '"x,')}\n${line()}\n`, 1, undefined, /CSV/],
    ['a header without an end', `"${HEADER}\n${line()}\n`, 1, undefined, /CSV/],
    ['text after a quote', `${HEADER}\n${line()}\n"1"${line()}\n`, 3, undefined, /CSV/],
    ['after empty lines', `${HEADER}\n\n${line()}\n\n${line()},x\n`, 5, undefined, /CSV/],
    [
      'a cell after empty lines',
      `${HEADER}\n\n${line()}\n\n\n${line({ BilledCost: 'x' })}\n`,
      6,
      'BilledCost',
      /number/,
    ],
    [
      'a cell after a cell of two lines',
      `${HEADER}\n${line({ ChargeDescription: '"two\nlines"' })}\n${line({ BilledCost: 'x' })}\n`,
      3,
      'BilledCost',
      /number/,
    ],
    ['nested tags', `${HEADER}\n${line({ Tags: '"{""a"":{}}"' })}\n`, 2, 'Tags', /'a'/],
    ['a cell too many', `${HEADER}\n${line()}\n${line()},x\n`, 3, undefined, /CSV/],
    ['an open quote', `${HEADER}\n${line()}\n"${line()}\n`, 3, undefined, /CSV/],
    ['far down', `${HEADER}\n${`${line()}\n`.repeat(500)}x\n`, 502, undefined, /CSV/],
  ];
  const folder = t.testdir();
  for (const [name, text, row, column, says] of cases) {
    const file = join(folder, 'bill.csv');
    await writeFile(file, text);
    const error = await readFocusFile(file, { today: TODAY }).catch((thrown: unknown) => thrown);
    if (!(error instanceof BillFileError)) {
      t.fail(`${name}: ${String(error)}`);
      continue;
    }
    t.strictSame({ row: error.row, column: error.column }, { row, column }, name);
    t.match(error.message, says, name);
    t.ok(error.message.startsWith(file), 'the message begins with the file');
  }
});

t.test('a file that is no gzip file, half of one, or not there', async (t) => {
  const folder = t.testdir();
  const plain = join(folder, 'plain.csv.gz');
  await writeFile(plain, `${HEADER}\n${line()}\n`);
  await t.rejects(readFocusFile(plain, { today: TODAY }), { name: 'BillFileError', message: /gzip/ });
  const half = join(folder, 'half.csv.gz');
  const packed = gzipSync(`${HEADER}\n${`${line()}\n`.repeat(100)}`);
  await writeFile(half, packed.subarray(0, packed.length / 2));
  await t.rejects(readFocusFile(half, { today: TODAY }), { name: 'BillFileError', message: /gzip/ });
  await t.rejects(readFocusFile(join(folder, 'none.csv'), { today: TODAY }), {
    name: 'BillFileError',
    message: /no such file/,
  });
});

t.test('bytes that are not UTF-8 are refused by row and column; those that are stay', async (t) => {
  const file = join(t.testdir(), 'bill.csv');
  const read = async (text: string, replaced: Buffer) => {
    const [before = '', after = ''] = text.split('#');
    await writeFile(file, Buffer.concat([Buffer.from(before), replaced, Buffer.from(after)]));
    return await readFocusFile(file, { today: TODAY });
  };
  const named = `${HEADER}\n${line()}\n${line({ ServiceName: 'x#y' })}\n`;
  for (const bytes of ['e9', 'c3', 'ff', 'c080', 'eda080', 'f8888080']) {
    await t.rejects(
      read(named, Buffer.from(bytes, 'hex')),
      { name: 'BillFileError', row: 3, column: 'ServiceName', message: /not UTF-8/ },
      bytes,
    );
  }
  await t.rejects(read(`${HEADER},#\n${line()},\n`, Buffer.from([0xe9])), { row: 1, message: /not UTF-8/ });
  const tags = `${HEADER}\n${line({ Tags: '"{""a"":""#""}"' })}\n`;
  await t.rejects(read(tags, Buffer.from([0xe9])), { row: 2, column: 'Tags', message: /not UTF-8/ });
  const right = 'é\ufffd☃🚀\u0085ÿ';
  t.match(await read(named, Buffer.from(right)), [{}, { ServiceName: `x${right}y` }]);
  t.match(await read(tags, Buffer.from(right)), [{ Tags: { a: right } }]);
});

t.test('a file that is not what its name says', async (t) => {
  const folder = t.testdir();
  const text = `${HEADER}\n${line()}\n`;
  const cases: [name: string, bytes: Buffer, says: RegExp][] = [
    ['packed.csv', gzipSync(text), /a gzip file: .*\.csv\.gz/],
    ['twice.csv.gz', gzipSync(gzipSync(text)), /gzipped twice/],
    ['wide.csv', Buffer.from(`\ufeff${text}`, 'utf16le'), /UTF-16/],
    ['short.csv', Buffer.from([0x1f, 0x8b]), /a gzip file/],
    ['one.csv', Buffer.from('x'), /missing/],
  ];
  for (const [name, bytes, message] of cases) {
    await writeFile(join(folder, name), bytes);
    await t.rejects(readFocusFile(join(folder, name), { today: TODAY }), { name: 'BillFileError', message });
  }
});

t.test('what is written is read again', async (t) => {
  const folder = t.testdir();
  const rows = generateBill({ seed: 7, today: TODAY, days: 10 });
  for (const name of ['bill.csv', 'bill.csv.gz']) {
    await writeFocusFile(join(folder, name), rows);
    // The generated bill's last day is complete: seen from the day after, nothing moves.
    const again = await readFocusFile(join(folder, name), { today: new Date('2026-03-16T00:00:00Z') });
    t.strictSame(again, rows, name);
  }
  const unpacked = gunzipSync(await readFile(join(folder, 'bill.csv.gz')));
  t.ok(unpacked.equals(await readFile(join(folder, 'bill.csv'))));
});
