/**
 * Asks STS at each endpoint through the program's own transport, in an environment of its own. Prints one JSON line: for
 * each endpoint the account, or the error's code.
 *
 * Arguments: the endpoints.
 */
import { TargetAws } from '../../src/aws/clients.ts';
import { createTransport } from '../../src/aws/http.ts';
import { loadConfig } from '../../src/config.ts';
import { Notebook } from './helper.ts';

const config = loadConfig();
const transport = createTransport(config.aws.proxy);
const answers: string[] = [];
for (const endpoint of process.argv.slice(2)) {
  const context = {
    endpoints: { sts: endpoint },
    transport,
    ledger: new Notebook(),
    mayBuy: () => true,
    onSpend: () => {},
    onAttempt: () => {},
    credentials: async () => ({ accessKeyId: 'AKIATEST', secretAccessKey: 'test' }),
  };
  const aws = new TargetAws(context, {
    name: 'default',
    region: 'us-east-1',
    capabilities: [],
    regions: [],
    tagKeys: [],
  });
  answers.push(
    await aws.accountId().catch((error: Error & { code?: string }) => error.code ?? error.message),
  );
}
transport.close();
process.stdout.write(JSON.stringify(answers));
