{{/* Seconds between two collections, by collector, as JSON: those of `config`, else the exporter's own. */}}
{{- define "aws-cost-exporter.intervals" -}}
{{- $config := default dict .Values.config -}}
{{- $intervals := dict -}}
{{- range $collector, $own := dict
  "cost" (list "COST_INTERVAL" "1h")
  "forecast" (list "FORECAST_INTERVAL" "1h")
  "tags" (list "TAGS_INTERVAL" "30m")
  "optimization" (list "OPTIMIZATION_INTERVAL" "2h")
  "well-architected" (list "WELLARCHITECTED_INTERVAL" "6h") -}}
  {{- $interval := get $config (first $own) | default (last $own) -}}
  {{- $_ := set $intervals $collector (include "aws-cost-exporter.seconds" $interval | float64 | ceil | int64) -}}
{{- end -}}
{{- toJson $intervals -}}
{{- end }}

{{/* `(list ROOT COLLECTORS)`: seconds of the longest interval of some collectors. */}}
{{- define "aws-cost-exporter.longestInterval" -}}
{{- $intervals := include "aws-cost-exporter.intervals" (index . 0) | fromJson -}}
{{- $longest := 0 -}}
{{- range index . 1 -}}{{- $longest = max $longest (get $intervals . | int64) -}}{{- end -}}
{{- $longest -}}
{{- end }}

{{/* The collectors that are behind an alert with a `window`. */}}
{{- define "aws-cost-exporter.windowCollectors" -}}
{{- if eq . "AwsCostExporterBudgetExhausted" -}}
{{- list "cost" "forecast" "tags" "optimization" | toJson -}}
{{- else -}}
{{- list "cost" "forecast" "tags" "optimization" "well-architected" | toJson -}}
{{- end -}}
{{- end }}

{{/* `prometheusRule` with the limits that the values leave empty, as JSON: they follow the intervals. */}}
{{- define "aws-cost-exporter.prometheusRule.derived" -}}
{{- $root := . -}}
{{- $rule := deepCopy .Values.prometheusRule -}}
{{- range $alert := list "AwsCostAccessDenied" "AwsCostExporterBudgetExhausted" -}}
  {{- $own := get $rule.alerts $alert -}}
  {{- if not $own.window -}}
    {{- $collectors := include "aws-cost-exporter.windowCollectors" $alert | fromJsonArray -}}
    {{- $seconds := add 3600 (include "aws-cost-exporter.longestInterval" (list $root $collectors) | int64) -}}
    {{- $unit := ternary "h" (ternary "m" "s" (eq 0 (mod $seconds 60 | int))) (eq 0 (mod $seconds 3600 | int)) -}}
    {{- $_ := set $own "window" (printf "%d%s" (div $seconds (get (dict "h" 3600 "m" 60 "s" 1) $unit)) $unit) -}}
  {{- end -}}
{{- end -}}
{{- $stale := $rule.alerts.AwsCostDataStale -}}
{{- $ages := dict -}}
{{- range $collector, $interval := include "aws-cost-exporter.intervals" $root | fromJson -}}
  {{- $_ := set $ages $collector (max 10800 (mul 3 ($interval | int64))) -}}
{{- end -}}
{{- range $collector, $age := $stale.maxAgeSeconds -}}
  {{- if kindIs "invalid" $age -}}{{- $_ := unset $ages $collector -}}{{- else -}}{{- $_ := set $ages $collector $age -}}{{- end -}}
{{- end -}}
{{- $_ := set $stale "maxAgeSeconds" $ages -}}
{{- toJson $rule -}}
{{- end }}

{{/* Limits of the values that a healthy exporter would go over with the intervals of `config`. */}}
{{- define "aws-cost-exporter.prometheusRule.intervalFaults" -}}
{{- $root := . -}}
{{- range $alert := list "AwsCostAccessDenied" "AwsCostExporterBudgetExhausted" -}}
  {{- $collectors := include "aws-cost-exporter.windowCollectors" $alert | fromJsonArray -}}
  {{- $longest := include "aws-cost-exporter.longestInterval" (list $root $collectors) | int64 -}}
  {{- with (get $root.Values.prometheusRule.alerts $alert | default dict).window -}}
    {{- if le (include "aws-cost-exporter.seconds" . | float64) (float64 $longest) }}
prometheusRule.alerts.{{ $alert }}.window is {{ . }}, not longer than the longest interval of {{ join ", " $collectors }} ({{ $longest }}s): write a longer one, or window: "" for that interval and an hour
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $ages := ($root.Values.prometheusRule.alerts.AwsCostDataStale | default dict).maxAgeSeconds -}}
{{- $intervals := include "aws-cost-exporter.intervals" $root | fromJson -}}
{{- range $collector, $age := ternary $ages dict (kindIs "map" $ages) -}}
  {{- if and (hasKey $intervals $collector) (not (kindIs "invalid" $age)) -}}
    {{- $interval := get $intervals $collector -}}
    {{- if le (float64 $age) (float64 $interval) }}
prometheusRule.alerts.AwsCostDataStale.maxAgeSeconds.{{ $collector }} is {{ include "aws-cost-exporter.text" $age }}, not longer than the interval of the collector: write more than {{ include "aws-cost-exporter.text" $interval }}, or leave it out for three intervals
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end }}
