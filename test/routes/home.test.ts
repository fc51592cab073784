import { createHash } from 'node:crypto';
import t from 'tap';
import { billOf, type Charge, daysFrom, PAYER, plusDays, sum } from '../acceptance/bill.ts';
import { CHARGES, startCosts, TODAY } from '../helper.ts';
import { freePort } from '../servers/process.ts';
import { home } from './home/page.ts';

const TOMORROW = plusDays(TODAY, 1);

const usd = (amount: number) =>
  `$${amount.toFixed(2).replaceAll(/\B(?=(\d{3})+\.)/g, ',')}`.replace('$-', '-$');

/** One charge on each day, of an amount that the day decides. */
const daily = (cost: (day: string) => number): Charge[] =>
  daysFrom('2026-10-01', TOMORROW).map((day) => ({
    day,
    service: 'AWS Lambda',
    account: PAYER,
    cost: cost(day),
  }));

t.test('figures, chart and links', async (t) => {
  const exporter = await startCosts(t);
  const { status, headers, text, words, bars } = await home(exporter);
  t.equal(status, 200);
  t.equal(headers['content-type'], 'text/html; charset=utf-8');
  const tiles = [
    ['Month to date', usd(sum(CHARGES, { start: '2026-11-01', end: TOMORROW })), 'November 2026'],
    ['Today so far', usd(sum(CHARGES, { start: TODAY, end: TOMORROW })), 'Sun 22 Nov, UTC'],
    ['Last 30 days', usd(sum(CHARGES, { start: plusDays(TODAY, -30), end: TODAY })), 'complete days'],
  ];
  for (const [name, amount, note] of tiles)
    t.ok(words.includes(`\n${name}\n${amount}${note}\n`), `${name}: ${amount}`);
  const { monthEnd } = (await exporter.get('/cost/forecast')).json<{ monthEnd: number }>();
  t.ok(words.includes(`\nForecast\n${usd(monthEnd)}all of November 2026\n`), 'the forecast');
  t.match(
    words,
    /\ndefault\naccount 111111111111, payer\n✓ all is well\n/,
    'target, account, its name, state',
  );

  t.equal(bars.length, 31, 'a bar for each of 30 days, and for today');
  t.strictSame(
    bars.filter((kind) => kind?.includes('today')),
    ['bar today'],
    'today is marked',
  );
  for (const day of [plusDays(TODAY, -30), plusDays(TODAY, -1)]) {
    const amount = usd(sum(CHARGES, { start: day, end: plusDays(day, 1) }));
    const name = new Date(day).toUTCString().replace(/^(\w+), 0?(\d+) (\w+).*/, '$1 $2 $3');
    t.ok(text.includes(`<title>${name}: ${amount}</title>`), `the bar of ${name} says ${amount}`);
    t.match(words, new RegExp(`\\n${name}\\n\\${amount}\\n`), 'and so does the table');
  }
  t.match(text, /<svg class="bars"[^>]* role="img" aria-labelledby="([^"]+)" aria-describedby="([^"]+)">/);
  t.match(
    words,
    /Highest: \$[\d.,]+ on \w{3} \d+ \w{3}\. Lowest: \$[\d.,]+ on \w{3} \d+ \w{3}\./,
    'chart in words',
  );

  const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  t.equal(new Set(ids).size, ids.length, 'every id is there once');
  for (const [, list = ''] of text.matchAll(/aria-(?:labelled|described)by="([^"]+)"/g)) {
    for (const id of list.split(' ')) t.ok(ids.includes(id), `${id} is there`);
  }
  const links = [...text.matchAll(/ href="([^"]+)"/g)].map(([, href = '']) => href);
  t.ok(links.length >= 7);
  for (const link of links.filter((href) => !/^(data:|#)/.test(href))) {
    t.notMatch(link, /^(\/|\w+:)/, `${link} is relative`);
    t.equal((await exporter.get(`/${link}`)).status, 200, `${link} is answered`);
  }
});

t.test('nothing but the page itself may be loaded, and one line of script', async (t) => {
  const exporter = await startCosts(t);
  const { headers, text } = await home(exporter);
  const hashOf = (tag: string) => {
    const [, content = ''] = new RegExp(`<${tag}>(.*)</${tag}>`, 's').exec(text) ?? [];
    return createHash('sha256').update(content).digest('base64');
  };
  t.equal(
    headers['content-security-policy'],
    `default-src 'none'; script-src 'sha256-${hashOf('script')}'; style-src 'sha256-${hashOf('style')}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
  t.match(headers, {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-cache',
  });
  t.equal(text.match(/<script/gi)?.length, 1);
  t.notMatch(text, /<link rel="stylesheet|@import|url\(| style=| on\w+=/i);
});

t.test('HEAD answers as GET, without the page', async (t) => {
  const exporter = await startCosts(t);
  const got = await exporter.get('/');
  const head = await exporter.get('/', { method: 'HEAD' });
  t.equal(head.status, 200);
  t.equal(head.bytes.length, 0);
  const same = ({ date: _date, ...headers }: typeof got.headers) => headers;
  t.strictSame(same(head.headers), same(got.headers));
  t.equal((await exporter.get('/', { method: 'POST' })).status, 405);
  t.equal((await exporter.get('/?anything=goes')).status, 200, 'parameters are ignored');
});

t.test('an empty bill', async (t) => {
  const { words, bars } = await home(await startCosts(t, { bill: [] }));
  t.match(words, '\nMonth to date\n0.00November 2026\n');
  t.match(words, 'The bill has no charges on these days.');
  t.strictSame(bars, []);
});

t.test('a bill of zeros', async (t) => {
  const { words, body, bars } = await home(await startCosts(t, { bill: billOf(daily(() => 0)) }));
  t.match(words, '\nMonth to date\n$0.00November 2026\n');
  t.match(words, '$0.00 on every complete day.');
  t.strictSame(bars, [], 'a day without cost has no bar');
  t.notMatch(body, /NaN|Infinity|undefined|null/);
});

t.test('credits hang below the line', async (t) => {
  const bill = billOf(daily((day) => (day === '2026-11-10' ? -250.5 : 100)));
  const { words, text, bars } = await home(await startCosts(t, { bill }));
  t.equal(bars.filter((kind) => kind?.includes('credit')).length, 1);
  t.match(text, '<title>Tue 10 Nov: -$250.50</title>');
  t.match(words, 'credits below the line');
  const zero = Number(/<line class="zero"[^>]* y1="([\d.]+)"/.exec(text)?.[1]);
  const credit = /<rect class="bar credit"[^>]* y="([\d.]+)"[^>]* height="([\d.]+)"/.exec(text);
  t.equal(Number(credit?.[1]), zero, 'it starts at the line');
  t.ok(Number(credit?.[2]) > 0);
  for (const [, y, height] of text.matchAll(
    /<rect class="bar(?: today)?"[^>]* y="([\d.]+)"[^>]* height="([\d.]+)"/g,
  )) {
    t.ok(Math.abs(Number(y) + Number(height) - zero) < 0.01, 'every other bar stands on it');
  }
});

t.test('a bar ends where the axis has its amount', async (t) => {
  const exporter = await startCosts(t, {
    bill: billOf(daily((day) => (day === '2026-11-10' ? -30 : Number(day.slice(8))))),
  });
  const { text } = await home(exporter);
  const ticks = [...text.matchAll(/<text x="38" y="([\d.]+)" dy="4">(-?[\d.]+)</g)].map(([, y, value]) => ({
    y: Number(y),
    value: Number(value),
  }));
  const [first, last] = [ticks[0], ticks.at(-1)];
  if (first === undefined || last === undefined) throw new Error('the axis has no ticks');
  t.ok(first.value < 0 && last.value > 0 && first.y > last.y, 'more is higher up');
  const yOf = (value: number) =>
    first.y + ((value - first.value) / (last.value - first.value)) * (last.y - first.y);
  const days = [
    ...text.matchAll(
      /<g class="day"><title>\w+ (\d+) (\w+): .*?<rect class="bar[^>]* y="([\d.]+)"[^>]* height="([\d.]+)"/g,
    ),
  ];
  t.equal(days.length, 31);
  for (const [, day, month, y, height] of days) {
    const credit = day === '10' && month === 'Nov';
    const end = credit ? Number(y) + Number(height) : Number(y);
    t.ok(Math.abs(end - yOf(credit ? -30 : Number(day))) < 0.01, `${day} ${month}`);
  }
});

t.test('several targets: a section each, and a way to it', async (t) => {
  const configFile = `targets:
    - {name: payer}
    - {name: member, roleArn: "arn:aws:iam::222222222222:role/r"}
    - {name: forecast-only, roleArn: "arn:aws:iam::333333333333:role/r", capabilities: [forecast]}`;
  const exporter = await startCosts(t, { configFile });
  const { text, words, bars } = await home(exporter);
  t.equal(bars.length, 62, 'two charts');
  for (const [index, name] of ['payer', 'member', 'forecast-only'].entries()) {
    t.match(text, `<a href="#target-${index + 1}"><bdi>${name}</bdi></a>`);
    t.match(text, `<section id="target-${index + 1}"`);
  }
  t.match(text, 'href="cost/current?target=member"');
  t.match(words, 'The cost of this target is not collected.');
});

t.test('a window of a week, in another currency', async (t) => {
  const bill = billOf(
    daily(() => 1234.4),
    'JPY',
  );
  const { words, bars } = await home(await startCosts(t, { bill, env: { COST_WINDOW_DAYS: '7' } }));
  t.match(words, '\nLast 7 days\n¥8,641complete days\n');
  t.match(words, 'Cost per day: 7 complete days and today so far JPY, days in UTC');
  t.equal(bars.length, 8);
});

t.test('names are text, whatever they hold', async (t) => {
  const evil = `</bdi><script>alert(1)</script>"'&amp;<img src=x onerror=alert(1)>`;
  const rows = billOf(CHARGES).map((row) => ({
    ...row,
    SubAccountName: row.SubAccountId === PAYER ? evil : null,
  }));
  const currency = 'X"><script>alert(2)</script>';
  const exporter = await startCosts(t, {
    bill: rows,
    before: (sim) =>
      sim.faults.add({
        kind: 'mutate',
        operation: 'GetCostAndUsage',
        mutate: (body) => JSON.parse(JSON.stringify(body).replaceAll('"USD"', JSON.stringify(currency))),
      }),
  });
  t.equal((await exporter.get('/cost/current')).json().currency, currency, 'AWS says so');
  const { status, text, body } = await home(exporter);
  t.equal(status, 200);
  t.notMatch(body, /<script|<img|onerror=(?!alert\(1\)&gt;)/);
  t.ok(
    text.includes('&lt;/bdi&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;amp;&lt;img'),
    'the name as text',
  );
  t.ok(text.includes('X&quot;&gt;&lt;script&gt;'), 'the currency as text');
});

t.test('metrics on the same port are a link', async (t) => {
  const port = String(await freePort());
  const one = await startCosts(t, { env: { PORT: port, METRICS_PORT: port } });
  t.match((await home(one)).text, '<a href="metrics">Metrics</a>');
  t.equal((await one.get('/metrics')).status, 200);
  const other = await startCosts(t, { env: { METRICS_PORT: String(await freePort()) } });
  t.ok(
    (await home(other)).words.includes(`on port ${new URL(other.metricsUrl).port}\n`),
    'another port is named',
  );
  t.match((await home(await startCosts(t))).words, 'on a port of its own');
});
