import {
  GetReservationPurchaseRecommendationCommand,
  GetRightsizingRecommendationCommand,
  GetSavingsPlansPurchaseRecommendationCommand,
} from '@aws-sdk/client-cost-explorer';
import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { awsError, invalidResponse } from '../../src/aws/aws-errors.ts';
import { pages } from '../../src/aws/pages.ts';
import type { CollectContext } from '../../src/collection/capability.ts';
import { Amount } from '../../src/collection/money.ts';
import { wellFormed } from '../../src/collection/words.ts';
import { COMMITMENT, describeInstance, describePlan, RESERVABLE } from './commitments.ts';
import { instantOf, type OptimizationData, type Recommendation } from './model.ts';
import type { Bought } from './paid.ts';

const text = Type.Optional(Type.String());
const token = Type.Optional(Type.String());
/** When the set that is answered was generated. */
const Metadata = Type.Optional(Type.Object({ GenerationTimestamp: text }));

const Rightsizing = Type.Object({
  Metadata,
  RightsizingRecommendations: Type.Optional(
    Type.Array(
      Type.Object({
        AccountId: Type.String(),
        RightsizingType: Type.String(),
        CurrentInstance: Type.Object({
          ResourceId: Type.String(),
          MonthlyCost: Type.Optional(Amount),
          CurrencyCode: text,
          ResourceDetails: Type.Optional(
            Type.Object({ EC2ResourceDetails: Type.Optional(Type.Object({ Region: text })) }),
          ),
        }),
        ModifyRecommendationDetail: Type.Optional(
          Type.Object({
            TargetInstances: Type.Array(
              Type.Object({
                EstimatedMonthlySavings: Amount,
                CurrencyCode: text,
                DefaultTargetInstance: Type.Optional(Type.Boolean()),
              }),
            ),
          }),
        ),
        TerminateRecommendationDetail: Type.Optional(
          Type.Object({ EstimatedMonthlySavings: Amount, CurrencyCode: text }),
        ),
      }),
    ),
  ),
  NextPageToken: token,
});

const SavingsPlans = Type.Object({
  Metadata,
  SavingsPlansPurchaseRecommendation: Type.Optional(
    Type.Object({
      SavingsPlansPurchaseRecommendationDetails: Type.Optional(
        Type.Array(
          Type.Object({
            AccountId: text,
            SavingsPlansDetails: Type.Optional(Type.Object({ Region: text, InstanceFamily: text })),
            CurrencyCode: text,
            EstimatedMonthlySavingsAmount: Amount,
            EstimatedOnDemandCost: Type.Optional(Amount),
          }),
        ),
      ),
    }),
  ),
  NextPageToken: token,
});

const instance = Type.Optional(Type.Record(Type.String(), Type.Unknown()));
const Reservations = Type.Object({
  Metadata,
  Recommendations: Type.Optional(
    Type.Array(
      Type.Object({
        RecommendationDetails: Type.Optional(
          Type.Array(
            Type.Object({
              AccountId: text,
              InstanceDetails: Type.Optional(Type.Record(Type.String(), instance)),
              EstimatedMonthlySavingsAmount: Amount,
              EstimatedMonthlyOnDemandCost: Type.Optional(Amount),
              CurrencyCode: text,
            }),
          ),
        ),
      }),
    ),
  ),
  NextPageToken: token,
});

const checks = {
  rightsizing: TypeCompiler.Compile(Rightsizing),
  savingsPlans: TypeCompiler.Compile(SavingsPlans),
  reservations: TypeCompiler.Compile(Reservations),
};

/** Collects recommendations and refuses a second currency. */
class Finder {
  readonly recommendations: Recommendation[] = [];
  currency: string | null = null;
  pages = 0;

  add(
    recommendation: Omit<Recommendation, 'effort' | 'restart' | 'rollback' | 'generatedAt'>,
    { currency, generated }: { currency: string | undefined; generated: string | undefined },
  ): void {
    if (currency !== undefined) {
      this.currency ??= currency;
      if (currency !== this.currency) throw invalidResponse(`it mixes ${this.currency} and ${currency}`);
    }
    const unknown = { effort: null, restart: null, rollback: null };
    this.recommendations.push({ ...unknown, ...recommendation, generatedAt: instantOf(generated) });
  }
}

