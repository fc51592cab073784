{{/* Fails with every fault of the values at once, one sentence each that says what to write. */}}
{{- define "aws-cost-exporter.validate" -}}
{{- $checks := .Files.Get "files/checks.json" | fromJson -}}
{{- $text := printf "%s\n%s\n%s\n%s\n%s\n%s"
  (include "aws-cost-exporter.valueFaults" (list . $checks.values))
  (include "aws-cost-exporter.settingFaults" (list . $checks))
  (include "aws-cost-exporter.targetFaults" (list . $checks))
  (include "aws-cost-exporter.redisFaults" .)
  (include "aws-cost-exporter.webFaults" .)
  (include "aws-cost-exporter.podFaults" (list . $checks)) -}}
{{- $faults := list -}}
{{- range splitList "\n" $text }}{{- with trim . }}{{- $faults = append $faults . }}{{- end }}{{- end -}}
{{- if $faults }}
{{- fail (printf "\nThe values are wrong:\n  %s" (join "\n  " $faults)) }}
{{- end -}}
{{- end }}

{{/* Values that do not fit their own check. */}}
{{- define "aws-cost-exporter.valueFaults" -}}
{{- $root := index . 0 -}}
{{- range index . 1 -}}
{{- $value := $root.Values -}}
{{- range .path }}{{- $value = ternary (get (default dict $value) .) "" (kindIs "map" $value) }}{{- end -}}
{{- $empty := or (kindIs "invalid" $value) (eq (toString $value) "") -}}
{{- if and $empty (not .check.required) -}}
{{- else if or $empty (ne "true" (include "aws-cost-exporter.fits" (list .check $value))) }}
{{ include "aws-cost-exporter.fault" (list (join "." .path) .check (ternary "" $value $empty)) }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* What is wrong with `config` and `secretConfig`. */}}
{{- define "aws-cost-exporter.settingFaults" -}}
{{- $root := index . 0 -}}
{{- $checks := index . 1 -}}
{{- $config := default dict $root.Values.config -}}
{{- with $root.Values -}}
{{- $unknown := "no setting of the exporter: docs/configuration.md lists them; other variables belong into extraEnv" -}}
{{ include "aws-cost-exporter.mapFaults" (list "config" $checks.config $config $unknown $checks.elsewhere) }}
{{- range $name, $reference := .secretConfig -}}
{{- if hasKey $checks.elsewhere $name }}
secretConfig.{{ $name }} is decided by other values: {{ get $checks.elsewhere $name }}
{{- else if not (hasKey $checks.config $name) }}
secretConfig.{{ $name }} is {{ $unknown }}
{{- else if get $config $name }}
secretConfig.{{ $name }} stands in config too: write it in one of them
{{- end -}}
{{- end -}}
{{- if regexMatch `^(localhost|127\..*|::1)$` (get $config "HOST" | toString | trim) }}
config.HOST is {{ toJson $config.HOST }}, which nothing outside of the pod reaches: write HOST: "0.0.0.0", or "::" where pods have IPv6 addresses
{{- end -}}
{{- $port := get $config "PORT" | default 5000 | toString -}}
{{- $metricsPort := get $config "METRICS_PORT" | default 8080 | toString -}}
{{- if eq $port $metricsPort }}
config.PORT and config.METRICS_PORT are the same: write two numbers, e.g. PORT: 5000 and METRICS_PORT: 8080
{{- end -}}
{{- if eq (int .service.restPort) (int .service.metricsPort) }}
service.restPort and service.metricsPort are the same: write two numbers, e.g. restPort: 5000 and metricsPort: 8080
{{- end -}}
{{- end -}}
{{- end }}

