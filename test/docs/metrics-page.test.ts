import { readFileSync } from 'node:fs';
import t from 'tap';

const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');

t.test(
  'the page names the three gauges that lint would keep for other types, and they are gauges',
  async (t) => {
    const [paragraph = ''] = page.split('\n\n').filter((text) => text.includes('exception'));
    const names = [...paragraph.matchAll(/`(\w+)`/g)].map(([, name]) => name);
    t.same(names, ['aws_cost_total', 'aws_tag_cost_total', 'aws_tag_resource_count']);
    for (const name of names) t.match(page, new RegExp(`^\\| \`${name}\` \\| gauge \\|`, 'm'), String(name));
  },
);
