import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { costExplorerService, generateBill } from '../../src/simulator/index.ts';
import { BOTO3, pythonWithPackages } from '../servers/python.ts';
import { NOW, now, start, sum } from './helper.ts';

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly status: number;
}

interface Output {
  readonly identity: string;
  readonly assumed: string;
  readonly expiration: string;
  readonly pages: number;
  readonly groups: [day: string, service: string, account: string, amount: string][];
  readonly estimated: boolean;
  readonly names: Record<string, string>;
  readonly member_groups: [day: string, service: string, account: string, amount: string][];
  readonly forecast: { readonly MeanValue: string; readonly PredictionIntervalLowerBound: string }[];
  readonly forecast_total: { readonly Amount: string; readonly Unit: string };
  readonly refused: Record<string, Refusal>;
}

t.test('boto3, a client that is not ours, gets right answers', { timeout: 240_000 }, async (t) => {
  const python = await pythonWithPackages(t, [BOTO3]);
  if (python === undefined) return;
  const bill = generateBill({ seed: 11, today: NOW, days: 45 });
  const [payer, member] = ['111122223333', '222233334444'];
  const arn = `arn:aws:iam::${member}:role/exporter`;
  const simulator = await start(t, {
    bill,
    now,
    pageSize: 100,
    accounts: [
      { accountId: payer, accessKeyId: 'AKIAPAYER', secretAccessKey: 'secret' },
      { accountId: member, roles: [{ arn, externalId: 'shared-id' }] },
    ],
  });
  const [from, to, today, horizon] = ['2026-02-20', '2026-03-16', '2026-03-15', '2026-03-25'];
  const script = join(import.meta.dirname, 'boto3_client.py');
  const { stdout } = await promisify(execFile)(
    python,
    [script, simulator.url, arn, 'shared-id', from, to, today, horizon],
    { env: { PATH: process.env.PATH, AWS_EC2_METADATA_DISABLED: 'true' }, timeout: 60_000 },
  );
  const output: Output = JSON.parse(stdout);

  t.equal(output.identity, `arn:aws:iam::${payer}:user/simulator`);
  t.equal(output.assumed, member);
  t.ok(Date.parse(output.expiration) > Date.now());

  const expected = new Map<string, string[]>();
  for (const row of bill) {
    if (row.ChargePeriodStart < from || Date.parse(row.ChargePeriodStart) > NOW.getTime()) continue;
    const key = [row.ChargePeriodStart.slice(0, 10), costExplorerService(row), row.SubAccountId].join('|');
    expected.set(key, [...(expected.get(key) ?? []), row.BilledCost]);
  }
  const figures = (groups: Output['groups']) =>
    groups.map(([day, service, account, amount]) => `${day}|${service}|${account} ${sum([amount])}`).sort();
  const sums = [...expected].map(([key, costs]) => `${key} ${sum(costs)}`).sort();
  t.strictSame(figures(output.groups), sums);
  t.strictSame(
    figures(output.member_groups),
    sums.filter((line) => line.includes(`|${member} `)),
  );
  t.equal(output.pages, Math.ceil(sums.length / 100));
  t.equal(output.estimated, true);
  t.equal(output.names[member], 'Production');

  t.equal(output.forecast.length, 10);
  t.equal(sum(output.forecast.map((day) => day.MeanValue)), sum([output.forecast_total.Amount]));
  t.equal(output.forecast_total.Unit, 'USD');
  t.ok(output.forecast.every((day) => Number(day.PredictionIntervalLowerBound) < Number(day.MeanValue)));

  t.match(output.refused, {
    'external id': { code: 'AccessDenied', status: 403, message: /sts:AssumeRole/ },
    metric: { code: 'ValidationException', status: 400, message: /'Blended'/ },
    changed: { code: 'RequestChangedException', status: 400 },
    token: { code: 'InvalidNextTokenException', status: 400 },
    region: { code: 'InvalidSignatureException', status: 400, message: /valid region/ },
    secret: { code: 'InvalidSignatureException', status: 400, message: /Secret Access Key/ },
  });
});