{{/* What is wrong with the targets, and with whose credentials they are asked. */}}
{{- define "aws-cost-exporter.targetFaults" -}}
{{- $checks := index . 1 -}}
{{- with (index . 0).Values -}}
{{- $names := list -}}
{{- range $index, $target := .targets -}}
{{- $place := printf "targets[%d]" $index -}}
{{ include "aws-cost-exporter.mapFaults" (list $place $checks.targets (omit $target "externalId") "no key of a target: docs/configuration.md lists them" dict) }}
{{- if hasKey $target "externalId" }}
{{ $place }}.externalId is a secret: put the whole file into a Secret and write its name, e.g. targetsSecret.name: aws-cost-exporter-targets
{{- end -}}
{{- if not $target.name }}
{{ $place }}.name is missing: write e.g. name: production
{{- else if has (toString $target.name) $names }}
{{ $place }}.name is {{ toJson $target.name }} a second time: names are unique; write e.g. name: {{ $target.name }}-2
{{- end -}}
{{- $names = append $names (toString $target.name) -}}
{{- end -}}
{{ include "aws-cost-exporter.mapFaults" (list "estimates" $checks.estimates .estimates "no key of the estimates: write one of ec2, rds, ebs, total, costPerResource, maxResources" dict) }}
{{- if and .estimates (not .targets) }}
estimates stand without targets: write at least targets: [{name: default}]
{{- end -}}
{{- if and .targets .targetsSecret.name }}
targets and targetsSecret.name are both set: write one of them
{{- end -}}
{{- with .aws }}
{{- if and .roleArn .credentialsSecret.name }}
aws.roleArn and aws.credentialsSecret.name are both set: write one of them
{{- end -}}
{{- end -}}
{{- if and .aws.roleArn (not .serviceAccount.create) }}
aws.roleArn needs serviceAccount.create: true; else annotate your ServiceAccount yourself with eks.amazonaws.com/role-arn, and unset it
{{- end -}}
{{- if and .aws.roleArn (hasKey (default dict .serviceAccount.annotations) "eks.amazonaws.com/role-arn") }}
aws.roleArn and serviceAccount.annotations say the role twice: write one of them
{{- end -}}
{{- end -}}
{{- end }}

{{/* What is wrong with Redis, replicas and state. */}}
{{- define "aws-cost-exporter.redisFaults" -}}
{{- $redis := include "aws-cost-exporter.redis" . -}}
{{- with .Values -}}
{{- $out := .redis.external -}}
{{- $named := or $out.host $out.sentinels $out.urlSecret.name -}}
{{- if and .redis.bundled.enabled $named }}
redis.bundled.enabled and redis.external are both set: write redis.bundled.enabled: false to use yours
{{- end -}}
{{- if and $out.host $out.sentinels }}
redis.external.host and redis.external.sentinels are both set: Sentinels say where Redis is; write one of them
{{- end -}}
{{- if and $out.host $out.urlSecret.name }}
redis.external.host and redis.external.urlSecret.name are both set: the URL has the host; write one of them
{{- end -}}
{{- if and $out.urlSecret.name (or $out.passwordSecret.name $out.username $out.tls (ne (int $out.db) 0) (ne (int $out.port) 6379)) }}
redis.external.passwordSecret, username, tls, db and port have no effect beside redis.external.urlSecret: write them into the URL, e.g. rediss://user:password@redis.example.com:6380/0
{{- end -}}
{{- if and (or $out.passwordSecret.name $out.username $out.tls (ne (int $out.db) 0) (ne (int $out.port) 6379)) (not $named) }}
redis.external has no host: write e.g. redis.external.host: redis.monitoring.svc
{{- end -}}
{{- if and $out.sentinels (ne (int $out.port) 6379) }}
redis.external.port has no effect beside redis.external.sentinels, which name their ports: unset it
{{- end -}}
{{- if and $out.username (not $out.passwordSecret.name) (not $out.urlSecret.name) }}
redis.external.username needs a password: write e.g. redis.external.passwordSecret.name: redis
{{- end -}}
{{- if and (gt (int .replicas) 1) (not $redis) }}
replicas is {{ .replicas }}, but replicas need a Redis that they share: write redis.external.host: redis.monitoring.svc (redis.bundled.enabled: true for trying out), or replicas: 1
{{- end -}}
{{- if and $redis (has .state.kind (list "emptyDir" "persistentVolumeClaim")) }}
state.kind is {{ .state.kind }}, but with Redis the state is kept there: write state.kind: auto
{{- end -}}
{{- if and .state.existingClaim (ne .state.kind "persistentVolumeClaim") }}
state.existingClaim has no effect with state.kind {{ .state.kind }}: write state.kind: persistentVolumeClaim
{{- end -}}
{{- if and (eq .state.kind "persistentVolumeClaim") (eq (get (default dict .strategy) "type" | default "Recreate") "RollingUpdate") }}
strategy.type is RollingUpdate, but only one process may use the folder of a claim, and the new pod would wait for ever: write strategy.type: Recreate
{{- end -}}
{{- end -}}
{{- end }}

