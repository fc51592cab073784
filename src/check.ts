import { buildApp } from './app.ts';
import { MemoryStore } from './collection/memory-store.ts';
import { withoutUser } from './config/faults.ts';
import { SETTING_NAMES, settingDoc } from './config/settings.ts';
import type { Config, Target } from './config.ts';
import { CollectionError } from './errors.ts';

/**
 * Prints the configuration in force, secrets masked, and for each target the account that its credentials belong to.
 * Asks STS alone, which is free.
 *
 * @returns whether every target may collect.
 */
export async function check(config: Config): Promise<boolean> {
  const lines = SETTING_NAMES.map((name) => `  ${name}=${shown(name, config)}`);
  print(`Settings:\n${lines.join('\n')}\n\nTargets:\n`);
  // What is kept is not looked at: a running exporter may have STATE_DIR.
  const app = await buildApp({ config, logger: false, store: new MemoryStore() });
  let good = true;
  for (const target of config.targets) {
    const outcome = await identity(() => app.rest.aws.account(target));
    good &&= outcome.good;
    print(`  ${describe(target)}\n    ${outcome.line}\n`);
  }
  await app.close();
  return good;
}

function shown(name: (typeof SETTING_NAMES)[number], { settings }: Config): string {
  const value = settings[name];
  if (value === undefined) return '(unset)';
  return settingDoc(name).secret ? '(set, not shown)' : (withoutUser(String(value)) ?? '');
}

function describe({ name, roleArn, externalId, region, accountId, capabilities }: Target): string {
  const facts = [
    `capabilities ${capabilities.join(',')}`,
    region && `region ${region}`,
    roleArn && `role ${roleArn}`,
    externalId && 'externalId (set, not shown)',
    accountId && `expects account ${accountId}`,
  ];
  return `${name}: ${facts.filter(Boolean).join(', ')}`;
}

async function identity(ask: () => Promise<string>): Promise<{ good: boolean; line: string }> {
  try {
    return { good: true, line: `ok: account ${await ask()}` };
  } catch (error) {
    if (!(error instanceof CollectionError)) throw error;
    return { good: false, line: `${error.code}: ${error.message} ${error.advice}` };
  }
}

function print(text: string): void {
  process.stdout.write(text);
}
