import { type Static, Type } from '@sinclair/typebox';
import { oneOf } from './kinds.ts';
import { CAPABILITIES } from './settings.ts';

const strict = { additionalProperties: false } as const;

/** One entry of `targets:` in the file that `CONFIG_FILE` names. */
export const TargetEntry = Type.Object(
  {
    name: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$',
      description: 'Name of the target in metrics, REST and logs; unique in the file.',
      expects: '1 to 63 letters, digits, `.`, `_` or `-`, a letter or digit first',
      example: 'production',
    }),
    roleArn: Type.Optional(
      Type.String({
        pattern: '^arn:[a-z-]+:iam::\\d{12}:role/[\\w+=,.@/-]+$',
        description: "Role to assume with the process's own credentials. Unset: the credentials themselves.",
        expects: "a role's ARN",
        example: 'arn:aws:iam::111122223333:role/aws-cost-exporter',
      }),
    ),
    externalId: Type.Optional(
      Type.String({
        minLength: 2,
        maxLength: 1224,
        pattern: '^[\\w+=,.@:/-]*$',
        description: 'ExternalId that the trust policy of `roleArn` asks for.',
        expects: '2 to 1224 letters, digits or any of `+=,.@:/-`',
        example: 'a-long-agreed-word',
        secret: true,
      }),
    ),
    region: Type.Optional(
      Type.String({
        format: 'region',
        description:
          'Region of the target; its partition decides where Cost Explorer is asked. Unset: `AWS_REGION`.',
        expects: 'an AWS region',
        example: 'cn-north-1',
      }),
    ),
    accountId: Type.Optional(
      Type.String({
        pattern: '^\\d{12}$',
        description:
          'Account that the credentials must belong to; where STS says another, nothing is published.',
        expects: '12 digits in quotes',
        example: '"111122223333"',
      }),
    ),
    regions: Type.Optional(
      Type.Array(Type.String({ format: 'region' }), {
        minItems: 1,
        description:
          'Regions of this target, in place of `AWS_REGIONS`. Unset: `AWS_REGIONS`, else its own region.',
        expects: 'a list of AWS regions',
        example: '[eu-central-1, us-east-1]',
      }),
    ),
    tagKeys: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
        minItems: 1,
        maxItems: 100,
        description: 'Tag keys of this target. Unset: `TAG_KEYS`.',
        expects: 'a list of 1 to 100 tag keys',
        example: '[Environment, Team]',
      }),
    ),
    spendBudgetUsd: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 100_000,
        description:
          'Most US dollars that this target may spend in one UTC day, within `AWS_SPEND_BUDGET_USD`. Unset: no limit of its own.',
        expects: 'a number of US dollars from 0 to 100000',
        example: '0.50',
      }),
    ),
    capabilities: Type.Optional(
      Type.Array(oneOf(CAPABILITIES), {
        minItems: 1,
        description: 'What is collected for this target. Unset: `CAPABILITIES`.',
        expects: `a list of ${CAPABILITIES.join(', ')}`,
        example: '[cost]',
      }),
    ),
  },
  { ...strict, expects: 'a mapping with the key `name`', example: '{name: production}', secret: true },
);

export type TargetEntry = Static<typeof TargetEntry>;

const rate = (name: string, fallback: number) =>
  Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      default: fallback,
      description: `Share of ${name} that the estimate takes for savings.`,
      expects: 'a number from 0 to 1',
      example: String(fallback),
    }),
  );

/** `estimates:` in the file that `CONFIG_FILE` names: what stands in where AWS has nothing real. */
export const Estimates = Type.Object(
  {
    ec2: rate("EC2's own cost", 0.2),
    rds: rate("RDS's own cost", 0.15),
    ebs: rate("EBS's own cost", 0.1),
    total: rate('all cost', 0.15),
    costPerResource: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        default: 5,
        description: 'Cost in the window that stands for one resource where resources cannot be counted.',
        expects: 'a number above 0',
        example: '5',
      }),
    ),
    maxResources: Type.Optional(
      Type.Integer({
        minimum: 1,
        default: 100,
        description: 'Most resources that are estimated for one tag value.',
        expects: 'a whole number above 0',
        example: '100',
      }),
    ),
  },
  { ...strict, expects: 'a mapping of estimates', example: '{ec2: 0.20}' },
);

export type Estimates = Required<Static<typeof Estimates>>;

/** The file that `CONFIG_FILE` names. */
export const TargetsFile = Type.Object(
  {
    targets: Type.Array(TargetEntry, {
      minItems: 1,
      description:
        'The targets, in order: where two see one account, the first is heard (list the payer first).',
      expects: 'a list of at least one target',
      example: '[{name: production}]',
      secret: true,
    }),
    estimates: Type.Optional(Estimates),
  },
  {
    ...strict,
    expects: 'a mapping with the key `targets`',
    example: 'targets: [{name: production}]',
    // It may be the path of something else altogether.
    secret: true,
  },
);

export type TargetsFile = Static<typeof TargetsFile>;
