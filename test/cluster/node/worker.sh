# shellcheck shell=bash disable=SC2154
# containerd, kubelet and kube-proxy.
mkdir -p cni
cat >cni/bridge.conflist <<'JSON'
{"cniVersion": "0.4.0", "name": "bridge", "plugins": [{"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
  "ipam": {"type": "host-local", "dataDir": "/run/cni", "ranges": [[{"subnet": "10.244.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
JSON
cat >containerd.toml <<TOML
version = 2
root = "$WORK/containerd"
state = "/run/containerd/state"
[plugins."io.containerd.internal.v1.opt"]
path = "$WORK/opt"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "localhost/pause:1"
# Without CAP_SYS_RESOURCE, as in a container, scores cannot be lowered.
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "$WORK/cni"
TOML
containerd --config containerd.toml >"$LOGS/containerd.log" 2>&1 &
until_ready containerd ctr --address "$SOCKET" version
bash "$here/archive.sh" "$PAUSE" localhost/pause:1 /pause pause.tar
ctr --address "$SOCKET" --namespace k8s.io images import pause.tar >>"$LOGS/images.log"

cat >kube-proxy.yaml <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: $KUBECONFIG}
mode: iptables
clusterCIDR: 10.244.0.0/16
hostnameOverride: $NODE_NAME
conntrack: {maxPerCore: 0, min: 0}
YAML
kube-proxy --config=kube-proxy.yaml >"$LOGS/kube-proxy.log" 2>&1 &

cat >kubelet.yaml <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: $WORK/pki/ca.crt}
cgroupDriver: cgroupfs
cgroupRoot: $CGROUP
failCgroupV1: false
failSwapOn: false
enforceNodeAllocatable: []
localStorageCapacityIsolation: false
containerRuntimeEndpoint: unix://$SOCKET
podLogsDir: /var/log/pods
volumePluginDir: $WORK/volume-plugins
clusterDNS: [$NODE_IP]
clusterDomain: cluster.local
resolvConf: ""
tlsCertFile: $WORK/pki/node.crt
tlsPrivateKeyFile: $WORK/pki/node.key
YAML
kubelet --config=kubelet.yaml --kubeconfig=node.kubeconfig --hostname-override="$NODE_NAME" --node-ip="$NODE_IP" \
  --root-dir="$WORK/kubelet" >"$LOGS/kubelet.log" 2>&1 &
node_is_ready() { kubectl get node "$NODE_NAME" | grep -qw Ready; }
until_ready kubelet node_is_ready
# It does not measure the disk, as that fails in a container; the scheduler wants a figure.
kubectl patch node "$NODE_NAME" --subresource=status --type=merge \
  --patch '{"status": {"capacity": {"ephemeral-storage": "20Gi"}, "allocatable": {"ephemeral-storage": "20Gi"}}}' >/dev/null
