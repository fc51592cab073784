#!/usr/bin/env bash
# Prometheus 3 with no service discovery but that of Kubernetes: prometheus.sh OUT VERSION, in an empty folder.
set -euo pipefail
out=$1 version=$2
export CGO_ENABLED=0 GOFLAGS="-mod=mod -buildvcs=false"
package=github.com/prometheus/prometheus/cmd/prometheus

printf 'module prometheus\ngo 1.25.0\nreplace cloud.google.com/go => cloud.google.com/go v0.123.0\n' >go.mod
go get "$package@v$version"
go build -trimpath -tags remove_all_sd,enable_kubernetes_sd -ldflags '-s -w' -o "$out/" "$package"
