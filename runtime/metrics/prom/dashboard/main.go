// Command dashboard writes the Grafana dashboard and the alert rules that come with
// package prom. It makes them of the names that the package exports, and writes
// nothing unless all is well: the names are as Prometheus wants them, each
// expression parses, and it asks for metrics and labels that there are. The tests
// beside it compare both with the scrapes of a server under traffic, let each
// alert fire, and draw the dashboard's picture.
//
// It is a module of its own, so that users of package prom do not get Prometheus,
// whose parser and engine it has. make generate runs it.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wsgen/wsgen/runtime/metrics/prom/dashboard/internal/board"
)

func main() {
	dir := flag.String("dir", "..", "where to write dashboard.json and alerts.yml")
	flag.Parse()
	if err := write(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "dashboard:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	if err := check(); err != nil {
		return err
	}
	grafana, err := board.Grafana()
	if err != nil {
		return err
	}
	for name, text := range map[string][]byte{"dashboard.json": grafana, "alerts.yml": board.Prometheus()} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
