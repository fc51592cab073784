#!/usr/bin/env bash
# Stands in for the official image of Redis where no registry can be reached: Debian's server and its libraries. redis-image.sh NAME OUT
set -euo pipefail
name=$1 out=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
server=$(realpath "$(command -v redis-server)")
install -D -m 755 "$server" "$root/usr/local/bin/redis-server"
ldd "$server" | grep -o '/[^ ]*' | while read -r library; do install -D -m 755 "$library" "$root$library"; done
mkdir -m 1777 "$root/tmp"
chmod 755 "$root"
bash "$(dirname "$0")/archive.sh" "$root" "$name" /usr/local/bin/redis-server "$out"
