package board

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/runtime/metrics/prom/internal/series"
)

// Namespace is the first word of the metrics' names.
const Namespace = "wsgen"

// scope is where expressions are evaluated.
type scope struct {
	job, gateway string // matchers that each selector has, as far as its series have the label; "" is none
	window       string // of rates
}

// selector selects the series of a name in the table, which ends with _bucket if it
// is a histogram.
func (s scope) selector(name string, matchers ...string) string {
	of := named(name)
	if s.gateway != "" && slices.Contains(of.Labels, series.Gateway) {
		matchers = append(matchers, s.gateway)
	}
	if s.job != "" {
		matchers = append(matchers, s.job)
	}
	name = Namespace + "_" + name
	if of.Kind == series.Histogram {
		name += "_bucket"
	}
	if len(matchers) == 0 {
		return name
	}
	return name + "{" + strings.Join(matchers, ", ") + "}"
}

// named returns a row of the table of metrics. It panics if there is none, so that
// no expression can have another name.
func named(name string) series.Series {
	for _, s := range series.All() {
		if s.Name == name {
			return s
		}
	}
	panic("board: no metric is called " + name)
}

func (s scope) rate(name string, matchers ...string) string {
	return "rate(" + s.selector(name, matchers...) + "[" + s.window + "])"
}

// quantile returns a quantile of a histogram's durations.
func (s scope) quantile(q, name string, by ...string) string {
	return fmt.Sprintf("histogram_quantile(%s, %s)", q, sum(s.rate(name), append(by, "le")...))
}

func sum(expr string, by ...string) string {
	if len(by) == 0 {
		return "sum(" + expr + ")"
	}
	return "sum by (" + strings.Join(by, ", ") + ") (" + expr + ")"
}

func equal(label, value string) string { return fmt.Sprintf("%s=%q", label, value) }
func other(label, value string) string { return fmt.Sprintf("%s!=%q", label, value) }
