# shellcheck shell=bash
# Names of Services, and no others: nothing of this node looks anything up outside.
mkdir -p /run/dns
touch /run/dns/hosts
dnsmasq --keep-in-foreground --no-resolv --no-hosts --addn-hosts=/run/dns/hosts --address=/#/ \
  --listen-address="$NODE_IP" --bind-interfaces --log-facility=- >"$LOGS/dnsmasq.log" 2>&1 &
dns=$!

name_services() {
  local format='{range .items[*]}{.spec.clusterIP} {.metadata.name}.{.metadata.namespace}.svc.cluster.local{"\n"}{end}'
  kubectl get services -A -o jsonpath="$format" | sed '/^None/d' >/run/dns/hosts.new
  mv /run/dns/hosts.new /run/dns/hosts
  kill -HUP "$dns"
}

# Each change of any Service writes the file anew. A watch ends now and then, and is begun again.
set +e
while sleep 0.2; do
  kubectl get services -A --watch -o name | while read -r _; do name_services; done
done >>"$LOGS/dns.log" 2>&1 &
set -e
names_are_there() { [ -s /run/dns/hosts ]; }
until_ready dnsmasq names_are_there
