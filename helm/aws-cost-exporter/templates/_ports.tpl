{{/* Ports on which AWS is reached: 443, those that endpoints and proxy name, those of a proxy in a Secret; a JSON list of numbers. */}}
{{- define "aws-cost-exporter.awsPorts" -}}
{{- $ports := list 443 -}}
{{- range $name, $value := .Values.config -}}
{{- if and $value (or (hasPrefix "AWS_ENDPOINT_URL" $name) (eq $name "HTTPS_PROXY")) -}}
{{- $url := urlParse (toString $value) -}}
{{- $port := regexFind `:[0-9]+$` $url.host | trimPrefix ":" -}}
{{- $ports = append $ports (default (ternary 443 80 (eq $url.scheme "https")) $port | int) -}}
{{- end -}}
{{- end -}}
{{- range .Values.networkPolicy.proxyPorts }}{{- $ports = append $ports (int .) }}{{- end -}}
{{- $ports | uniq | toJson -}}
{{- end }}

{{/* Ports on which a Redis of yours is reached; a JSON list of numbers. */}}
{{- define "aws-cost-exporter.redisPorts" -}}
{{- $ports := list -}}
{{- with .Values.redis.external -}}
{{- if .host }}{{- $ports = append $ports (int .port) }}{{- else }}{{- $ports = $.Values.networkPolicy.redisPorts }}{{- end -}}
{{- range .sentinels }}{{- $ports = append $ports (regexFind `[0-9]+$` . | int) }}{{- end -}}
{{- end -}}
{{- $whole := list -}}
{{- range $ports }}{{- $whole = append $whole (int .) }}{{- end -}}
{{- $whole | uniq | toJson -}}
{{- end }}
