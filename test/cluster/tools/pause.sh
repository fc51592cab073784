#!/usr/bin/env bash
# The image of a pod's first container: holds its namespaces, reaps its orphans. pause.sh OUT VERSION, in an empty folder.
set -euo pipefail
out=$1 version=$2
export CGO_ENABLED=0 GOFLAGS=-buildvcs=false

cat >go.mod <<'GO'
module pause
go 1.24
GO
cat >main.go <<'GO'
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for got := range signals {
		if got != syscall.SIGCHLD {
			return
		}
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
				break
			}
		}
	}
}
GO
go build -trimpath -ldflags '-s -w' -o pause .

tar -cf layer.tar pause
cat >config.json <<JSON
{"architecture": "$(go env GOARCH)", "os": "linux", "config": {"Entrypoint": ["/pause"]},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$(sha256sum layer.tar | cut -d' ' -f1)"]}}
JSON
echo "[{\"Config\": \"config.json\", \"RepoTags\": [\"localhost/pause:$version\"], \"Layers\": [\"layer.tar\"]}]" >manifest.json
tar -cf "$out/pause.tar" manifest.json config.json layer.tar