{{/* What is wrong with pods and monitors. */}}
{{- define "aws-cost-exporter.podFaults" -}}
{{- $root := index . 0 -}}
{{- $checks := index . 1 -}}
{{- with $root.Values -}}
{{- if and .podMonitor.enabled (eq (toString .serviceMonitor.enabled) "true") }}
serviceMonitor.enabled and podMonitor.enabled are both true: every series would come twice; write one of them
{{- end -}}
{{- $name := include "aws-cost-exporter.fullname" $root -}}
{{- if and (not .fullnameOverride) (not (regexMatch `^[a-z]([-a-z0-9]*[a-z0-9])?$` $name)) }}
the release's name makes {{ $name }} of it, which no Service can be called: write e.g. fullnameOverride: {{ regexReplaceAll `^[^a-z]+` ($name | replace "." "-") "" | trunc 52 | trimAll "-" | default "aws-cost-exporter" }}
{{- end -}}
{{- $interval := include "aws-cost-exporter.seconds" .serviceMonitor.interval -}}
{{- if gt (float64 (include "aws-cost-exporter.seconds" .serviceMonitor.scrapeTimeout)) (float64 $interval) }}
serviceMonitor.scrapeTimeout is {{ .serviceMonitor.scrapeTimeout }}, longer than serviceMonitor.interval: write at most scrapeTimeout: {{ .serviceMonitor.interval }}
{{- end -}}
{{- if gt (float64 $interval) 240.0 }}
serviceMonitor.interval is {{ .serviceMonitor.interval }}, but Prometheus looks back for 5 minutes, so that series would have gaps and alerts would never fire: write at most interval: 4m
{{- end -}}
{{ include "aws-cost-exporter.scrapeFaults" .serviceMonitor }}
{{- $auths := list -}}
{{- range $way := list "authorization" "basicAuth" "oauth2" }}{{- if get $root.Values.serviceMonitor $way }}{{- $auths = append $auths $way }}{{- end }}{{- end -}}
{{- if gt (len $auths) 1 }}
serviceMonitor has {{ join " and " $auths }}: a scrape takes one of them; write {} for the others
{{- end -}}
{{- $selector := include "aws-cost-exporter.selectorLabels" (list $root "exporter") | fromYaml -}}
{{- range $label := keys (default dict .podLabels) | sortAlpha }}
{{- if hasKey $selector $label }}
podLabels.{{ $label }} is a label of the selector: write another name
{{- end -}}
{{- end -}}
{{- $ours := list -}}
{{- range include "aws-cost-exporter.env" $root | fromYamlArray }}{{- $ours = append $ours .name }}{{- end -}}
{{- range $index, $env := .extraEnv }}
{{- $elsewhere := get $checks.elsewhere $env.name -}}
{{- if and $elsewhere (not (hasPrefix "AWS_" $env.name)) }}
extraEnv[{{ $index }}] is {{ $env.name }}, a setting of the exporter, which other values decide: {{ $elsewhere }}
{{- else if hasKey $checks.config $env.name }}
extraEnv[{{ $index }}] is {{ $env.name }}, a setting of the exporter, which nothing checks there: write it under config, or secretConfig.{{ $env.name }}: {name: NAME, key: KEY} where it is in a Secret
{{- else if has $env.name $ours }}
extraEnv[{{ $index }}] is {{ $env.name }}, which other values have set already: write it in one place
{{- else if and $env.value (has $env.name (list "AWS_SECRET_ACCESS_KEY" "AWS_SESSION_TOKEN")) }}
extraEnv[{{ $index }}].value of {{ $env.name }} is a secret: refer to it, e.g. valueFrom: {secretKeyRef: {name: aws, key: {{ $env.name }}}}
{{- end -}}
{{- $ours = append $ours $env.name -}}
{{- end -}}
{{- range $name := keys (default dict .secretConfig) | sortAlpha }}
{{- if and $root.Values.networkPolicy.enabled (not $root.Values.networkPolicy.proxyPorts) (or (eq $name "HTTPS_PROXY") (hasPrefix "AWS_ENDPOINT_URL" $name)) }}
networkPolicy.proxyPorts is empty, and the port of secretConfig.{{ $name }} stands in a Secret, so that nothing lets out to it: write e.g. networkPolicy.proxyPorts: [3128]
{{- end -}}
{{- end -}}
{{- $volumes := list "state" "targets" -}}
{{- range include "aws-cost-exporter.webSecrets" $root | fromJsonArray }}{{- $volumes = append $volumes .volume }}{{- end -}}
{{- range $index, $volume := .extraVolumes }}
{{- if has $volume.name $volumes }}
extraVolumes[{{ $index }}].name is {{ $volume.name }}, which is taken: write another name
{{- end -}}
{{- $volumes = append $volumes $volume.name -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* What is wrong with how a scrape says who it is: secrets by reference alone, none of which is repeated. */}}
{{- define "aws-cost-exporter.scrapeFaults" -}}
{{- $known := dict
  "basicAuth" (list "username" "password")
  "authorization" (list "type" "credentials")
  "oauth2" (list "clientId" "clientSecret" "tokenUrl" "scopes" "endpointParams" "tlsConfig" "noProxy" "proxyUrl" "proxyFromEnvironment" "proxyConnectHeader")
  "tlsConfig" (list "ca" "cert" "keySecret" "serverName" "insecureSkipVerify" "minVersion" "maxVersion") -}}
{{- $monitor := . -}}
{{- range $way, $keys := $known -}}
{{- range $key, $value := (get $monitor $way | default dict) -}}
{{- $place := printf "serviceMonitor.%s.%s" $way $key -}}
{{- if not (has $key $keys) }}
{{ $place }} is no key of {{ $way }}: write one of {{ join ", " $keys }}
{{- else if has $key (list "username" "password" "credentials" "clientSecret" "keySecret") -}}
{{- if not (and (kindIs "map" $value) (get (ternary $value dict (kindIs "map" $value)) "name") (get (ternary $value dict (kindIs "map" $value)) "key") (not (omit (ternary $value dict (kindIs "map" $value)) "name" "key" "optional"))) }}
{{ $place }} must be a reference to a Secret beside the monitor; write e.g. {{ $key }}: {name: scrape, key: {{ $key }}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Seconds of a duration of Prometheus. */}}
{{- define "aws-cost-exporter.seconds" -}}
{{- $seconds := 0.0 -}}
{{- range regexFindAll `[0-9]+(ms|y|w|d|h|m|s)` (toString .) -1 -}}
{{- $unit := get (dict "ms" 0.001 "s" 1.0 "m" 60.0 "h" 3600.0 "d" 86400.0 "w" 604800.0 "y" 31536000.0) (regexFind `[a-z]+` .) -}}
{{- $seconds = addf $seconds (mulf (regexFind `[0-9]+` . | float64) $unit) -}}
{{- end -}}
{{- $seconds -}}
{{- end }}
