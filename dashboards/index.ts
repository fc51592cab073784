import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { exporter } from './exporter.ts';
import { optimization } from './optimization.ts';
import { overview } from './overview.ts';
import { tags } from './tags.ts';
import { wellArchitected } from './well-architected.ts';

/** Every dashboard, by the name of its file in the chart. */
export const dashboards: Readonly<Record<string, Dashboard>> = {
  overview,
  tags,
  optimization,
  'well-architected': wellArchitected,
  exporter,
};
