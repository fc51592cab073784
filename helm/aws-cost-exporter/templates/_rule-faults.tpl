{{/* Fails with every fault of `prometheusRule.alerts` at once, one sentence each that says what to write. */}}
{{- define "aws-cost-exporter.prometheusRule.validate" -}}
{{- $faults := list -}}
{{- $text := printf "%s\n%s" (include "aws-cost-exporter.prometheusRule.faults" .) (include "aws-cost-exporter.prometheusRule.ruleFaults" .) -}}
{{- range splitList "\n" $text }}{{- with trim . }}{{- $faults = append $faults . }}{{- end }}{{- end -}}
{{- /* Intervals that are none are refused by their own check. */ -}}
{{- if not $faults -}}
{{- range splitList "\n" (include "aws-cost-exporter.prometheusRule.intervalFaults" .) }}{{- with trim . }}{{- $faults = append $faults . }}{{- end }}{{- end -}}
{{- end -}}
{{- if $faults }}
{{- fail (printf "\nThe values are wrong:\n  %s" (join "\n  " $faults)) }}
{{- end -}}
{{- end }}

{{- define "aws-cost-exporter.prometheusRule.faults" -}}
{{- $units := `(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?` -}}
{{- $duration := dict "kind" "text" "pattern" (printf `^(%s)$` $units) "expects" "a duration of Prometheus, its units from the longest to the shortest" "example" "1h30m" -}}
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
    {{- with $values.excludedServices }}
      {{- if regexMatch `\(\?[=!<>]` (toString .) }}
{{ $place }}.excludedServices is {{ toJson . }}: regular expressions of Prometheus (RE2) look neither ahead nor behind; write e.g. excludedServices: Tax|AWS Support.*
      {{- else -}}
        {{- /* Go's own words on a regular expression that is none. */ -}}
        {{- $_ := mustRegexMatch (toString .) "" }}
      {{- end -}}
    {{- end -}}
    {{- range $field := get $own $alert | uniq -}}
      {{- $check := get $fields $field -}}
      {{- if and (not (hasKey $values $field)) (not (has $field (list "window" "maxAgeSeconds"))) }}
{{ $place }}.{{ $field }} is missing: write e.g. {{ $field }}: {{ $check.example | default "{}" }}
      {{- end -}}
    {{- end -}}
    {{- $known := uniq (concat (list "enabled" "severity" "for") (get $own $alert)) -}}
    {{- range $field, $value := $values -}}
      {{- $check := get $fields $field -}}
      {{- if and (eq $field "window") (eq (toString $value) "") -}}
      {{- else if not (has $field $known) }}
{{ $place }}.{{ $field }} is no value of this alert: write one of {{ join ", " $known }}
      {{- else if $check.each -}}
        {{- if not (kindIs "map" $value) }}
{{ $place }}.{{ $field }} must be a mapping, each key {{ $check.say }}
        {{- end -}}
        {{- range $key, $limit := ternary $value dict (kindIs "map" $value) -}}
          {{- if and (kindIs "invalid" $limit) (eq $field "maxAgeSeconds") (regexMatch $check.keys $key) -}}
          {{- else if not (regexMatch $check.keys $key) }}
{{ $place }}.{{ $field }}: {{ toJson $key }} must be {{ $check.say }}
          {{- else if ne "true" (include "aws-cost-exporter.fits" (list $check.each $limit)) }}
{{ include "aws-cost-exporter.fault" (list (printf "%s.%s.%s" $place $field $key) $check.each $limit) }}
          {{- end -}}
        {{- end -}}
      {{- else if ne "true" (include "aws-cost-exporter.fits" (list $check $value)) }}
{{ include "aws-cost-exporter.fault" (list (printf "%s.%s" $place $field) $check $value) }}
      {{- else if and (has $field (list "for" "window")) (eq (toString $value) "") }}
{{ $place }}.{{ $field }} is empty: write e.g. {{ $field }}: 15m
      {{- else if and (eq $field "window") (eq 0.0 (include "aws-cost-exporter.seconds" $value | float64)) }}
{{ $place }}.window is {{ $value }}: Prometheus looks back for longer than 0; write e.g. window: 3h
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end }}


{{/* What Prometheus would refuse in the values beside the alerts. */}}
{{- define "aws-cost-exporter.prometheusRule.ruleFaults" -}}
{{- $root := . -}}
{{- with .Values.prometheusRule -}}
{{- if eq 0.0 (include "aws-cost-exporter.seconds" .holdFor | float64) }}
prometheusRule.holdFor is {{ toJson .holdFor }}: Prometheus looks back for longer than 0; write e.g. holdFor: 6h
{{- end -}}
{{- range $label, $_ := .alertLabels }}
{{- if or (not (regexMatch `^[a-zA-Z_][a-zA-Z0-9_]*$` $label)) (eq $label "__name__") }}
prometheusRule.alertLabels: {{ toJson $label }} is no label of Prometheus: letters, digits and `_`, no digit first; write e.g. team: finops
{{- end -}}
{{- end -}}
{{- range $name, $text := .alertAnnotations }}
{{- if not (regexMatch `^[a-zA-Z_][a-zA-Z0-9_]*$` $name) }}
prometheusRule.alertAnnotations: {{ toJson $name }} is no name of an annotation: letters, digits and `_`, no digit first; write e.g. dashboard: https://grafana.example.com
{{- end -}}
{{- end -}}
{{- range $place, $texts := dict "alertLabels" .alertLabels "alertAnnotations" .alertAnnotations -}}
{{- range $name, $text := $texts -}}
{{- /* What is left without its templates has a brace that is not closed. */ -}}
{{- $left := regexReplaceAll `\{\{("(\\.|[^"\\])*"|[^"{}])*\}\}` (toString $text) "" -}}
{{- if contains "{{" $left }}
prometheusRule.{{ $place }}.{{ $name }} is {{ toJson $text }}: a template of Prometheus is not closed; write e.g. {{ $name }}: {{ "'{{ $labels.job }}'" }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $names := list "aws-cost-exporter.limits" -}}
{{- range $file := list "rules/figures.yaml" "rules/conditions.yaml" "rules/alerts.yaml" -}}
{{- range regexFindAll `(?m)^  - name: \S+` ($root.Files.Get $file) -1 }}{{- $names = append $names (trimPrefix "  - name: " .) }}{{- end -}}
{{- end -}}
{{- range $index, $group := .additionalGroups -}}
{{- if has $group.name $names }}
prometheusRule.additionalGroups[{{ $index }}].name is {{ $group.name }}, which is taken: write another name
{{- end -}}
{{- $names = append $names $group.name -}}
{{- end -}}
{{- end -}}
{{- end }}
