import { type Static, Type } from '@sinclair/typebox';
import { envelope, Reason } from '../../src/documents.ts';

const questions = (what: string) => Type.Integer({ description: `Questions ${what}.`, examples: [3] });

const counts = {
  high: questions('at high risk'),
  medium: questions('at medium risk'),
  none: questions('at no risk'),
  notApplicable: questions('that do not apply'),
  unanswered: questions('without an answer'),
};

/** The body of `GET /wellarchitected`. */
export const WellArchitected = Type.Object(
  {
    ...envelope,
    pillars: Type.Array(
      Type.Object({
        pillar: Type.String({ description: "AWS's pillar id, verbatim.", examples: ['security'] }),
        score: Type.Union([Type.Number(), Type.Null()], {
          description:
            "0 to 100: 100 x (none + 0.5 x medium) / (none + medium + high); null where nothing is answered. The formula is this exporter's: AWS gives no score.",
          examples: [72.5],
        }),
        ...counts,
      }),
      { description: 'Every pillar over all workloads and lenses.' },
    ),
    workloads: Type.Array(
      Type.Object({
        id: Type.String({ description: 'Workload id.', examples: ['4b0a3c2d1e0f4b0a3c2d1e0f4b0a3c2d'] }),
        arn: Type.String({
          description: 'Workload ARN.',
          examples: [
            'arn:aws:wellarchitected:eu-central-1:222233334444:workload/4b0a3c2d1e0f4b0a3c2d1e0f4b0a3c2d',
          ],
        }),
        name: Type.String({ description: 'Workload name.', examples: ['web shop'] }),
        region: Type.String({ description: 'Region of the workload.', examples: ['eu-central-1'] }),
        lenses: Type.Array(
          Type.String({
            description: 'Lens ARN.',
            examples: ['arn:aws:wellarchitected::aws:lens/wellarchitected'],
          }),
          { description: 'Lenses that it is reviewed under, custom ones too.' },
        ),
        risks: Type.Object(counts, { description: 'Its questions by risk, over all its lenses.' }),
        improvementStatus: Type.Union([Type.String(), Type.Null()], {
          description: "AWS's improvement status; null where it may not be asked.",
          examples: ['IN_PROGRESS'],
        }),
        updatedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
          description: 'When the workload was last changed, ISO 8601 UTC; null where AWS does not say.',
          examples: ['2026-11-20T10:00:00.000Z'],
        }),
        consoleUrl: Type.String({
          format: 'uri',
          description: 'The workload in the AWS console.',
          examples: [
            'https://eu-central-1.console.aws.amazon.com/wellarchitected/home?region=eu-central-1#/workload/4b0a3c2d1e0f4b0a3c2d1e0f4b0a3c2d',
          ],
        }),
      }),
      { description: 'The workloads, those shared with the account too, each once.' },
    ),
    reason: Reason,
  },
  { description: 'Well-Architected reviews of one target.' },
);

/** The body without the envelope, which the machine adds. */
export type WellArchitectedDocument = Omit<Static<typeof WellArchitected>, keyof typeof envelope>;
