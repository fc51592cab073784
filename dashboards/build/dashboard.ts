import {
  DashboardBuilder,
  DashboardLinkBuilder,
  DashboardLinkType,
  RowBuilder,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { AnyPanel } from './panels.ts';
import { datasource } from './variables.ts';

/** The tag by which the dashboards find each other. */
const TAG = 'aws-cost-exporter';

/** Panels below a heading. */
export interface Section {
  readonly title: string;
  readonly panels: readonly AnyPanel[];
}

export interface DashboardOptions {
  /** Never changes: links and the sidecar know the dashboard by it. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly { build(): VariableModel }[];
  readonly sections: readonly Section[];
  /** Where the time range starts at first, e.g. `now-30d`. */
  readonly from: string;
}

/** A dashboard, laid out from left to right. All days of the bill are UTC, and so is what is shown. */
export function dashboard({ uid, title, description, variables, sections, from }: DashboardOptions) {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .timezone('utc')
    .time({ from, to: 'now' })
    .refresh('5m')
    .editable()
    .link(
      new DashboardLinkBuilder('AWS cost')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    );
  for (const variable of [datasource, ...variables]) builder.withVariable(variable);
  let id = 0;
  for (const { title: heading, panels } of sections) {
    builder.withRow(new RowBuilder(heading).id(++id));
    for (const panel of panels) builder.withPanel(panel.id(++id));
  }
  const built = builder.build();
  // The SDK gives every variable the settings of interval variables, which Grafana's schema has for those alone.
  for (const variable of built.templating?.list ?? []) {
    for (const name of ['auto', 'auto_min', 'auto_count'] as const) delete variable[name];
  }
  return built;
}
