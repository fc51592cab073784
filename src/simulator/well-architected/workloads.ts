import { partitionOf } from '../arns.ts';
import type { BillIndex } from '../bill/bill-index.ts';
import { REGIONS } from '../bill/catalogue.ts';
import { hashText, hexText, noise } from '../bill/noise.ts';
import { dayOf, startOf } from '../days.ts';
import { customLens, FRAMEWORK, type Lens, OFFICIAL, type Pillar } from './lenses.ts';

/** The answers to a set of questions, by the risk that each leaves. */
export const RISKS = ['UNANSWERED', 'HIGH', 'MEDIUM', 'NONE', 'NOT_APPLICABLE'] as const;
export type Risk = (typeof RISKS)[number];

/** A pillar of a lens, reviewed: one risk per question. */
export interface PillarReview {
  readonly pillar: Pillar;
  readonly risks: readonly Risk[];
}

export interface LensReview {
  readonly lens: Lens;
  readonly pillars: readonly PillarReview[];
}

/** A workload of the Well-Architected Tool. */
export interface Workload {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly arn: string;
  readonly name: string;
  readonly region: string;
  /** The account that has made it. */
  readonly owner: string;
  /** Accounts that it is shared with. */
  readonly sharedWith: readonly string[];
  /** Seconds since the epoch. */
  readonly updatedAt: number;
  readonly reviews: readonly LensReview[];
  readonly improvementStatus: string;
}

const PURPOSES = ['web shop', 'data platform', 'batch jobs', 'internal tools'];
const MOST_WORKLOADS = 3;
const OLDEST_DAYS = 120;

/** How many of a set of questions leave each risk; risks that none leaves are missing, as AWS leaves them out. */
export function riskCounts(risks: Iterable<Risk>): Partial<Record<Risk, number>> {
  const counts = new Map<Risk, number>();
  for (const risk of risks) counts.set(risk, (counts.get(risk) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => RISKS.indexOf(a) - RISKS.indexOf(b)));
}

/** All risks of a lens's review. */
export function risksOfLens({ pillars }: LensReview): readonly Risk[] {
  return pillars.flatMap(({ risks }) => risks);
}

/** All risks of a workload's reviews. */
export function risksOf({ reviews }: Workload): readonly Risk[] {
  return reviews.flatMap(risksOfLens);
}

/** A question's answer; a workload as a whole is better or worse by `mood`. */
function answer(hash: number, number: number, mood: number): Risk {
  const share = noise(hash, 1000 + number);
  if (share < 0.12 * (1 - mood)) return 'UNANSWERED';
  if (share < 0.17 * (1 - mood)) return 'NOT_APPLICABLE';
  if (share < 0.45 * (1 - mood)) return 'HIGH';
  return share < 0.75 * (1 - mood / 2) ? 'MEDIUM' : 'NONE';
}

function review(hash: number, lens: Lens, mood: number): LensReview {
  let number = hashText(lens.name, 0) % 1000;
  return {
    lens,
    pillars: lens.pillars.map((pillar) => ({
      pillar,
      risks: Array.from({ length: pillar.questions }, () => answer(hash, number++, mood)),
    })),
  };
}

function statusOf(risks: readonly Risk[], hash: number): string {
  if (risks.includes('HIGH')) return noise(hash, 7) < 0.5 ? 'NOT_STARTED' : 'IN_PROGRESS';
  if (risks.includes('MEDIUM')) return 'RISK_ACKNOWLEDGED';
  return risks.includes('NONE') ? 'COMPLETE' : 'NOT_APPLICABLE';
}

function workload(bill: BillIndex, now: Date, owner: string, number: number): Workload {
  const hash = hashText(`${bill.payer} ${owner} workload ${number}`, 0);
  // The first one is where everybody looks.
  const region = number === 0 ? 'us-east-1' : (REGIONS[Math.floor(noise(hash, 1) * REGIONS.length)] ?? '');
  const id = hexText(hash, 32);
  const prefix = `arn:${partitionOf(region)}:wellarchitected:${region}:${owner}`;
  const lenses = [FRAMEWORK];
  const second = OFFICIAL[Math.floor(noise(hash, 2) * 4)];
  if (second !== undefined) lenses.push(second);
  if (noise(hash, 3) < 0.35) lenses.push(customLens(`${prefix}:lens/${hexText(hashText(owner, 1), 32)}`));
  const reviews = lenses.map((lens) => review(hash, lens, noise(hash, 4)));
  const others = [...bill.accounts.keys()].filter((account) => account !== owner);
  const sharedWith = new Set<string>();
  if (noise(hash, 5) < 0.5) sharedWith.add(others[Math.floor(noise(hash, 6) * others.length)] ?? owner);
  if (number === 0 && noise(hash, 8) < 0.6) sharedWith.add(bill.payer);
  sharedWith.delete(owner);
  const age = Math.floor(noise(hash, 9) * OLDEST_DAYS * 86_400);
  const risks = reviews.flatMap(risksOfLens);
  return {
    id,
    arn: `${prefix}:workload/${id}`,
    name: `${bill.accounts.get(owner) ?? owner}: ${PURPOSES[number % PURPOSES.length]}`,
    region,
    owner,
    sharedWith: [...sharedWith],
    updatedAt: startOf(dayOf(now)) / 1000 - age,
    reviews,
    improvementStatus: statusOf(risks, hash),
  };
}

/**
 * The workloads of a bill's accounts: one to three of each, the first in us-east-1, some shared with another account.
 * What they are follows from the account ids, and how long ago they were last updated.
 */
export function workloads(bill: BillIndex, now: Date): readonly Workload[] {
  return [...bill.accounts.keys()].sort().flatMap((owner) => {
    const count = 1 + Math.floor(noise(hashText(owner, 2), 0) * MOST_WORKLOADS);
    return Array.from({ length: count }, (_, number) => workload(bill, now, owner, number));
  });
}
