{{/* Name of the chart, as a label. */}}
{{- define "aws-cost-exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" }}
{{- end }}

{{/* Name of everything that is made: 52 characters leave room for the suffixes. */}}
{{- define "aws-cost-exporter.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- default $full .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- end }}

{{/* What never changes of a component's pods; `(list . "exporter")`. */}}
{{- define "aws-cost-exporter.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "aws-cost-exporter.name" $root | quote }}
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Labels of everything that is made; `(list . "exporter")`. */}}
{{- define "aws-cost-exporter.labels" -}}
{{- $root := index . 0 -}}
{{- $own := dict
  "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/version" ($root.Chart.AppVersion | replace "+" "_" | trunc 63)
  "app.kubernetes.io/managed-by" $root.Release.Service
  "app.kubernetes.io/part-of" "aws-cost-exporter" -}}
{{- $selector := include "aws-cost-exporter.selectorLabels" . | fromYaml -}}
{{- toYaml (mergeOverwrite (deepCopy (default dict $root.Values.commonLabels)) $own $selector) }}
{{- end }}

{{/* Labels of a component's pods: without the chart's version, so that an upgrade of the chart alone restarts nothing. */}}
{{- define "aws-cost-exporter.podLabels" -}}
{{- toYaml (omit (include "aws-cost-exporter.labels" . | fromYaml) "helm.sh/chart" "app.kubernetes.io/managed-by") -}}
{{- end }}

{{/* Labels of what Prometheus' selectors look for: `(list . OWN)`, OWN being further labels of that object, which win. */}}
{{- define "aws-cost-exporter.monitorLabels" -}}
{{- $root := index . 0 -}}
{{- $labels := include "aws-cost-exporter.labels" (list $root "exporter") | fromYaml -}}
{{- toYaml (mergeOverwrite (deepCopy (default dict $root.Values.monitorLabels)) (deepCopy (default dict (index . 1))) $labels) }}
{{- end }}

{{- define "aws-cost-exporter.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "aws-cost-exporter.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Reference of the exporter's image: a digest wins over the tag. */}}
{{- define "aws-cost-exporter.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end }}
{{- end }}
{{- end }}

{{/* Constraints of topology spread; one without a selector spreads these pods. */}}
{{- define "aws-cost-exporter.topologySpread" -}}
{{- $selector := dict "matchLabels" (include "aws-cost-exporter.selectorLabels" (list . "exporter") | fromYaml) -}}
{{- $constraints := default list .Values.topologySpreadConstraints -}}
{{- if not $constraints -}}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" -}}
{{- $constraints = append $constraints (dict "maxSkew" 1 "topologyKey" . "whenUnsatisfiable" "ScheduleAnyway" "matchLabelKeys" (list "pod-template-hash")) -}}
{{- end -}}
{{- end -}}
{{- $whole := list -}}
{{- range $constraints }}{{- $whole = append $whole (merge (deepCopy .) (dict "labelSelector" $selector)) }}{{- end -}}
{{- toYaml $whole -}}
{{- end }}

{{/* The file that CONFIG_FILE names. */}}
{{- define "aws-cost-exporter.targets" -}}
{{- $file := dict "targets" .Values.targets -}}
{{- with .Values.estimates }}{{- $file = set $file "estimates" . }}{{- end -}}
{{- toYaml $file -}}
{{- end }}

{{/* Whether a monitor is made, and which: `ServiceMonitor`, `PodMonitor` or nothing. */}}
{{- define "aws-cost-exporter.monitor" -}}
{{- $enabled := toString .Values.serviceMonitor.enabled -}}
{{- if .Values.podMonitor.enabled -}}PodMonitor
{{- else if or (eq $enabled "true") (and (eq $enabled "auto") (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1/ServiceMonitor")) -}}ServiceMonitor
{{- end -}}
{{- end }}
