import { type Static, Type } from '@sinclair/typebox';
import { CAPABILITIES, oneOf } from './settings.ts';

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
    capabilities: Type.Optional(
      Type.Array(oneOf(CAPABILITIES), {
        minItems: 1,
        uniqueItems: true,
        description: 'What is collected for this target. Unset: `CAPABILITIES`.',
        expects: `a list of ${CAPABILITIES.join(', ')}`,
        example: '[cost]',
      }),
    ),
  },
  { ...strict, expects: 'a mapping with the key `name`', example: '{name: production}', secret: true },
);

export type TargetEntry = Static<typeof TargetEntry>;

/** The file that `CONFIG_FILE` names. */
export const TargetsFile = Type.Object(
  {
    targets: Type.Array(TargetEntry, {
      minItems: 1,
      description:
        'The targets, in order: where two see one account, the first is heard (list the payer first).',
      expects: 'a list of at least one target',
      example: '[{name: production}]',
    }),
  },
  { ...strict, expects: 'a mapping with the key `targets`', example: 'targets: [{name: production}]' },
);

export type TargetsFile = Static<typeof TargetsFile>;
