// The switches of docs/iam/README.md that are not IAM: off, each is told by /ready in the word that the page says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { NOT_ENABLED } from '../../src/simulator/fault-presets.ts';
import type { FaultRule, Simulator } from '../../src/simulator/index.ts';
import { startExporter } from '../helper.ts';
import { BILL, IAM } from './policies.ts';

const page = readFileSync(join(IAM, 'README.md'), 'utf8');

interface Switch {
  readonly off: (sim: Simulator) => void;
  readonly collector: string;
  readonly state: string;
  readonly code: string;
  readonly part?: string;
}

const denyAs = (fault: FaultRule, operations: readonly string[]) => (sim: Simulator) => {
  for (const operation of operations) sim.faults.add({ ...fault, operation });
};

/** By the name in bold on the page. */
const SWITCHES: Readonly<Record<string, Switch>> = {
  'Cost Explorer': {
    off: denyAs(NOT_ENABLED.costExplorer, ['GetCostAndUsage', 'GetCostForecast', 'ListCostAllocationTags']),
    collector: 'cost',
    state: 'not_enabled',
    code: 'not_enabled',
  },
  'Cost allocation tags': {
    off: (sim) => sim.setSettings({ activeTagKeys: ['Environment'] }),
    collector: 'tags',
    state: 'ok',
    code: 'not_activated',
    part: 'Team',
  },
  'Cost Optimization Hub': {
    off: (sim) => sim.setSettings({ hubEnrolled: false }),
    collector: 'optimization',
    state: 'ok',
    code: 'not_enabled',
    part: 'cost-optimization-hub',
  },
  'Linked account access': {
    off: denyAs(
      {
        kind: 'error',
        type: 'AccessDeniedException',
        message: 'Linked account access to Cost Explorer has been disabled by the payer account',
      },
      ['GetCostAndUsage'],
    ),
    collector: 'cost',
    state: 'not_enabled',
    code: 'not_enabled',
  },
  'Rightsizing recommendations': {
    off: (sim) => {
      sim.setSettings({ hubEnrolled: false });
      sim.faults.add(NOT_ENABLED.rightsizing);
    },
    collector: 'optimization',
    state: 'ok',
    code: 'not_enabled',
    part: 'rightsizing',
  },
};

t.test('the page has these', async (t) => {
  const [, section = ''] = page.split('\n## The three switches that are not IAM\n');
  const [text = ''] = section.split('\n## ');
  const named = [...text.matchAll(/^(?:\| |- )\*\*([^*]+)\*\*/gm)].map(([, name = '']) => name);
  t.strictSame(named, Object.keys(SWITCHES));
  t.equal(text.match(/^\| \*\*/gm)?.length, 3, 'three for all');
});

for (const [name, { off, collector, state, code, part }] of Object.entries(SWITCHES)) {
  t.test(`${name} is off`, async (t) => {
    const exporter = await startExporter(t, { bill: BILL, before: off });
    const view = await exporter.collector(collector);
    t.equal(view.state, state);
    const { passedOver } = view as typeof view & {
      passedOver: readonly { part: string; cause: { code: string } }[];
    };
    const cause = part === undefined ? view.cause : passedOver.find((one) => one.part === part)?.cause;
    t.equal(cause?.code, code);
    t.match(page, `\`${code}\``);
  });
}
