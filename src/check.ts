import { buildApp } from './app.ts';
import { statusOf } from './aws/aws-errors.ts';
import { regionOf } from './aws/clients.ts';
import { reasonForLog } from './collection/log-reason.ts';
import { MemoryStore } from './collection/memory-store.ts';
import { withoutUser } from './config/faults.ts';
import { SETTING_NAMES, settingDoc } from './config/settings.ts';
import type { Config, Target } from './config.ts';
import { CollectionError } from './errors.ts';
import { describeWeb } from './web/describe.ts';

/**
 * Prints the configuration in force, secrets masked, and for each target what holds for it and the account that its
 * credentials belong to, or why they do not resolve.
 * Asks STS alone, which is free.
 *
 * @returns whether every target may collect.
 */
export async function check(config: Config): Promise<boolean> {
  const lines = SETTING_NAMES.map((name) => `  ${name}=${shown(name, config)}`);
  const web = describeWeb(config).map((line) => `  ${line}`);
  print(`Settings:\n${lines.join('\n')}\n\nListeners:\n${web.join('\n')}\n\nTargets:\n`);
  // What is kept is not looked at: a running exporter may have STATE_DIR.
  const app = await buildApp({ config, logger: false, store: new MemoryStore() });
  let good = true;
  for (const target of config.targets) {
    const outcome = await identity(() => app.rest.aws.account(target));
    good &&= outcome.good;
    print(`${[`  ${target.name}:`, ...(await describe(target, config)), ...outcome.lines].join('\n    ')}\n`);
  }
  await app.close();
  return good;
}

function shown(name: (typeof SETTING_NAMES)[number], { settings }: Config): string {
  const value = settings[name];
  if (value === undefined) return '(unset)';
  return settingDoc(name).secret ? '(set, not shown)' : withoutUser(String(value));
}

async function describe(target: Target, { spend }: Config): Promise<string[]> {
  const { roleArn, externalId, accountId, capabilities, regions, tagKeys, spendBudgetUsd } = target;
  const region = await regionOf(target);
  const from = region === 'us-east-1' ? 'the default' : 'of the shared AWS configuration file';
  const facts = [
    roleArn && `role ${roleArn}`,
    externalId && 'externalId (set, not shown)',
    accountId && `expects account ${accountId}`,
    `region ${region}${target.region === undefined ? ` (${from})` : ''}`,
    `regions ${regions.length > 0 ? regions.join(',') : `${region} (its own region)`}`,
    `capabilities ${capabilities.join(',')}`,
    `tagKeys ${tagKeys.join(',')}`,
    spendBudgetUsd === undefined
      ? `budget USD ${spend.budgetUsd} a day, shared by all targets`
      : `budget USD ${spendBudgetUsd} a day of its own, within USD ${spend.budgetUsd} for all targets`,
  ];
  return facts.filter((fact) => fact !== undefined && fact !== '') as string[];
}

async function identity(ask: () => Promise<string>): Promise<{ good: boolean; lines: string[] }> {
  try {
    return { good: true, lines: [`ok: account ${await ask()}`] };
  } catch (error) {
    if (!(error instanceof CollectionError)) throw error;
    const advice = error.advice.replace(/; the log has the reason[^.]*/, '');
    return { good: false, lines: [`${error.code}: ${error.message} ${advice}`, ...reasonOf(error)] };
  }
}

/** What the SDK or the network said; of an answer of AWS's its name and status alone, for its text may name identities. */
function reasonOf({ cause }: CollectionError): string[] {
  if (cause === undefined) return [];
  const status = statusOf(cause);
  if (status === undefined || 'code' in Object(cause)) return [`reason: ${reasonForLog(cause)}`];
  return [`reason: AWS answered ${cause instanceof Error ? cause.name : 'an error'} (HTTP ${status})`];
}

function print(text: string): void {
  process.stdout.write(text);
}
