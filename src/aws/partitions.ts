/** What a partition decides for this program. Source: the endpoint rules of the AWS SDK. */
export interface Partition {
  readonly name: string;
  /** Where Cost Explorer is asked and signed for; undefined where the partition has none. */
  readonly costExplorerRegion: string | undefined;
}

const PARTITIONS: readonly (readonly [regions: RegExp, partition: Partition])[] = [
  [/^cn-/, { name: 'aws-cn', costExplorerRegion: 'cn-northwest-1' }],
  [/^us-gov-/, { name: 'aws-us-gov', costExplorerRegion: undefined }],
  [/^eusc-/, { name: 'aws-eusc', costExplorerRegion: 'eusc-de-east-1' }],
  [/^us-iso-/, { name: 'aws-iso', costExplorerRegion: 'us-iso-east-1' }],
  [/^us-isob-/, { name: 'aws-iso-b', costExplorerRegion: 'us-isob-east-1' }],
  [/^eu-isoe-/, { name: 'aws-iso-e', costExplorerRegion: 'eu-isoe-west-1' }],
  [/^us-isof-/, { name: 'aws-iso-f', costExplorerRegion: 'us-isof-south-1' }],
];

/** The partition of a region; `aws` where no other claims it. */
export function partitionOf(region: string): Partition {
  const found = PARTITIONS.find(([regions]) => regions.test(region));
  return found?.[1] ?? { name: 'aws', costExplorerRegion: 'us-east-1' };
}
