// The roles of docs/iam: linted by tools that are not ours, and the same policies in every form.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { type CollectionTag, parse, type ScalarTag } from 'yaml';
import { CAPABILITIES } from '../../src/config/settings.ts';
import { run } from '../servers/process.ts';
import { pythonWithPackages } from '../servers/python.ts';
import { actionsOf, IAM, readPolicy, type Statement } from './policies.ts';
import { IAM_TOOLS } from './python-tools.ts';

const CLOUDFORMATION = join(IAM, 'cloudformation');
const TERRAFORM = join(IAM, 'terraform');
const TIMEOUT_MS = 60_000;
/** Making the tools' environment takes a minute, once. */
const PATIENCE = { timeout: 240_000 };

/** Actions that could be held to resources, and the kind of resource; docs/iam/README.md says why they are not. */
const NARROWABLE = {
  'ce:GetCostAndUsage': ['billingview'],
  'ce:GetCostForecast': ['billingview'],
  'wellarchitected:GetLensReview': ['workload'],
  'wellarchitected:ListLensReviews': ['workload'],
};

/** A CloudFormation template as far as it is read here; intrinsic functions are mappings of one key. */
interface Template {
  readonly Parameters: Readonly<Record<string, { Default?: string; NoEcho?: boolean; MinLength?: number }>>;
  readonly Conditions: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, Resource>>;
}

interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly Properties: {
    readonly PolicyName?: string;
    readonly PolicyDocument?: { Statement: readonly Statement[] };
    readonly AssumeRolePolicyDocument?: unknown;
  };
}

/** CloudFormation's short forms: `!Sub x` is `{ "Fn::Sub": x }`. */
const INTRINSICS = ['Ref', 'Sub', 'If', 'Equals', 'Not', 'Join', 'GetAtt'].flatMap((name) => {
  const tag = `!${name}`;
  const wrap = (value: unknown) => ({ [name === 'Ref' ? name : `Fn::${name}`]: value });
  const scalar: ScalarTag = { tag, resolve: wrap };
  const list: CollectionTag = { tag, collection: 'seq', resolve: (seq) => wrap(seq.toJSON()) };
  return [scalar, list];
});

function readTemplate(name: string): Template {
  return parse(readFileSync(join(CLOUDFORMATION, name), 'utf8'), { customTags: INTRINSICS });
}

t.test('cfn-lint finds nothing, and would find something', PATIENCE, async (t) => {
  const python = await pythonWithPackages(t, IAM_TOOLS);
  if (python === undefined) return;
  const lint = (...files: readonly string[]) =>
    run(join(dirname(python), 'cfn-lint'), ['--include-checks', 'I', '--', ...files], {
      timeoutMs: TIMEOUT_MS,
    });
  const right = readFileSync(join(CLOUDFORMATION, 'role.yaml'), 'utf8');
  const folder = t.testdir();
  const wrong = join(folder, 'wrong.yaml');
  writeFileSync(wrong, right.replace('- ce:GetCostAndUsage', '- ce:GetCostAndUse'));
  const [templates, broken] = await Promise.all([
    lint(...readdirSync(CLOUDFORMATION).map((name) => join(CLOUDFORMATION, name))),
    lint(wrong),
  ]);
  t.strictSame([templates.code, templates.stdout, templates.stderr], [0, '', '']);
  t.not(broken.code, 0);
  t.match(broken.stdout, /W3037 .*getcostanduse/i, 'an action that there is not');
});

t.test(
  'AWS knows every action, and none could be held to a resource but those named',
  PATIENCE,
  async (t) => {
    const python = await pythonWithPackages(t, IAM_TOOLS);
    if (python === undefined) return;
    const script = `
import importlib.resources, json, sys
text = importlib.resources.files("cfnlint").joinpath("data/AdditionalSpecs/Policies.json").read_text()
services = json.loads(text)
def kinds(action):
    prefix, name = action.split(":")
    entry = services[prefix]["Actions"].get(name.lower())
    return None if entry is None else entry.get("Resources", [])
print(json.dumps({action: kinds(action) for action in sys.argv[1:]}))
`;
    const actions = actionsOf(readPolicy('all'));
    const { code, stdout, stderr } = await run(python, ['-c', script, ...actions], { timeoutMs: TIMEOUT_MS });
    t.equal(code, 0, stderr);
    const kinds: Record<string, string[] | null> = JSON.parse(stdout);
    t.strictSame(Object.keys(kinds), actions);
    t.strictSame(
      Object.fromEntries(Object.entries(kinds).filter(([, found]) => found === null || found.length > 0)),
      NARROWABLE,
    );
    for (const name of CAPABILITIES) {
      t.strictSame(
        readPolicy(name).Statement.map(({ Resource: resource }) => resource),
        ['*'],
      );
    }
  },
);

