import fc from 'fast-check';
import t from 'tap';
import { axisTicks } from '../../../routes/home/chart.ts';
import { html } from '../../../routes/home/html.ts';
import { formatAmount, formatDistance, formatTick } from '../../../routes/home/words.ts';

t.test('html escapes every value, takes pieces as they are, and leaves nothing out', async (t) => {
  t.equal(
    String(html`<p title="${'"\'&<>'}">${'<b>'}</p>`),
    '<p title="&quot;&#39;&amp;&lt;&gt;">&lt;b&gt;</p>',
  );
  t.equal(String(html`${[html`<i>${1}</i>`, '&', [html`<b>`]]}`), '<i>1</i>&amp;<b>');
  t.equal(String(html`a${null}b${undefined}c${false}d${0}e${''}`), 'abcd0e');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = String(html`${text}`);
      const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" };
      const read = escaped.replaceAll(/&([#\w]+);/g, (_, name: string) => entities[name] ?? '?');
      return !/[<>"']/.test(escaped) && read === text;
    }),
  );
});

t.test('amounts', async (t) => {
  const amounts: [amount: number, currency: string | null, words: string][] = [
    [1234.5, 'USD', '$1,234.50'],
    [-12.346, 'USD', '-$12.35'],
    [0, 'USD', '$0.00'],
    [0.0000300172, 'USD', '$0.00003'],
    [-0.0049, 'EUR', '-€0.0049'],
    [0.01, 'USD', '$0.01'],
    [1234.4, 'JPY', '¥1,234'],
    [5, 'CNY', 'CN¥5.00'],
    [5, 'XXY', 'XXY\u00a05.00'],
    [5, 'usd', '5.00 usd'],
    [5, '', '5.00'],
    [1234.5, 'bitcoin & <more>', '1,234.50 bitcoin & <more>'],
    [0.001, 'points', '0.001 points'],
    [7, null, '7.00'],
  ];
  for (const [amount, currency, words] of amounts) t.equal(formatAmount(amount, currency), words);
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.option(fc.string({ unit: 'binary' })), (amount, currency) => {
      formatAmount(amount, currency);
    }),
  );
});

t.test('distances in time', async (t) => {
  const distances: [ms: number, words: string][] = [
    [0, 'just now'],
    [-59_999, 'just now'],
    [1, 'in a moment'],
    [-60_000, '1 minute ago'],
    [-3_599_999, '59 minutes ago'],
    [-3_600_000, '1 hour ago'],
    [2 * 86_400_000, 'in 2 days'],
  ];
  for (const [ms, words] of distances) t.equal(formatDistance(ms, 0), words);
});

t.test('axis ticks are round, even, span every value and zero, and are few', async (t) => {
  t.strictSame(axisTicks([0, 758.38]), [0, 200, 400, 600, 800]);
  t.strictSame(axisTicks([-250.5, 100]), [-300, -200, -100, 0, 100]);
  t.strictSame(axisTicks([0, 0]), [0, 1]);
  t.strictSame(axisTicks([0.00003]), [0, 0.00001, 0.00002, 0.00003]);
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e15, max: 1e15, noNaN: true }), { minLength: 1, maxLength: 40 }),
      (values) => {
        const ticks = axisTicks(values);
        const [low = 0, high = 0] = [ticks[0], ticks.at(-1)];
        const slack = (high - low) * 1e-9;
        return (
          ticks.length >= 2 &&
          ticks.length <= 8 &&
          ticks.includes(0) &&
          ticks.every((tick, index) => index === 0 || tick > (ticks[index - 1] ?? tick)) &&
          values.every((value) => value >= low - slack && value <= high + slack) &&
          ticks.every((tick) => formatTick(tick).length <= 8)
        );
      },
    ),
  );
});
