{{/* Fails with every fault of `prometheusRule.alerts` at once, one sentence each that says what to write. */}}
{{- define "aws-cost-exporter.prometheusRule.validate" -}}
{{- $faults := list -}}
{{- range splitList "\n" (include "aws-cost-exporter.prometheusRule.faults" .) }}{{- with trim . }}{{- $faults = append $faults . }}{{- end }}{{- end -}}
{{- if $faults }}
{{- fail (printf "\nThe values are wrong:\n  %s" (join "\n  " $faults)) }}
{{- end -}}
{{- end }}

{{- define "aws-cost-exporter.prometheusRule.faults" -}}
{{- $duration := dict "kind" "text" "pattern" `^([0-9]+(ms|s|m|h|d|w|y))+$` "expects" "a duration of Prometheus" "example" "15m" -}}
{{- $number := dict "kind" "number" "min" 0 "expects" "a number, 0 or more" "example" "2" -}}
{{- $fields := dict
  "enabled" (dict "kind" "text" "enum" (list "on" "off") "expects" "true or false" "example" "false")
  "severity" (dict "kind" "text" "pattern" `^[a-zA-Z0-9_-]+$` "expects" "a word" "example" "warning")
  "for" $duration "window" $duration
  "lagSeconds" $number "ratio" $number "minimum" $number
  "share" (dict "kind" "number" "min" 0 "max" 1 "expects" "a number from 0 to 1" "example" "0.8")
  "mutedFirstDays" (dict "kind" "integer" "min" 0 "max" 31 "expects" "a whole number from 0 to 31" "example" "1")
  "excludedServices" (dict "kind" "text" "pattern" `^[^\n$]*$` "expects" "a regular expression without `$`" "example" "Tax|AWS Support.*")
  "budgets" (dict "keys" `^([0-9]{12}|default)$` "each" $number "say" `an account of 12 digits in quotes, or default: write e.g. "111122223333": 5000`)
  "limits" (dict "keys" `.` "each" (dict "kind" "number" "min" 0 "max" 1 "expects" "a number from 0 to 1" "example" "0.5") "say" "a tag key, or default")
  "maxAgeSeconds" (dict "keys" `^(cost|forecast|tags|optimization|well-architected)$` "each" $number "say" "a collector: write e.g. cost: 10800") -}}
{{- $own := dict -}}
{{- range list "rules/conditions.yaml" "rules/alerts.yaml" -}}
  {{- $text := $.Files.Get . -}}
  {{- range regexFindAll `alert: \w+` $text -1 -}}{{- $name := trimPrefix "alert: " . -}}{{- $_ := set $own $name (get $own $name | default list) -}}{{- end -}}
  {{- range regexFindAll `\$\{AwsCost\w+\.\w+` $text -1 -}}
    {{- $parts := splitList "." (trimPrefix "${" .) -}}
    {{- $_ := set $own (first $parts) (append (get $own (first $parts) | default list) (last $parts)) -}}
  {{- end -}}
{{- end -}}
{{- $_ := set $own "AwsCostDataStale" (list "maxAgeSeconds") -}}
{{- range $alert, $values := .Values.prometheusRule.alerts -}}
  {{- $place := printf "prometheusRule.alerts.%s" $alert -}}
  {{- if not (hasKey $own $alert) }}
{{ $place }} is no alert of the chart: write one of {{ keys $own | sortAlpha | join ", " }}
  {{- else if not (kindIs "map" $values) }}
{{ $place }} must be a mapping; write e.g. {{ $alert }}: {enabled: false}
  {{- else -}}
    {{- /* Go's own words on a regular expression that is none. */ -}}
    {{- with $values.excludedServices }}{{- $_ := mustRegexMatch (toString .) "" }}{{- end -}}
    {{- $known := uniq (concat (list "enabled" "severity" "for") (get $own $alert)) -}}
    {{- range $field, $value := $values -}}
      {{- $check := get $fields $field -}}
      {{- if not (has $field $known) }}
{{ $place }}.{{ $field }} is no value of this alert: write one of {{ join ", " $known }}
      {{- else if $check.each -}}
        {{- if not (kindIs "map" $value) }}
{{ $place }}.{{ $field }} must be a mapping, each key {{ $check.say }}
        {{- end -}}
        {{- range $key, $limit := ternary $value dict (kindIs "map" $value) -}}
          {{- if not (regexMatch $check.keys $key) }}
{{ $place }}.{{ $field }}: {{ toJson $key }} must be {{ $check.say }}
          {{- else if ne "true" (include "aws-cost-exporter.fits" (list $check.each $limit)) }}
{{ include "aws-cost-exporter.fault" (list (printf "%s.%s.%s" $place $field $key) $check.each $limit) }}
          {{- end -}}
        {{- end -}}
      {{- else if ne "true" (include "aws-cost-exporter.fits" (list $check $value)) }}
{{ include "aws-cost-exporter.fault" (list (printf "%s.%s" $place $field) $check $value) }}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end }}
