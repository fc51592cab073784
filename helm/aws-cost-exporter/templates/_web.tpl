{{/* Folder of what closes the listeners: a folder of its own for each Secret, so that Kubernetes can renew them. */}}
{{- define "aws-cost-exporter.webFolder" -}}/etc/aws-cost-exporter-web{{- end }}

{{/* Variables that name the files. */}}
{{- define "aws-cost-exporter.webEnv" -}}
{{- with .Values.web }}
{{- if .configSecret.name }}
- name: WEB_CONFIG_FILE
  value: {{ printf "%s/config/%s" (include "aws-cost-exporter.webFolder" $) .configSecret.key | quote }}
{{- end }}
{{- if .tokensSecret.name }}
- name: API_TOKENS_FILE
  value: {{ printf "%s/tokens/%s" (include "aws-cost-exporter.webFolder" $) .tokensSecret.key | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* What is mounted: a JSON list of volume, Secret and folder. */}}
{{- define "aws-cost-exporter.webSecrets" -}}
{{- $all := list -}}
{{- with .Values.web -}}
{{- with .configSecret.name }}{{- $all = append $all (dict "volume" "web-config" "secret" . "folder" "config") }}{{- end -}}
{{- with .tokensSecret.name }}{{- $all = append $all (dict "volume" "web-tokens" "secret" . "folder" "tokens") }}{{- end -}}
{{- range $index, $name := .certificateSecrets }}{{- $all = append $all (dict "volume" (printf "web-certificate-%d" $index) "secret" $name "folder" (printf "secrets/%s" $name)) }}{{- end -}}
{{- end -}}
{{- toJson $all -}}
{{- end }}

{{/* `http` or `https`: how the listeners are spoken to. */}}
{{- define "aws-cost-exporter.scheme" -}}
{{- ternary "https" "http" .Values.web.tls -}}
{{- end }}

{{/* A probe, by TLS where the listeners speak it: `(list . PROBE)`. */}}
{{- define "aws-cost-exporter.probe" -}}
{{- $probe := deepCopy (index . 1) -}}
{{- if and (index . 0).Values.web.tls $probe.httpGet (not $probe.httpGet.scheme) -}}
{{- $_ := set $probe.httpGet "scheme" "HTTPS" -}}
{{- end -}}
{{- toYaml $probe -}}
{{- end }}

{{/* What is wrong with what closes the listeners. */}}
{{- define "aws-cost-exporter.webFaults" -}}
{{- $set := merge dict (default dict .Values.config) (default dict .Values.secretConfig) -}}
{{- with .Values.web -}}
{{- range $name, $value := dict "WEB_CONFIG_FILE" "configSecret" "API_TOKENS_FILE" "tokensSecret" -}}
{{- if and (get $set $name) (get (get $.Values.web $value) "name") }}
config.{{ $name }} and web.{{ $value }}.name are both set: the Secret is mounted, and the setting names it then; unset config.{{ $name }}
{{- end -}}
{{- end -}}
{{- if and .tls (not .configSecret.name) (not $set.WEB_CONFIG_FILE) }}
web.tls is true, but there is no file with tls_server_config: write web.configSecret.name, the Secret that has it
{{- end -}}
{{- if and .certificateSecrets (not .configSecret.name) (not $set.WEB_CONFIG_FILE) }}
web.certificateSecrets have no effect without a file that names what is in them: write web.configSecret.name
{{- end -}}
{{- if and .tls (eq (toString $.Values.serviceMonitor.scheme) "http") }}
serviceMonitor.scheme is http, but with web.tls the exporter speaks TLS alone: write scheme: ""
{{- end -}}
{{- $names := default list .certificateSecrets -}}
{{- if ne (len $names) (len (uniq $names)) }}
web.certificateSecrets has a name twice: write each once
{{- end -}}
{{- end -}}
{{- end }}
