# shellcheck shell=bash
# etcd, in memory, and the control plane.
mkdir -m 700 /run/etcd
etcd --data-dir /run/etcd >"$LOGS/etcd.log" 2>&1 &
kube-apiserver --etcd-servers=http://127.0.0.1:2379 --advertise-address="$NODE_IP" --cert-dir="$WORK/pki" \
  --tls-cert-file=pki/api.crt --tls-private-key-file=pki/api.key --client-ca-file=pki/ca.crt \
  --service-cluster-ip-range=10.96.0.0/16 --service-account-issuer=https://kubernetes.default.svc \
  --service-account-key-file=pki/sa.key --service-account-signing-key-file=pki/sa.key \
  --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged \
  --kubelet-preferred-address-types=InternalIP --kubelet-certificate-authority=pki/ca.crt \
  --kubelet-client-certificate=pki/admin.crt --kubelet-client-key=pki/admin.key >"$LOGS/kube-apiserver.log" 2>&1 &
until_ready kube-apiserver kubectl get --raw /readyz
kube-controller-manager --kubeconfig="$KUBECONFIG" --leader-elect=false --use-service-account-credentials \
  --service-account-private-key-file=pki/sa.key --root-ca-file=pki/ca.crt >"$LOGS/kube-controller-manager.log" 2>&1 &
kube-scheduler --kubeconfig="$KUBECONFIG" --leader-elect=false >"$LOGS/kube-scheduler.log" 2>&1 &
