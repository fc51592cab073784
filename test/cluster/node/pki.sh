# shellcheck shell=bash
# Certificates and kubeconfigs of this run alone.
mkdir pki
{
  openssl ecparam -name prime256v1 -genkey -noout -out pki/sa.key
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout pki/ca.key -out pki/ca.crt \
    -days 2 -subj /CN=throwaway
  # certificate NAME SUBJECT EXTENSIONS
  certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "pki/$1.key" -out "pki/$1.csr" \
      -subj "$2"
    openssl x509 -req -in "pki/$1.csr" -CA pki/ca.crt -CAkey pki/ca.key -CAcreateserial -days 2 -out "pki/$1.crt" \
      -extfile <(echo "$3")
  }
  certificate api /CN=kube-apiserver "subjectAltName=IP:127.0.0.1,IP:$NODE_IP,IP:10.96.0.1"
  certificate admin /O=system:masters/CN=admin extendedKeyUsage=clientAuth
  certificate node "/O=system:nodes/CN=system:node:$NODE_NAME" "subjectAltName=IP:$NODE_IP"
} >"$LOGS/pki.log" 2>&1

for user in admin node; do
  cat >"$user.kubeconfig" <<YAML
apiVersion: v1
kind: Config
current-context: node
clusters: [{name: node, cluster: {server: "https://$NODE_IP:6443", certificate-authority: $WORK/pki/ca.crt}}]
users: [{name: $user, user: {client-certificate: $WORK/pki/$user.crt, client-key: $WORK/pki/$user.key}}]
contexts: [{name: node, context: {cluster: node, user: $user}}]
YAML
done
