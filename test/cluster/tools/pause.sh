#!/usr/bin/env bash
# The program of a pod's first container: holds its namespaces, reaps its orphans. pause.sh OUT VERSION, in an empty folder.
set -euo pipefail
out=$1
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
go build -trimpath -ldflags '-s -w' -o "$out/" .
