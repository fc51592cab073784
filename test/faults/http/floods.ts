import { request } from 'node:http';
import { type Answer, ask } from '../../helper.ts';
import { basic, bearer, hashOf, tokenLine } from '../../web/helper.ts';
import type { FaultRow } from '../matrix.ts';
import { startNumbered, TOTAL } from './wire.ts';

/** One request from an address of its own. */
function askFrom(
  localAddress: string,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, localAddress, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString();
        const { statusCode: status = 0, headers: answered } = response;
        resolve({ status, headers: answered, bytes, text, json: () => JSON.parse(text) });
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** How often each status came. */
const counted = (answers: readonly Answer[]): Record<string, number> => {
  const byStatus = Map.groupBy(answers, ({ status }) => status);
  return Object.fromEntries([...byStatus].map(([status, all]) => [status, all.length]));
};

const inWords = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .map(([status, count]) => `${count} x ${status}`)
    .join(', ');

/** Some requests at once, again and again. */
async function many(count: number, send: (index: number) => Promise<Answer>): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let at = 0; at < count; at += 50)
    answers.push(...(await Promise.all(Array.from({ length: 50 }, (_, index) => send(at + index)))));
  return answers;
}

export const rows: readonly FaultRow[] = [
  {
    id: 'http/one-greedy-client',
    fault: 'One address asks REST 1,200 times, another one now and then',
    expected:
      'The greedy one gets 429 with Retry-After above its limit; the other, probes and scrapes are served.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startNumbered(t, {
        app: { limits: { rate: { max: 1_000, windowMs: 120_000 } } },
      });
      const greedy = await many(1_200, () => askFrom('127.0.0.2', `${exporter.restUrl}/spend`));
      const counts = counted(greedy);
      t.same(counts, { 200: 1_000, 429: 200 });
      const refused = greedy.find(({ status }) => status === 429);
      t.match(refused?.headers['retry-after'], /^[1-9]\d*$/);
      t.match(refused?.json(), { statusCode: 429, code: 'too_many_requests' });
      message(String(refused?.json().message));
      fired('answers 429', counts[429] ?? 0);
      state(inWords(counts));
      const other = await askFrom('127.0.0.3', `${exporter.restUrl}/cost/current`);
      t.equal(other.json().total, TOTAL, 'another address is served');
      figures('right for the other');
      for (const url of [
        `${exporter.restUrl}/health`,
        `${exporter.restUrl}/ready`,
        `${exporter.metricsUrl}/metrics`,
      ])
        t.equal((await askFrom('127.0.0.2', url)).status, 200, 'probes and scrapes are not counted');
    },
  },
  {
    id: 'http/wrong-tokens',
    fault: 'One address tries 500 wrong tokens',
    expected: '401 for each, no figure, one log line for many; who has the right token is served meanwhile.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startNumbered(t, { tokens: tokenLine('grafana', 'right-token') });
      const url = `${exporter.restUrl}/cost/current`;
      const [wrong, right] = await Promise.all([
        many(500, (index) => askFrom('127.0.0.2', url, bearer(`wrong-token-${index}`))),
        many(50, () => askFrom('127.0.0.3', url, bearer('right-token'))),
      ]);
      t.same(counted(wrong), { 401: 500 });
      t.ok(wrong.every(({ text }) => !text.includes('total')));
      t.ok(right.every((answer) => answer.json().total === TOTAL));
      figures('right for the one, none for the other');
      fired('answers 401', wrong.length);
      state(`${inWords(counted(wrong))}; ${inWords(counted(right))} with the right one`);
      message(String((await exporter.logged(/credentials were refused/)).msg));
      const lines = exporter.log().filter(({ msg }) => /credentials were refused/.test(String(msg)));
      t.equal(lines.length, 1, 'one line');
      t.notMatch(JSON.stringify(exporter.log()), /wrong-token|right-token/, 'no token is logged');
    },
  },
  {
    id: 'http/wrong-passwords',
    fault: 'One address tries 200 wrong passwords at once against bcrypt of cost 10',
    expected:
      'Twenty are tried, those that have no room get 503, the rest 429; probes and who is known already are answered meanwhile.',
    async run({ t, fired, state, figures, message }) {
      const web = `basic_auth_users:\n  prometheus: ${hashOf('right-password', 10)}\n`;
      const exporter = await startNumbered(t, { web });
      const url = `${exporter.metricsUrl}/metrics`;
      const known = () => askFrom('127.0.0.3', url, basic('prometheus', 'right-password'));
      t.equal((await known()).status, 200);
      let going = true;
      const meanwhile: Answer[] = [];
      const others = (async () => {
        while (going) meanwhile.push(await ask(`${exporter.metricsUrl}/health`), await known());
      })();
      const wrong = await many(200, (index) =>
        askFrom('127.0.0.2', url, basic('prometheus', `wrong-${index}`)),
      );
      going = false;
      await others;
      const counts = counted(wrong);
      t.ok((counts[429] ?? 0) >= 100, 'most are not tried');
      t.ok((counts[401] ?? 0) <= 20 + 16, 'few are');
      t.equal((counts[401] ?? 0) + (counts[429] ?? 0) + (counts[503] ?? 0), 200);
      t.ok((counts[503] ?? 0) > 0, 'those that found no room are told so');
      t.same([...new Set(meanwhile.map(({ status }) => status))], [200], 'others were answered');
      fired('passwords that were not tried', (counts[429] ?? 0) + (counts[503] ?? 0));
      state(`${inWords(counts)}; ${meanwhile.length} x 200 for others meanwhile`);
      const refused = wrong.find(({ status }) => status === 429);
      t.match(refused?.headers['retry-after'], /^[1-9]\d*$/);
      message(String(refused?.json().message));
      const page = await known();
      const sum = page.text
        .split('\n')
        .filter((line) => line.startsWith('aws_cost_total{'))
        .reduce((all, line) => all + Number(line.split(' ').at(-1)), 0);
      t.equal(sum, TOTAL);
      figures('right for who is known');
    },
  },
];
