/**
 * Run by npm before the tests: gets the servers that they need. On Debian and Ubuntu as root it installs what is missing,
 * elsewhere it says in one line each how to get it. With CI=true anything missing at the end is exit code 1.
 */
import { IAM_TOOLS } from '../docs/python-tools.ts';
import { SCHEMATHESIS } from '../fuzz/schemathesis/run.ts';
import { ensureHelm } from '../helm/helm.ts';
import { KUBERNETES_SCHEMAS } from '../helm/schemas.ts';
import { WORKFLOW_LINTERS } from '../release/linters.ts';
import { aptInstall, isDebian } from './apt.ts';
import { CHROMIUM_ABSENT, CHROMIUM_PACKAGE, findChromium } from './chromium.ts';
import { findProgram, howToGet, PROGRAMS } from './process.ts';
import { BOTO3, ensurePython, isPythonReady } from './python.ts';

const missing = () => PROGRAMS.filter(({ program }) => findProgram(program) === undefined);

async function preparePython(requirements: readonly string[], debian: boolean): Promise<string | undefined> {
  const attempt = () =>
    ensurePython(requirements).then(
      () => undefined,
      (error: Error) => error.message,
    );
  console.log(`Making a Python environment for the tests: ${requirements.join(', ')} ...`);
  const first = await attempt();
  if (first === undefined || !debian || !first.includes('python3-venv')) return first;
  aptInstall(['python3-venv']);
  return attempt();
}

const debian = isDebian();
const packages = new Set(missing().map(({ debianPackage }) => debianPackage));
if (findChromium() === undefined) packages.add(CHROMIUM_PACKAGE);
if (debian && packages.size > 0) aptInstall([...packages]);

const problems = missing().map(({ program }) => howToGet(program));
if (findChromium() === undefined) problems.push(CHROMIUM_ABSENT);
for (const requirements of [[BOTO3], IAM_TOOLS, KUBERNETES_SCHEMAS, WORKFLOW_LINTERS, SCHEMATHESIS]) {
  if (!debian || isPythonReady(requirements)) continue;
  const problem = await preparePython(requirements, debian);
  if (problem !== undefined) problems.push(problem);
}
await ensureHelm().catch((error: Error) => problems.push(error.message));
for (const problem of problems) console.error(problem);
if (problems.length > 0 && process.env.CI === 'true') process.exitCode = 1;
