#!/usr/bin/env bash
# Runs a command inside a one-node Kubernetes that lives as long as the command, and no longer than this script's standard input:
#   keeper.sh FOLDER COMMAND...
# FOLDER is that of the run, the node's is `node` in it. Exit code: the command's. Whatever ends this script's parent ends its standard
# input, and then all that was started is killed; mounts and network go with their namespaces, cgroups are removed here, and FOLDER too
# where the parent is no longer there to do it.
set -u
folder=$1
shift
export WORK=$folder/node
name=aws-cost-exporter-cluster
export CGROUP=/$name-$$
parent=$PPID

# All cgroups of a name, in every hierarchy.
cgroups() { find /sys/fs/cgroup -maxdepth 2 -type d -name "$1" 2>/dev/null; }
remove_cgroups() { cgroups "$1" | while read -r top; do find "$top" -depth -type d -exec rmdir {} + 2>/dev/null; done; }

# What a run left whose keeper was killed as well.
for old in $(cgroups "$name-*" | sed 's/.*-//' | sort -u); do
  [ -d "/proc/$old" ] || remove_cgroups "$name-$old"
done

if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mkdir "/sys/fs/cgroup$CGROUP"
else
  for hierarchy in /sys/fs/cgroup/*/; do mkdir "${hierarchy%/}$CGROUP"; done
fi

exec 3<&0
setpriv --pdeathsig KILL unshare --net --mount --pid --ipc --uts --mount-proc --fork --kill-child \
  bash "$(dirname "$0")/node.sh" "$@" 3<&- </dev/null &
node=$!
until first=$(pgrep -P "$node"); do sleep 0.1; done
echo "To look inside: nsenter -t $first --all env KUBECONFIG=$WORK/admin.kubeconfig PATH=$KUBECTL:\$PATH bash"
cat <&3 >/dev/null &
input=$!
wait -n "$node" "$input"
# bash tells of every child that was killed: that is no news here.
exec 2>/dev/null
kill -KILL "$node" "$input"
wait "$node"
status=$?

# A process that was killed leaves its cgroup, and its folder, a moment later.
for _ in $(seq 100); do
  remove_cgroups "${CGROUP#/}"
  [ -z "$(cgroups "${CGROUP#/}")" ] && break
  sleep 0.1
done
if [ "$(awk '/^PPid/ {print $2}' /proc/$$/status)" != "$parent" ]; then
  until rm -rf "$folder"; do sleep 0.1; done
fi
exit "$status"
