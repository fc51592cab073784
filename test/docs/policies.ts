import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateBill } from '../../src/simulator/index.ts';
import { SERVICES } from '../../src/simulator/services.ts';

/** Where the policies and templates are. */
export const IAM = join(import.meta.dirname, '../../docs/iam');

/** A statement of an IAM policy. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** An IAM policy. */
export interface Policy {
  readonly Version: string;
  readonly Statement: readonly Statement[];
}

/** The policy of a file of docs/iam. */
export function readPolicy(name: string): Policy {
  return JSON.parse(readFileSync(join(IAM, `${name}.json`), 'utf8'));
}

/** The actions of a policy, sorted. */
export function actionsOf({ Statement: statements }: Policy): string[] {
  return [...new Set(statements.flatMap(({ Action }) => Action))].toSorted();
}

/** The names of all policies: those of the capabilities, and `all`. */
export function policyNames(): string[] {
  return readdirSync(IAM)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length));
}

/** The IAM action behind a request that the simulator has received; undefined for STS. */
export function actionOf({
  service,
  operation,
}: {
  service: string | undefined;
  operation: string | undefined;
}): string | undefined {
  if (service === 'sts') return undefined;
  const prefix = SERVICES.find(({ name }) => name === service)?.iamPrefix ?? service;
  return `${prefix}:${operation}`;
}

/** A bill with all that the capabilities look for: tags, instances, databases, volumes. */
export const BILL = generateBill({ seed: 4, today: new Date('2026-11-28T12:00:00Z'), days: 45 });
