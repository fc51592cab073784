{{/* What a value is in the environment: the text of a number, `on` and `off`, a list with commas. */}}
{{- define "aws-cost-exporter.text" -}}
{{- if kindIs "bool" . -}}
{{- ternary "on" "off" . -}}
{{- else if kindIs "float64" . -}}
{{- if eq . (floor .) -}}{{ printf "%.0f" . }}{{- else if ne . (printf "%.6f" . | float64) -}}{{ toString . }}{{- else -}}{{ printf "%.6f" . | trimSuffix "0" | trimSuffix "0" | trimSuffix "0" | trimSuffix "0" | trimSuffix "0" }}{{- end -}}
{{- else if kindIs "slice" . -}}
{{- $items := list -}}
{{- range . }}{{- $items = append $items (include "aws-cost-exporter.text" .) }}{{- end -}}
{{- join "," $items -}}
{{- else -}}
{{- toString . | trim -}}
{{- end -}}
{{- end }}

{{/* `true` where a value fits a check of files/checks.json, else nothing: `(list CHECK VALUE)`. */}}
{{- define "aws-cost-exporter.fits" -}}
{{- $check := index . 0 -}}
{{- $value := index . 1 -}}
{{- $text := include "aws-cost-exporter.text" $value -}}
{{- $kind := $check.kind -}}
{{- $fits := not (kindIs "map" $value) -}}
{{- if and (kindIs "slice" $value) (ne $kind "list") }}{{- $fits = false }}{{- end -}}
{{- if and $check.quoted (not (kindIs "string" $value)) }}{{- $fits = false }}{{- end -}}
{{- if not $fits -}}
{{- else if eq $kind "list" -}}
  {{- $items := list -}}
  {{- if kindIs "slice" $value -}}
    {{- range $value }}
      {{- $item := include "aws-cost-exporter.text" . -}}
      {{- $items = append $items $item -}}
      {{- if or (kindIs "map" .) (kindIs "slice" .) (contains "," $item) (eq $item "") }}{{- $fits = false }}{{- end -}}
    {{- end -}}
  {{- else if $check.yaml -}}
    {{- $fits = false -}}
  {{- else -}}
    {{- range splitList "," $text }}{{- with trim . }}{{- $items = append $items . }}{{- end }}{{- end -}}
  {{- end -}}
  {{- if ne $check.item.kind "number" }}{{- $items = uniq $items }}{{- end -}}
  {{- range $items }}{{- if ne "true" (include "aws-cost-exporter.fits" (list $check.item .)) }}{{- $fits = false }}{{- end }}{{- end -}}
  {{- if lt (len $items) (int $check.minItems) }}{{- $fits = false }}{{- end -}}
  {{- if and $check.maxItems (gt (len $items) (int $check.maxItems)) }}{{- $fits = false }}{{- end -}}
  {{- if and $fits $check.descending (lt (float64 (first $items)) (float64 (last $items))) }}{{- $fits = false }}{{- end -}}
{{- else if eq $kind "integer" -}}
  {{- $fits = and (regexMatch `^\d{1,15}$` $text) (ge (int64 $text) (int64 $check.min)) (le (int64 $text) (int64 $check.max)) -}}
{{- else if eq $kind "number" -}}
  {{- /* In a file numbers are as exact as they are; the environment's have six decimals. */ -}}
  {{- $fits = or (and $check.exact (kindIs "float64" $value)) (regexMatch `^\d{1,12}(\.\d{1,6})?$` $text) -}}
  {{- if and $fits (hasKey $check "min") }}{{- $fits = ge (float64 $text) (float64 $check.min) }}{{- end -}}
  {{- if and $fits (hasKey $check "max") }}{{- $fits = le (float64 $text) (float64 $check.max) }}{{- end -}}
{{- else if eq $kind "duration" -}}
  {{- $fits = regexMatch `^\d{1,10}(ms|s|m|h|d)$` $text -}}
  {{- if $fits -}}
    {{- $ms := mul (regexFind `^\d+` $text | int64) (get (dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "d" 86400000) (regexFind `[a-z]+$` $text)) -}}
    {{- $fits = and (ge $ms 1000) (le $ms 2073600000) -}}
  {{- end -}}
{{- else -}}
  {{- if $check.enum }}{{- $fits = has $text $check.enum }}{{- end -}}
  {{- if and $fits $check.pattern }}{{- $fits = regexMatch $check.pattern $text }}{{- end -}}
{{- end -}}
{{- if $fits }}true{{- end -}}
{{- end }}

{{/* One line of a refusal: `(list WHERE CHECK VALUE)`. A secret is never repeated, nor what may have a password before an `@`. */}}
{{- define "aws-cost-exporter.fault" -}}
{{- $check := index . 1 -}}
{{- $value := index . 2 -}}
{{- $closed := regexMatch `:[^\s@]*@` (toString $value) -}}
{{ index . 0 }}{{ if not (or $check.secret $closed (kindIs "map" $value)) }} is {{ toJson $value }}: it{{ end }} must be {{ $check.expects }}
{{- if and (eq $check.kind "number") (kindIs "float64" $value) }} of at most 6 decimals{{ end }}
{{- if and $closed (hasPrefix "config." (index . 0)) }} without user and password, which are secrets (secretConfig takes the whole from a Secret){{ end }}; write e.g. {{ index . 0 | splitList "." | last }}: {{ $check.example }}
{{- end }}

{{/*
Faults of a map whose keys have checks, one line each: `(list WHERE CHECKS MAP UNKNOWN ELSEWHERE)`. UNKNOWN is the end of
"NAME is ..." for a key without a check; ELSEWHERE says for some such keys what to write.
*/}}
{{- define "aws-cost-exporter.mapFaults" -}}
{{- $where := index . 0 -}}
{{- $checks := index . 1 -}}
{{- $unknown := index . 3 -}}
{{- $elsewhere := index . 4 -}}
{{- range $name, $value := index . 2 -}}
{{- $place := printf "%s.%s" $where $name -}}
{{- $check := get $checks $name -}}
{{- if hasKey $elsewhere $name }}
{{ $place }} is decided by other values: {{ get $elsewhere $name }}
{{- else if not $check }}
{{ $place }} is {{ $unknown }}
{{- else if or (kindIs "invalid" $value) (eq (toString $value) "") -}}
{{- else if ne "true" (include "aws-cost-exporter.fits" (list $check $value)) }}
{{ include "aws-cost-exporter.fault" (list $place $check $value) }}
{{- end -}}
{{- end -}}
{{- end }}
