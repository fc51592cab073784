import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ListRecommendationsCommand } from '@aws-sdk/client-cost-optimization-hub';
import { GetResourcesCommand } from '@aws-sdk/client-resource-groups-tagging-api';
import { ListWorkloadsCommand } from '@aws-sdk/client-wellarchitected';
import t from 'tap';
import { generateBill } from '../../src/simulator/index.ts';
import { BOTO3, pythonWithPackages } from '../servers/python.ts';
import { ACCOUNTS, hubClient, keysOf, PRODUCTION, taggingClient, wellArchitectedClient } from './clients.ts';
import { NOW, now, start } from './helper.ts';

interface Output {
  readonly status: string;
  readonly mode: string;
  readonly total: number;
  readonly recommendations: readonly string[];
  readonly refreshed: string;
  readonly resources: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly refused: string;
  readonly workloads: readonly string[];
  readonly report: readonly string[];
  readonly lenses: readonly string[];
  readonly missing: string;
  readonly rightsizing: string;
  readonly plan: { readonly EstimatedMonthlySavingsAmount: string };
  readonly reservations: number;
  readonly keys: string;
}

t.setTimeout(240_000);

t.test("boto3 gets the same answers as AWS's SDK for JavaScript", { timeout: 240_000 }, async (t) => {
  const python = await pythonWithPackages(t, [BOTO3]);
  if (python === undefined) return;
  const region = 'us-east-1';
  const bill = generateBill({ seed: 11, today: NOW, days: 40 });
  const simulator = await start(t, { bill, now, accounts: ACCOUNTS });
  const { stdout } = await promisify(execFile)(
    python,
    [join(import.meta.dirname, 'boto3_services.py'), simulator.url, region],
    { env: { PATH: process.env.PATH, AWS_EC2_METADATA_DISABLED: 'true' }, timeout: 60_000 },
  );
  const output: Output = JSON.parse(stdout);
  const keys = keysOf(PRODUCTION);

  const { items = [] } = await hubClient(t, simulator, keys).send(
    new ListRecommendationsCommand({ includeAllRecommendations: true, maxResults: 1000 }),
  );
  t.strictSame(
    output.recommendations,
    items.map(({ recommendationId }) => recommendationId),
  );
  t.match(output, { status: 'Active', mode: 'AfterDiscounts', refreshed: /^2026-03-15/ });
  t.ok(output.total > 0);

  const { ResourceTagMappingList = [] } = await taggingClient(t, simulator, keys, region).send(
    new GetResourcesCommand({ ResourcesPerPage: 100 }),
  );
  t.strictSame(
    output.resources,
    Object.fromEntries(
      ResourceTagMappingList.map(({ ResourceARN, Tags = [] }) => [
        ResourceARN,
        Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value])),
      ]),
    ),
    'tags, odd ones too',
  );
  t.equal(output.refused, 'InvalidParameterException');

  const { WorkloadSummaries = [] } = await wellArchitectedClient(t, simulator, keys).send(
    new ListWorkloadsCommand({}),
  );
  t.strictSame(
    output.workloads,
    WorkloadSummaries.map(({ WorkloadArn }) => WorkloadArn),
  );
  t.strictSame(output.report, output.workloads);
  t.ok(output.lenses.includes('arn:aws:wellarchitected::aws:lens/wellarchitected'));
  t.equal(output.missing, 'ResourceNotFoundException');

  t.ok(Number(output.rightsizing) > 0);
  t.ok(Number(output.plan.EstimatedMonthlySavingsAmount) > 0);
  t.equal(output.reservations, 1);
  t.equal(output.keys, 'AccessDeniedException', 'a member may not list the keys');
});
