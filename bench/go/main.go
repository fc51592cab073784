// A program that is instrumented as Prometheus' own Go client says: one GaugeVec, served by promhttp. The bench holds the exporter
// against it.
//
//	promhttp FILE
//
// FILE is a CSV file of the series: service, account_id, period, value. It listens on a free port of 127.0.0.1, prints its URL, and
// serves until it is ended.
package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: promhttp FILE")
	}
	if err := load(os.Args[1]); err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/metrics", promhttp.Handler())
	fmt.Printf("http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}

// load reads row by row, so that nothing but the series stays in memory.
func load(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	rows := csv.NewReader(file)
	rows.FieldsPerRecord = 4
	cost := promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "aws_cost",
		Help: "Cost by service, account and period, in the billing currency.",
	}, []string{"service", "account_id", "period"})
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		value, err := strconv.ParseFloat(row[3], 64)
		if err != nil {
			return err
		}
		cost.WithLabelValues(row[0], row[1], row[2]).Set(value)
	}
}
