{{/* "true" where a PrometheusRule is to be made; `auto` looks whether the cluster knows the kind. */}}
{{- define "aws-cost-exporter.prometheusRule.enabled" -}}
{{- $enabled := toString .Values.prometheusRule.enabled }}
{{- if eq $enabled "auto" }}{{ $enabled = .Capabilities.APIVersions.Has "monitoring.coreos.com/v1/PrometheusRule" | toString }}{{ end }}
{{- $enabled }}
{{- end }}

{{/*
The rule groups, as YAML: the limits of the values as series, then the files of rules/ with their ${...} filled in from the values.
What is in {{ }} there is Prometheus' own and never read by Helm.
*/}}
{{- define "aws-cost-exporter.prometheusRule.groups" -}}
{{- $root := . -}}
{{- $rule := include "aws-cost-exporter.prometheusRule.derived" . | fromJson -}}
{{- $alerts := $rule.alerts -}}
{{- $groups := list -}}
{{- with include "aws-cost-exporter.prometheusRule.limits" $alerts | fromYamlArray -}}
  {{- $groups = list (dict "name" "aws-cost-exporter.limits" "rules" .) -}}
{{- end -}}
{{- range $file := list "rules/figures.yaml" "rules/conditions.yaml" "rules/alerts.yaml" -}}
  {{- $text := include "aws-cost-exporter.prometheusRule.fill" (list $rule ($root.Files.Get $file)) -}}
  {{- range $group := ($text | fromYaml).groups -}}
    {{- $rules := list -}}
    {{- range $one := $group.rules -}}
      {{- if not $one.alert -}}
        {{- $rules = append $rules $one -}}
      {{- else -}}
        {{- $own := index $alerts $one.alert -}}
        {{- $applies := or (ne $one.alert "AwsCostExposedTwice") (ne (toString (get (default dict $root.Values.config) "EXPOSE")) "all") -}}
        {{- if and $own.enabled $applies -}}
          {{- $_ := set $one "for" $own.for -}}
          {{- $_ := set $one "labels" (mergeOverwrite (dict "severity" $own.severity) (deepCopy (default dict $rule.alertLabels))) -}}
          {{- with $rule.runbookUrl -}}
            {{- $_ := set $one.annotations "runbook_url" (printf "%s/%s.md" (trimSuffix "/" .) $one.alert) -}}
          {{- end -}}
          {{- $_ := set $one "annotations" (mergeOverwrite $one.annotations (deepCopy (default dict $rule.alertAnnotations))) -}}
          {{- $rules = append $rules $one -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
    {{- if $rules -}}{{- $groups = append $groups (dict "name" $group.name "rules" $rules) -}}{{- end -}}
  {{- end -}}
{{- end -}}
{{- with $rule.interval -}}{{- range $groups -}}{{- $_ := set . "interval" $rule.interval -}}{{- end -}}{{- end -}}
{{- toYaml (concat $groups (default list $rule.additionalGroups)) }}
{{- end }}

{{/* `(list VALUES TEXT)`: the text with every ${...} filled in. */}}
{{- define "aws-cost-exporter.prometheusRule.fill" -}}
{{- $rule := index . 0 -}}
{{- $currency := `{{ with query "currency:aws_cost_currency_info:only" }}{{ . | first | label "currency" }}{{ else }}of the billing currency{{ end }}` -}}
{{- $text := index . 1 | replace "${holdFor}" $rule.holdFor | replace "${currency}" $currency -}}
{{- range $alert, $own := $rule.alerts -}}
  {{- range $name, $value := $own -}}
    {{- if kindIs "map" $value -}}
      {{- $text = replace (printf "${%s.%s.default}" $alert $name) (include "aws-cost-exporter.text" (hasKey $value "default" | ternary (get $value "default") "Inf")) $text -}}
    {{- else -}}
      {{- /* Within double quotes of PromQL a backslash and a quote are written with a backslash. */ -}}
      {{- $string := include "aws-cost-exporter.text" $value | replace "\\" "\\\\" | replace "\"" "\\\"" -}}
      {{- $text = replace (printf "${%s.%s}" $alert $name) $string $text -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- with regexFind "[$][{][^}]*[}]" $text -}}{{- fail (printf "prometheusRule: there is no value for %s" .) -}}{{- end -}}
{{- $text -}}
{{- end }}

{{/* Limits of some alerts that are given by name, as series: dashboards can draw them, and without Kubernetes a rules file can add some. */}}
{{- define "aws-cost-exporter.prometheusRule.limits" -}}
{{- $alerts := . -}}
{{- range $limit := list
  (dict "record" "collector:aws_cost_exporter_age_seconds:limit" "label" "collector" "values" $alerts.AwsCostDataStale.maxAgeSeconds)
  (dict "record" "account:aws_cost_budget:limit" "label" "account_id" "values" $alerts.AwsCostForecastAboveBudget.budgets)
  (dict "record" "tag_key:aws_cost_untagged_ratio:limit" "label" "tag_key" "values" $alerts.AwsCostUntaggedShareHigh.limits) }}
{{- range $key, $value := $limit.values }}
{{- if ne $key "default" }}
- record: {{ $limit.record }}
  expr: vector({{ include "aws-cost-exporter.text" $value }})
  labels: {{ dict $limit.label $key | toJson }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
