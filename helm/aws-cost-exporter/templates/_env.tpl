{{/* Which Redis is used: `bundled`, `external` or nothing. */}}
{{- define "aws-cost-exporter.redis" -}}
{{- with .Values.redis -}}
{{- if .bundled.enabled -}}bundled
{{- else if or .external.host .external.sentinels .external.urlSecret.name -}}external
{{- end -}}
{{- end -}}
{{- end }}

{{/* Where the state is: `none`, `emptyDir` or `persistentVolumeClaim`. */}}
{{- define "aws-cost-exporter.state" -}}
{{- if ne .Values.state.kind "auto" -}}
{{ .Values.state.kind }}
{{- else -}}
{{ ternary "none" "emptyDir" (ne "" (include "aws-cost-exporter.redis" .)) }}
{{- end -}}
{{- end }}

{{/* Whether there is a file of targets, and its path. */}}
{{- define "aws-cost-exporter.targetsFile" -}}
{{- if or .Values.targets .Values.targetsSecret.name -}}/etc/aws-cost-exporter/{{ ternary .Values.targetsSecret.key "targets.yaml" (not (empty .Values.targetsSecret.name)) }}{{- end -}}
{{- end }}

{{/* Port of a listener: `(list . "PORT" 5000)`. */}}
{{- define "aws-cost-exporter.port" -}}
{{- get (default dict (index . 0).Values.config) (index . 1) | default (index . 2) | int -}}
{{- end }}

{{/* One variable from a Secret: `(list NAME SECRET KEY)`. */}}
{{- define "aws-cost-exporter.secretEnv" -}}
- name: {{ index . 0 }}
  valueFrom:
    secretKeyRef:
      name: {{ index . 1 | quote }}
      key: {{ index . 2 | quote }}
{{- end }}

{{/* Redis' address. A password becomes part of the URL in the pod, never here. */}}
{{- define "aws-cost-exporter.redisEnv" -}}
{{- $redis := include "aws-cost-exporter.redis" . -}}
{{- if eq $redis "bundled" }}
- name: REDIS_HOST
  value: {{ printf "%s-redis" (include "aws-cost-exporter.fullname" .) | quote }}
{{- else if eq $redis "external" -}}
{{- with .Values.redis.external -}}
{{- if .sentinels }}
- name: REDIS_SENTINELS
  value: {{ join "," .sentinels | quote }}
- name: REDIS_SENTINEL_NAME
  value: {{ .sentinelName | quote }}
{{- end }}
{{- if .urlSecret.name }}
{{ include "aws-cost-exporter.secretEnv" (list "REDIS_URL" .urlSecret.name .urlSecret.key) }}
{{- else if or .passwordSecret.name .tls }}
{{- with .passwordSecret.name }}
{{ include "aws-cost-exporter.secretEnv" (list "REDIS_PASSWORD" . $.Values.redis.external.passwordSecret.key) }}
{{- end }}
- name: REDIS_URL
  value: {{ printf "%s://%s%s/%d"
    (ternary "rediss" "redis" .tls)
    (ternary (printf "%s:$(REDIS_PASSWORD)@" (default "" .username)) "" (not (empty .passwordSecret.name)))
    (ternary "sentinel" (printf "%s:%d" .host (int .port)) (not (empty .sentinels)))
    (int .db) | quote }}
{{- else }}
{{- with .host }}
- name: REDIS_HOST
  value: {{ . | quote }}
- name: REDIS_PORT
  value: {{ $.Values.redis.external.port | int | quote }}
{{- end }}
{{- if or .host .db }}
- name: REDIS_DB
  value: {{ .db | int | quote }}
{{- end }}
{{- end }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Every variable of the exporter, `extraEnv` aside. */}}
{{- define "aws-cost-exporter.env" -}}
{{- range $name, $value := .Values.config }}
{{- if not (or (kindIs "invalid" $value) (eq (toString $value) "")) }}
- name: {{ $name }}
  value: {{ include "aws-cost-exporter.text" $value | quote }}
{{- end }}
{{- end }}
{{- range $name, $reference := .Values.secretConfig }}
{{ include "aws-cost-exporter.secretEnv" (list $name $reference.name $reference.key) }}
{{- end }}
{{- with include "aws-cost-exporter.targetsFile" . }}
- name: CONFIG_FILE
  value: {{ . | quote }}
{{- end }}
{{- if ne "none" (include "aws-cost-exporter.state" .) }}
- name: STATE_DIR
  value: /var/lib/aws-cost-exporter
{{- end }}
{{- include "aws-cost-exporter.webEnv" . }}
{{- include "aws-cost-exporter.redisEnv" . }}
{{- with .Values.aws.credentialsSecret }}
{{- if .name }}
{{ include "aws-cost-exporter.secretEnv" (list "AWS_ACCESS_KEY_ID" .name .accessKeyIdKey) }}
{{ include "aws-cost-exporter.secretEnv" (list "AWS_SECRET_ACCESS_KEY" .name .secretAccessKeyKey) }}
{{- with .sessionTokenKey }}
{{ include "aws-cost-exporter.secretEnv" (list "AWS_SESSION_TOKEN" $.Values.aws.credentialsSecret.name .) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