/** EC2 instances to stop or to make smaller. @throws {CollectionError} */
export async function rightsizing({ aws, signal }: CollectContext<OptimizationData>): Promise<Bought> {
  const client = aws.costExplorer();
  const found = new Finder();
  const send = async (page: { NextPageToken?: string }) =>
    checked(
      checks.rightsizing,
      await client.send(
        new GetRightsizingRecommendationCommand({ Service: 'AmazonEC2', PageSize: 1_000, ...page }),
        { abortSignal: signal },
      ),
    );
  try {
    for await (const page of pages('NextPageToken', {}, send)) {
      found.pages++;
      const { RightsizingRecommendations = [] } = page;
      for (const {
        AccountId,
        CurrentInstance,
        ModifyRecommendationDetail,
        ...rest
      } of RightsizingRecommendations) {
        const targets = ModifyRecommendationDetail?.TargetInstances ?? [];
        const best =
          rest.TerminateRecommendationDetail ?? targets.find((to) => to.DefaultTargetInstance) ?? targets[0];
        if (best === undefined) continue;
        found.add(
          {
            type: rest.TerminateRecommendationDetail ? 'Stop' : 'Rightsize',
            category: 'Ec2Instance',
            resource: wellFormed(CurrentInstance.ResourceId),
            product: null,
            region: CurrentInstance.ResourceDetails?.EC2ResourceDetails?.Region ?? null,
            account: AccountId,
            savings: Number(best.EstimatedMonthlySavings),
            cost: CurrentInstance.MonthlyCost === undefined ? null : Number(CurrentInstance.MonthlyCost),
          },
          {
            currency: best.CurrencyCode ?? CurrentInstance.CurrencyCode,
            generated: page.Metadata?.GenerationTimestamp,
          },
        );
      }
    }
  } catch (error) {
    throw awsError(error, 'ce:GetRightsizingRecommendation');
  }
  return found;
}

/** Compute Savings Plans worth buying, one for each account that AWS names. @throws {CollectionError} */
export async function savingsPlans({
  aws,
  signal,
  accountId,
}: CollectContext<OptimizationData>): Promise<Bought> {
  const client = aws.costExplorer();
  const found = new Finder();
  const request = { SavingsPlansType: 'COMPUTE_SP', PageSize: 1_000, ...COMMITMENT } as const;
  const send = async (page: { NextPageToken?: string }) =>
    checked(
      checks.savingsPlans,
      await client.send(new GetSavingsPlansPurchaseRecommendationCommand({ ...request, ...page }), {
        abortSignal: signal,
      }),
    );
  try {
    for await (const page of pages('NextPageToken', {}, send)) {
      found.pages++;
      const details =
        page.SavingsPlansPurchaseRecommendation?.SavingsPlansPurchaseRecommendationDetails ?? [];
      for (const detail of details) {
        found.add(
          {
            type: 'PurchaseSavingsPlans',
            category: 'ComputeSavingsPlans',
            ...describePlan(detail.SavingsPlansDetails),
            account: detail.AccountId ?? accountId,
            savings: Number(detail.EstimatedMonthlySavingsAmount),
            cost: null,
          },
          { currency: detail.CurrencyCode, generated: page.Metadata?.GenerationTimestamp },
        );
      }
    }
  } catch (error) {
    throw awsError(error, 'ce:GetSavingsPlansPurchaseRecommendation');
  }
  return found;
}

/** Reservations of one service worth buying. @throws {CollectionError} */
export async function reservations(
  { aws, signal, accountId }: CollectContext<OptimizationData>,
  service: string,
): Promise<Bought> {
  const client = aws.costExplorer();
  const found = new Finder();
  const send = async (page: { NextPageToken?: string }) =>
    checked(
      checks.reservations,
      await client.send(
        new GetReservationPurchaseRecommendationCommand({
          Service: service,
          PageSize: 1_000,
          ...COMMITMENT,
          ...page,
        }),
        { abortSignal: signal },
      ),
    );
  try {
    for await (const { Metadata: made, Recommendations = [] } of pages('NextPageToken', {}, send)) {
      found.pages++;
      for (const detail of Recommendations.flatMap(
        ({ RecommendationDetails = [] }) => RecommendationDetails,
      )) {
        found.add(
          {
            type: 'PurchaseReservedInstances',
            category: RESERVABLE[service] ?? service,
            ...describeInstance(detail.InstanceDetails),
            account: detail.AccountId ?? accountId,
            savings: Number(detail.EstimatedMonthlySavingsAmount),
            cost:
              detail.EstimatedMonthlyOnDemandCost === undefined
                ? null
                : Number(detail.EstimatedMonthlyOnDemandCost),
          },
          { currency: detail.CurrencyCode, generated: made?.GenerationTimestamp },
        );
      }
    }
  } catch (error) {
    throw awsError(error, 'ce:GetReservationPurchaseRecommendation');
  }
  return found;
}

function checked<T>(check: { Check(value: unknown): value is T }, answer: unknown): T {
  if (!check.Check(answer)) throw invalidResponse('it is not what the recommendation call documents');
  return answer;
}
