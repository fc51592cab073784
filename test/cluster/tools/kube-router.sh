#!/usr/bin/env bash
# kube-router, of which the cluster uses the enforcement of NetworkPolicies: kube-router.sh OUT VERSION, in an empty folder.
set -euo pipefail
out=$1 version=$2
export CGO_ENABLED=0 GOFLAGS="-mod=mod -buildvcs=false"
package=github.com/cloudnativelabs/kube-router/v2/cmd/kube-router

printf 'module router\ngo 1.25.0\n' >go.mod
go get "$package@v$version"
go build -trimpath -ldflags "-s -w -X github.com/cloudnativelabs/kube-router/v2/pkg/version.Version=v$version" -o "$out/" "$package"
