import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { accountsOf, figure } from './promql.ts';

/** Where every panel and variable asks: the data source that the viewer chooses, Grafana's default one at first. */
export const DATASOURCE = { type: 'prometheus', uid: '$datasource' };

export const datasource = new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus');

/** A variable of many values, all of them at first. */
function many(name: string, label: string, query: string) {
  return single(name, label, query)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ selected: true, text: ['All'], value: ['$__all'] });
}

function single(name: string, label: string, query: string) {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ query, refId: name })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalCaseInsensitiveAsc);
}

/** `$account`: the accounts of a family, by name and number. */
export const account = (family: string) =>
  many('account', 'Account', `query_result(${accountsOf(family)})`).regex(
    '/account_id="(?<value>[^"]*)".*text="(?<text>.*)"\\}/',
  );

/** `$service`: the services of a family. */
export const service = (family: string) =>
  many('service', 'Service', `query_result(group by (service) (${figure(family)}))`).regex(
    '/^\\{service="(.*)"\\}/',
  );

/** `$tag_key`: one tag key, for each splits the same cost. */
export const tagKey = single('tag_key', 'Tag key', 'label_values(aws_tag_cost_total, tag_key)');

/** `$job`: which exporters, where one Prometheus scrapes several. */
export const job = many('job', 'Job', 'label_values(aws_cost_exporter_build_info, job)');

/** `$target`: which targets of the exporter. */
export const target = many('target', 'Target', 'label_values(aws_cost_exporter_info{job=~"$job"}, target)');
