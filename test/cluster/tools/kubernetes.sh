#!/usr/bin/env bash
# The five programs of a Kubernetes node from the Go proxy: kubernetes.sh OUT VERSION, in an empty folder.
set -euo pipefail
out=$1 version=$2
export CGO_ENABLED=0 GOFLAGS="-mod=mod -buildvcs=false"
package=k8s.io/component-base/version
IFS=. read -r major minor _ <<<"$version"

# The module's replaces lead to folders of its repository: here they lead to the published modules of the same release.
mod=$(go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
{
  printf 'module node\n'
  grep -E '^(go|godebug) ' "$mod"
  sed -n "s#^\t\(k8s.io/[a-z-]*\) => ./staging.*#replace \1 => \1 v0${version#1}#p" "$mod"
} >go.mod
go get "k8s.io/kubernetes@v$version"
go build -trimpath -ldflags "-s -w -X $package.gitVersion=v$version -X $package.gitMajor=$major -X $package.gitMinor=$minor" \
  -o "$out/" k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kube-scheduler,kubelet,kube-proxy}
