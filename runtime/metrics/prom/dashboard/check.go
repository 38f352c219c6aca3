package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/broker/memory"
	"github.com/wsgen/wsgen/runtime/metrics/prom"
	"github.com/wsgen/wsgen/runtime/metrics/prom/dashboard/internal/board"
	"github.com/wsgen/wsgen/runtime/metrics/prom/dashboard/internal/scrape"
	"github.com/wsgen/wsgen/runtime/metrics/prom/internal/series"
)

// check returns all that is wrong with the names, the dashboard and the rules.
func check() error {
	problems := lint()
	for _, s := range board.Sections() {
		for _, p := range s.Panels {
			for _, q := range p.Queries {
				problems = append(problems, expression(p.Title, scrape.Grafana(q.Expr, "1m")))
			}
		}
	}
	for _, r := range board.Rules() {
		problems = append(problems, expression(r.Alert, r.Expr))
	}
	_, errs := rulefmt.Parse(board.Prometheus(), false, model.LegacyValidation, parser.NewParser(parser.Options{}), slog.Default())
	return errors.Join(append(problems, errs...)...)
}

// lint returns what promtool check metrics finds in the metrics.
func lint() (problems []error) {
	m := prom.New(prom.Options{})
	server := ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler), Observer: m.Observer(), Cluster: ws.Cluster{Broker: memory.New()}})
	defer func() { problems = append(problems, server.Shutdown(context.Background())) }()
	m.Watch(server)
	told, client, refusal := m.Observer(), new(ws.Client), ws.NewError(ws.CodeForbidden, "")
	told.Opened(client)
	told.Cluster(ws.ClusterEvent{Change: ws.ClusterUp})
	told.Handled(client, "say", 0, refusal)
	told.Sent(ws.Sent{Event: "said", Declared: true})
	told.Refused(ws.Refusal{Event: "say", Declared: true, Err: refusal})
	told.Refused(ws.Refusal{Status: http.StatusForbidden, Err: refusal})
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(m)
	families, err := registry.Gather()
	if err != nil {
		return []error{err}
	}
	if want := len(series.All()); len(families) != want {
		problems = append(problems, fmt.Errorf("%d metrics are exported, and %d are in the table", len(families), want))
	}
	found, err := promlint.NewWithMetricFamilies(families).Lint()
	for _, p := range found {
		problems = append(problems, fmt.Errorf("%s: %s", p.Metric, p.Text))
	}
	return append(problems, err)
}

// expression returns what is wrong with an expression of a panel or a rule.
func expression(of, text string) error {
	parsed, err := scrape.Parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w, in:\n%s", of, err, text)
	}
	// What a target adds, and a histogram's buckets have.
	labels := map[string]bool{"job": true, "instance": true, "le": true}
	names, asked := scrape.Names(parsed)
	for _, s := range series.All() {
		if names[board.Namespace+"_"+s.Name] {
			delete(names, board.Namespace+"_"+s.Name)
			for _, l := range s.Labels {
				labels[l] = true
			}
		}
	}
	for name := range names {
		err = errors.Join(err, fmt.Errorf("%s: nothing is called %s, in:\n%s", of, name, text))
	}
	for l := range asked {
		if !labels[l] {
			err = errors.Join(err, fmt.Errorf("%s: nothing has the label %s, in:\n%s", of, l, text))
		}
	}
	return err
}
