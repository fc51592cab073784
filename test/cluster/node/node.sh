#!/usr/bin/env bash
# The first process of a node: starts etcd, the control plane and the worker in the namespaces that it was given, then runs a command:
#   node.sh COMMAND...
# Environment: WORK (folder of this node), RESULTS (file of the run's report), CGROUP (an empty cgroup, by its path in each hierarchy),
# KUBERNETES, KUBECTL, PAUSE, KUBE_ROUTER (folders of programs). The command finds kubectl, helm and KUBECONFIG. When this script ends, the kernel ends all the others.
set -euo pipefail
here=$(dirname "$0")
export PATH=$KUBERNETES:$KUBECTL:/usr/sbin:/sbin:$PATH
export NODE_IP=192.168.77.1 NODE_NAME=node-0 SOCKET=/run/containerd/containerd.sock LOGS=$WORK/logs
export KUBECONFIG=$WORK/admin.kubeconfig

# until_ready NAME COMMAND...: for at most a minute.
until_ready() {
  local name=$1 deadline=$((SECONDS + 60))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      echo "$name is not ready after a minute" >&2
      tail -n 20 "$LOGS"/*.log >&2
      exit 1
    fi
    sleep 0.2
  done
}

# step REST: this script's line in the run's report.
step() { echo "{\"name\": \"start the cluster\", \"seconds\": $SECONDS$1}" >>"$RESULTS"; }
step ', "failure": "did not start"'

# The user's own clusters, plugins and repositories are none of this.
export HOME=$WORK/home
unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME
mkdir -p "$LOGS" "$HOME"
cd "$WORK"
source "$here/namespaces.sh"
source "$here/pki.sh"
source "$here/control-plane.sh"
source "$here/worker.sh"
source "$here/network-policy.sh"
source "$here/dns.sh"
version=$(kubectl get node "$NODE_NAME" -o jsonpath='{.status.nodeInfo.kubeletVersion}')
step ", \"note\": \"Kubernetes $version\""
echo "Kubernetes $version: node $NODE_NAME is ready after $SECONDS s"

set +e
"$@" &
wait $!
