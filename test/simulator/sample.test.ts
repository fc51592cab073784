import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { GetCostAndUsageCommand } from '@aws-sdk/client-cost-explorer';
import { parse } from 'csv-parse/sync';
import t from 'tap';
import { lastCompleteDay, readFocusFile } from '../../src/simulator/index.ts';
import { costExplorer, mergeResults, readPages, start, sum } from './helper.ts';

const SAMPLE = new URL('../../../shared/data/focus_1_0_aws_sample.csv.gz', import.meta.url).pathname;
const skip = existsSync(SAMPLE)
  ? false
  : 'the FOCUS sample ../shared/data/focus_1_0_aws_sample.csv.gz is not here';

t.test('the FOCUS sample: September 2024 becomes the 30 days to yesterday', { skip }, async (t) => {
  const today = new Date('2026-03-15T12:00:00Z');
  const text = gunzipSync(await readFile(SAMPLE)).toString('utf8');
  const raw: Record<string, string>[] = parse(text, { columns: true });
  const rows = await readFocusFile(SAMPLE, { today });
  t.equal(rows.length, 942);
  t.equal(lastCompleteDay(rows), '2026-03-14');
  const asItWas = await readFocusFile(SAMPLE, { today: new Date('2024-10-01T00:00:00Z') });
  t.equal(lastCompleteDay(asItWas), '2024-09-30');
  t.equal(asItWas[0]?.ChargePeriodStart.replace('T', ' ').replace('Z', ''), raw[0]?.ChargePeriodStart);

  const simulator = await start(t, { bill: rows, now: () => today, pageSize: 37 });
  const client = costExplorer(t, simulator);
  const period = { TimePeriod: { Start: '2026-02-13', End: '2026-03-15' }, Granularity: 'DAILY' as const };
  const Metrics = ['BlendedCost', 'AmortizedCost'];
  const grouped = mergeResults(
    await readPages(client, {
      ...period,
      Metrics,
      GroupBy: [
        { Type: 'DIMENSION', Key: 'SERVICE' },
        { Type: 'DIMENSION', Key: 'LINKED_ACCOUNT' },
      ],
    }),
  );
  const groups = grouped.flatMap((result) => result.Groups ?? []);
  const billed = sum(groups.map((group) => group.Metrics?.BlendedCost?.Amount));
  const effective = sum(groups.map((group) => group.Metrics?.AmortizedCost?.Amount));
  t.equal(billed, sum(raw.map((record) => record.BilledCost)));
  t.equal(Number(billed).toFixed(4), '18.0066');
  t.equal(effective, sum(raw.map((record) => record.EffectiveCost)));
  t.equal(Number(effective).toFixed(2), '13.00');
  t.equal(grouped.length, 30);

  const bySubAccount = new Map<string, string[]>();
  for (const { SubAccountId = '', BilledCost = '' } of raw) {
    bySubAccount.set(SubAccountId, [...(bySubAccount.get(SubAccountId) ?? []), BilledCost]);
  }
  for (const [account, costs] of bySubAccount) {
    const own = groups.filter((group) => group.Keys?.[1] === account);
    t.equal(sum(own.map((group) => group.Metrics?.BlendedCost?.Amount)), sum(costs), account);
  }
  const ec2 = raw.filter((record) => record.ServiceName === 'Amazon Elastic Compute Cloud');
  const split = groups.filter((group) => /^(EC2 - Other|.* - Compute)$/.test(group.Keys?.[0] ?? ''));
  t.equal(
    sum(split.map((group) => group.Metrics?.BlendedCost?.Amount)),
    sum(ec2.map((record) => record.BilledCost)),
    'EC2 is split without loss',
  );
  const plain = await client.send(new GetCostAndUsageCommand({ ...period, Metrics }));
  t.equal(sum(plain.ResultsByTime?.map((result) => result.Total?.BlendedCost?.Amount) ?? []), billed);
});
