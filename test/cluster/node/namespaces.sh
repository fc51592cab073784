# shellcheck shell=bash
# What the node changes on a machine stays in its own namespaces.

# Pods' mounts reach the kubelet, and nothing reaches the machine.
mount --make-rshared /
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/containerd /run/lock
mount --bind "$LOGS" /var/log
hostname "$NODE_NAME"

# The kubelet sets these for the whole machine where they differ: it finds what it wants.
while read -r name value; do
  file=/run/sysctl-${name//\//-}
  echo "$value" >"$file"
  mount --bind "$file" "/proc/sys/$name"
done <<'SYSCTL'
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
SYSCTL

ip link set lo up
ip link add br-node type bridge
ip addr add "$NODE_IP/24" dev br-node
ip link set br-node up
ip route add default dev br-node
echo 1 >/proc/sys/net/ipv4/ip_forward

# What is written there is gone with the node.
for folder in /etc /opt /usr/libexec /var/lib; do
  layers=/run/layers$folder
  mkdir -p "$layers/upper" "$layers/work"
  mount -t overlay overlay -o "lowerdir=$folder,upperdir=$layers/upper,workdir=$layers/work" "$folder"
done
