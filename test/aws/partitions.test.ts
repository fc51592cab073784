import { CostExplorerClient } from '@aws-sdk/client-cost-explorer';
import { Value } from '@sinclair/typebox/value';
import t from 'tap';
import { partitionOf } from '../../src/aws/partitions.ts';
import { settingDoc } from '../../src/config/settings.ts';

/** Regions of every partition. Source: the AWS SDK's endpoint partitions. */
const REGIONS: Record<string, readonly string[]> = {
  aws: [
    ...[
      'us-east-1',
      'us-east-2',
      'us-west-1',
      'us-west-2',
      'ca-central-1',
      'ca-west-1',
      'mx-central-1',
      'sa-east-1',
    ],
    ...[
      'eu-central-1',
      'eu-central-2',
      'eu-north-1',
      'eu-south-1',
      'eu-south-2',
      'eu-west-1',
      'eu-west-2',
      'eu-west-3',
    ],
    ...[
      'af-south-1',
      'il-central-1',
      'me-central-1',
      'me-south-1',
      'ap-east-1',
      'ap-east-2',
      'ap-northeast-1',
    ],
    ...['ap-northeast-2', 'ap-northeast-3', 'ap-south-1', 'ap-south-2', 'ap-southeast-1', 'ap-southeast-2'],
    ...['ap-southeast-3', 'ap-southeast-4', 'ap-southeast-5', 'ap-southeast-6', 'ap-southeast-7'],
  ],
  'aws-cn': ['cn-north-1', 'cn-northwest-1'],
  'aws-us-gov': ['us-gov-east-1', 'us-gov-west-1'],
  'aws-iso': ['us-iso-east-1', 'us-iso-west-1'],
  'aws-iso-b': ['us-isob-east-1', 'us-isob-west-1'],
  'aws-iso-e': ['eu-isoe-west-1'],
  'aws-iso-f': ['us-isof-east-1', 'us-isof-south-1'],
  'aws-eusc': ['eusc-de-east-1'],
};

/** Host and signing region that the SDK's own endpoint rules give for a region. */
function endpointOf(client: CostExplorerClient, region: string) {
  const provider = client.config.endpointProvider;
  const { url, properties } = provider({ Region: region, UseDualStack: false, UseFIPS: false });
  const [scheme] = (properties?.authSchemes ?? []) as { signingRegion?: string }[];
  return { host: url.hostname, signingRegion: scheme?.signingRegion };
}

t.test("Cost Explorer is asked and signed where the SDK's endpoint rules say", async (t) => {
  const client = new CostExplorerClient({ region: 'us-east-1' });
  t.teardown(() => client.destroy());
  for (const [partition, regions] of Object.entries(REGIONS)) {
    for (const region of regions) {
      const { name, costExplorerRegion } = partitionOf(region);
      t.equal(name, partition, region);
      if (partition === 'aws-us-gov') {
        t.equal(
          costExplorerRegion,
          undefined,
          'there is no Cost Explorer in GovCloud, whatever the rules say',
        );
        continue;
      }
      const rules = endpointOf(client, region);
      const fixed = partition === 'aws' || partition === 'aws-cn' || partition === 'aws-eusc';
      // In the isolated partitions the rules keep the region that they are given: ours must be one of the partition.
      if (fixed) t.equal(costExplorerRegion, rules.signingRegion, `${region} is signed for`);
      t.equal(
        endpointOf(client, costExplorerRegion ?? '').signingRegion,
        costExplorerRegion,
        `${region}: a fixed point`,
      );
      t.equal(partitionOf(costExplorerRegion ?? '').name, partition, `${region} stays in its partition`);
    }
  }
});

t.test('AWS_REGION takes every region, and nothing that is none', async (t) => {
  const accepts = (text: string) => Value.Check(settingDoc('AWS_REGION'), text);
  for (const region of Object.values(REGIONS).flat()) t.ok(accepts(region), region);
  for (const text of ['', 'useast1', 'us-east', 'us_east_1', 'US-EAST-1', 'eu-central-1a', 'eu-central-1 ']) {
    t.notOk(accepts(text), text);
  }
});