for (const name of ['role.yaml', 'member-role.yaml']) {
  t.test(`${name} has the policies`, async (t) => {
    const { Parameters, Conditions, Resources } = readTemplate(name);
    const policies = Object.values(Resources).filter(({ Type }) => Type === 'AWS::IAM::RolePolicy');
    for (const capability of CAPABILITIES) {
      const policy = policies.find(({ Properties }) => Properties.PolicyName === capability);
      const { Statement: statements } = readPolicy(capability);
      t.strictSame(policy?.Properties.PolicyDocument?.Statement, statements, capability);
      const { Condition = '' } = policy ?? {};
      t.equal(Condition, statements[0]?.Sid);
      t.strictSame(Conditions[Condition], { 'Fn::Equals': [{ Ref: Condition }, 'true'] }, 'by its parameter');
      t.match(Parameters[Condition]?.Default, /^(true|false)$/);
    }
    const others = policies.filter(
      ({ Properties }) => !CAPABILITIES.some((one) => one === Properties.PolicyName),
    );
    t.strictSame(
      others.map(({ Condition, Properties }) => [Condition, Properties.PolicyDocument?.Statement]),
      name === 'member-role.yaml'
        ? []
        : [
            [
              'HasTargets',
              [
                {
                  Sid: 'Targets',
                  Effect: 'Allow',
                  Action: ['sts:AssumeRole', 'sts:TagSession'],
                  Resource: { Ref: 'TargetRoleArns' },
                },
              ],
            ],
          ],
    );
  });
}

t.test('who may take the roles', async (t) => {
  const member = readTemplate('member-role.yaml');
  t.strictSame(member.Resources.Role?.Properties.AssumeRolePolicyDocument, {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: { Ref: 'ExporterRoleArn' } },
        Action: ['sts:AssumeRole', 'sts:TagSession'],
        Condition: { StringEquals: { 'sts:ExternalId': { Ref: 'ExternalId' } } },
      },
    ],
  });
  t.match(member.Parameters.ExternalId, { NoEcho: true, MinLength: 2, Default: undefined });

  const role = readTemplate('role.yaml').Resources.Role?.Properties.AssumeRolePolicyDocument;
  const [podIdentity, elsewhere] = branches(role, 'PodIdentity');
  const [irsa, principal] = branches(elsewhere, 'Irsa');
  t.match(podIdentity, { Statement: [{ Principal: { Service: 'pods.eks.amazonaws.com' } }] });
  t.match(principal, { Statement: [{ Principal: { AWS: { Ref: 'TrustedPrincipalArn' } } }] });
  const text = typeof irsa === 'object' && irsa !== null && 'Fn::Sub' in irsa ? String(irsa['Fn::Sub']) : '';
  const values: Record<string, string> = {
    'AWS::Partition': 'aws-cn',
    'AWS::AccountId': '111122223333',
    OidcProvider: 'oidc.eks.example/id/A',
    OidcAudience: 'sts.amazonaws.com',
    Namespace: 'monitoring',
    ServiceAccount: 'exporter',
  };
  t.strictSame(JSON.parse(text.replaceAll(/\$\{([^}]+)\}/g, (all, name) => values[name] ?? all)), {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: 'arn:aws-cn:iam::111122223333:oidc-provider/oidc.eks.example/id/A' },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: {
            'oidc.eks.example/id/A:aud': 'sts.amazonaws.com',
            'oidc.eks.example/id/A:sub': 'system:serviceaccount:monitoring:exporter',
          },
        },
      },
    ],
  });
});

