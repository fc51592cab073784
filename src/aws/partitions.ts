/** What a partition decides for this program. Source: the endpoint rules of the AWS SDK. */
export interface Partition {
  readonly name: string;
  /** Where Cost Explorer is asked and signed for; undefined where the partition has none. */
  readonly costExplorerRegion: string | undefined;
  /** Where the Cost Optimization Hub is asked; undefined where the partition has none. */
  readonly costOptimizationHubRegion: string | undefined;
  /** Whether it has the Well-Architected Tool; true where that is not known. */
  readonly wellArchitected: boolean;
  /** Host of the AWS console, without region. */
  readonly consoleHost: string;
}

const partition = (
  name: string,
  costExplorerRegion?: string,
  hub?: string,
  consoleHost = 'console.aws.amazon.com',
) => ({
  name,
  costExplorerRegion,
  costOptimizationHubRegion: hub,
  wellArchitected: name !== 'aws-cn',
  consoleHost,
});

const PARTITIONS: readonly (readonly [regions: RegExp, partition: Partition])[] = [
  [/^cn-/, partition('aws-cn', 'cn-northwest-1', undefined, 'console.amazonaws.cn')],
  [/^us-gov-/, partition('aws-us-gov', undefined, undefined, 'console.amazonaws-us-gov.com')],
  [/^eusc-/, partition('aws-eusc', 'eusc-de-east-1', 'eusc-de-east-1', 'console.amazonaws-eusc.eu')],
  [/^us-iso-/, partition('aws-iso', 'us-iso-east-1')],
  [/^us-isob-/, partition('aws-iso-b', 'us-isob-east-1')],
  [/^eu-isoe-/, partition('aws-iso-e', 'eu-isoe-west-1')],
  [/^us-isof-/, partition('aws-iso-f', 'us-isof-south-1')],
];

const COMMERCIAL = partition('aws', 'us-east-1', 'us-east-1');

/** The partition of a region; `aws` where no other claims it. */
export function partitionOf(region: string): Partition {
  return PARTITIONS.find(([regions]) => regions.test(region))?.[1] ?? COMMERCIAL;
}
