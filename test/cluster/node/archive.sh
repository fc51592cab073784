#!/usr/bin/env bash
# A folder as an image of one layer, in a docker archive: archive.sh FOLDER NAME PROGRAM OUT
set -euo pipefail
folder=$1 name=$2 program=$3 out=$(realpath "$4")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
tar --owner=0 --group=0 --numeric-owner -C "$folder" -cf layer.tar .
cat >config.json <<JSON
{"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["$program"]},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$(sha256sum layer.tar | cut -d' ' -f1)"]}}
JSON
echo "[{\"Config\": \"config.json\", \"RepoTags\": [\"$name\"], \"Layers\": [\"layer.tar\"]}]" >manifest.json
tar -cf "$out" manifest.json config.json layer.tar
