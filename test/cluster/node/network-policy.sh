# shellcheck shell=bash
# NetworkPolicies are enforced, between pods on one bridge too.
echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
"$KUBE_ROUTER/kube-router" --run-firewall --run-router=false --run-service-proxy=false --run-loadbalancer=false \
  --kubeconfig="$KUBECONFIG" --hostname-override="$NODE_NAME" --service-cluster-ip-range=10.96.0.0/16 \
  --metrics-port=0 --health-port=0 >"$LOGS/kube-router.log" 2>&1 &
