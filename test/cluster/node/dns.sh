# Names of Services, and no others: nothing of this node looks anything up outside.
mkdir -p /run/dns
touch /run/dns/hosts
dnsmasq --keep-in-foreground --no-resolv --no-hosts --addn-hosts=/run/dns/hosts --address=/#/ \
  --listen-address="$NODE_IP" --bind-interfaces >"$LOGS/dnsmasq.log" 2>&1 &
dns=$!
# Each change of any Service writes the file anew.
kubectl get --raw '/api/v1/services?watch=true' | while read -r _; do
  kubectl get services -A -o jsonpath='{range .items[*]}{.spec.clusterIP} {.metadata.name}.{.metadata.namespace}.svc.cluster.local{"\n"}{end}' |
    grep -v '^None' >/run/dns/hosts.new
  mv /run/dns/hosts.new /run/dns/hosts
  kill -HUP "$dns"
done >>"$LOGS/dns.log" 2>&1 &
