import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { TestScope } from '../servers/process.ts';
import { BOTO3, pythonWithPackages } from '../servers/python.ts';

/** A type of AWS's service models. */
export interface Shape {
  readonly type: string;
  readonly members?: Readonly<Record<string, { readonly shape: string; readonly location?: string }>>;
  readonly required?: readonly string[];
  readonly member?: { readonly shape: string };
  readonly key?: { readonly shape: string };
  readonly value?: { readonly shape: string };
  readonly enum?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly union?: boolean;
}

/** AWS's own model of one service, as botocore carries it. */
export interface Model {
  readonly metadata: {
    readonly protocols: readonly string[];
    readonly jsonVersion?: string;
    readonly targetPrefix?: string;
    readonly apiVersion: string;
  };
  readonly operations: Readonly<
    Record<
      string,
      {
        readonly http: { readonly method: string; readonly requestUri: string };
        readonly input?: { readonly shape: string };
        readonly output?: { readonly shape: string; readonly resultWrapper?: string };
        readonly errors?: readonly { readonly shape: string }[];
      }
    >
  >;
  readonly shapes: Readonly<Record<string, Shape>>;
}

/** The services, by the names that signatures have for them, and botocore's names. */
const SERVICES = {
  ce: 'ce',
  'cost-optimization-hub': 'cost-optimization-hub',
  tagging: 'resourcegroupstaggingapi',
  wellarchitected: 'wellarchitected',
  sts: 'sts',
} as const;

export type ServiceName = keyof typeof SERVICES;

const SCRIPT = `
import json, sys
from botocore.loaders import Loader
loader = Loader()
def bare(node):
    if isinstance(node, dict):
        return {k: bare(v) for k, v in node.items() if not (k == "documentation" and isinstance(v, str))}
    return [bare(v) for v in node] if isinstance(node, list) else node
print(json.dumps({name: bare(loader.load_service_model(name, "service-2")) for name in sys.argv[1:]}))
`;

/** AWS's service models from botocore; undefined, with a visible skip, where it is not to be had. */
export async function loadModels(t: TestScope): Promise<Record<ServiceName, Model> | undefined> {
  const python = await pythonWithPackages(t, [BOTO3]);
  if (python === undefined) return undefined;
  const { stdout } = await promisify(execFile)(python, ['-c', SCRIPT, ...Object.values(SERVICES)], {
    maxBuffer: 1 << 26,
    timeout: 60_000,
  });
  const byName: Record<string, Model> = JSON.parse(stdout);
  const model = (name: ServiceName): Model => {
    const found = byName[SERVICES[name]];
    if (found === undefined) throw new Error(`botocore has no model of ${name}`);
    return found;
  };
  return {
    ce: model('ce'),
    'cost-optimization-hub': model('cost-optimization-hub'),
    tagging: model('tagging'),
    wellarchitected: model('wellarchitected'),
    sts: model('sts'),
  };
}