t.test('the Terraform module', PATIENCE, async (t) => {
  const python = await pythonWithPackages(t, IAM_TOOLS);
  if (python === undefined) return;
  const script = `
import hcl2, json, sys
blocks = {}
for path in sys.argv[1:]:
    with open(path) as file:
        for kind, entries in hcl2.load(file).items():
            blocks.setdefault(kind, []).extend(entries)
print(json.dumps(blocks))
`;
  const files = readdirSync(TERRAFORM).map((name) => join(TERRAFORM, name));
  const { code, stdout, stderr } = await run(python, ['-c', script, ...files], { timeoutMs: TIMEOUT_MS });
  t.equal(code, 0, stderr);
  const module = new Module(JSON.parse(stdout));

  const capabilities = module.block('variable', 'capabilities');
  t.strictSame(capabilities.default, [...CAPABILITIES], 'all capabilities by default');
  t.match(module.block('resource', 'aws_iam_role_policy', 'capability'), {
    for_each: expression('var.capabilities'),
    name: expression('each.key'),
    policy: expression(`file("${expression('path.module')}/../${expression('each.key')}.json")`),
  });
  for (const name of CAPABILITIES) t.ok(existsSync(join(TERRAFORM, '..', `${name}.json`)), `${name}.json`);

  t.match(module.block('resource', 'aws_iam_role', 'exporter'), {
    assume_role_policy: /data\.aws_iam_policy_document\.(\w+)\.json.*\}\[var\.trust\]/,
  });
  const actions = ['eks_pod_identity', 'irsa', 'principal', 'targets'].map((name) => {
    const { statement } = module.block('data', 'aws_iam_policy_document', name);
    return [name, Array.isArray(statement) ? statement.map((one) => one.actions) : []];
  });
  t.strictSame(Object.fromEntries(actions), {
    eks_pod_identity: [['sts:AssumeRole', 'sts:TagSession']],
    irsa: [['sts:AssumeRoleWithWebIdentity']],
    principal: [['sts:AssumeRole', 'sts:TagSession']],
    targets: [['sts:AssumeRole', 'sts:TagSession']],
  });
  const used = new Set([...stdout.matchAll(/\bvar\.(\w+)/g)].map(([, name]) => name));
  t.strictSame(
    [...used].toSorted(),
    module.names('variable').toSorted(),
    'every variable is declared and used',
  );
});

t.test('no partition is written where AWS says it', async (t) => {
  const files = [IAM, CLOUDFORMATION, TERRAFORM].flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => join(folder, name)),
  );
  for (const file of files) t.notMatch(readFileSync(file, 'utf8'), /arn:aws/, file.slice(IAM.length + 1));
});

/** The two values of `!If [condition, ...]`. */
function branches(value: unknown, condition: string): [unknown, unknown] {
  if (typeof value !== 'object' || value === null || !('Fn::If' in value)) throw new Error('not !If');
  const list = value['Fn::If'];
  if (!Array.isArray(list) || list[0] !== condition) throw new Error(`not !If [${condition}, ...]`);
  return [list[1], list[2]];
}

type Block = Readonly<Record<string, unknown>>;

/** A parsed Terraform module; python-hcl2 keeps the quotes of texts and labels. */
class Module {
  readonly #blocks: Readonly<Record<string, readonly Block[]>>;

  constructor(blocks: Readonly<Record<string, readonly Block[]>>) {
    this.#blocks = JSON.parse(
      JSON.stringify(blocks, (_key, value) => (typeof value === 'string' ? unquoted(value) : value)),
    );
  }

  /** The labels of the blocks of a kind. */
  names(kind: string): string[] {
    return (this.#blocks[kind] ?? []).flatMap((block) => Object.keys(block)).map(unquoted);
  }

  /** The block with these labels. @throws where there is none. */
  block(kind: string, ...labels: readonly string[]): Block {
    for (const entry of this.#blocks[kind] ?? []) {
      const found = labels.reduce<unknown>((at, label) => member(at, label), entry);
      if (isBlock(found)) return found;
    }
    throw new Error(`no ${kind} ${labels.join(' ')}`);
  }
}

function member(value: unknown, label: string): unknown {
  return isBlock(value) ? value[JSON.stringify(label)] : undefined;
}

function isBlock(value: unknown): value is Block {
  return typeof value === 'object' && value !== null;
}

/** What Terraform evaluates, as python-hcl2 shows it. */
function expression(text: string): string {
  return `\${${text}}`;
}

function unquoted(text: string): string {
  return /^"[^"]*"$/.test(text) ? text.slice(1, -1) : text;
}
