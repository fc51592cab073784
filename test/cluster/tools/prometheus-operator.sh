#!/usr/bin/env bash
# prometheus-operator and the CRDs of the same release: prometheus-operator.sh OUT VERSION, in an empty folder.
set -euo pipefail
out=$1 version=$2
export CGO_ENABLED=0 GOFLAGS="-mod=mod -buildvcs=false"
module=github.com/prometheus-operator/prometheus-operator

printf 'module operator\ngo 1.25.0\n' >go.mod
go get "$module/cmd/operator@v$version"
go build -trimpath -ldflags '-s -w' -o "$out/prometheus-operator" "$module/cmd/operator"
cp -r "$(go list -m -f '{{.Dir}}' $module)/example/prometheus-operator-crd" "$out/crds"
chmod -R u+w "$out/crds"
