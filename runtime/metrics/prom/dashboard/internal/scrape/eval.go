package scrape

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// Line is a series that an expression has as its value.
type Line struct {
	Labels map[string]string
	Points []Point
}

// Point is a value at a time.
type Point struct {
	At    time.Time
	Value float64
}

// Range is when an expression is evaluated, and how often.
type Range struct {
	From, To time.Time
	Step     time.Duration
}

// Grafana replaces the dashboard's variables as Grafana does if a viewer has chosen
// all. window is that of rates.
func Grafana(expr, window string) string {
	return strings.NewReplacer("$__rate_interval", window, "$job", ".*", "$gateway", ".*").Replace(expr)
}

// Parse parses an expression.
func Parse(expr string) (parser.Expr, error) {
	return parser.NewParser(parser.Options{}).ParseExpr(expr)
}

// Eval evaluates an expression. Series without a value are left out.
func (s *Store) Eval(expr string, over Range) ([]Line, error) {
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 10_000_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, Parser: parser.NewParser(parser.Options{}),
	})
	defer func() { _ = engine.Close() }()
	ctx := context.Background()
	query, err := engine.NewRangeQuery(ctx, s, nil, expr, over.From, over.To, over.Step)
	if err != nil {
		return nil, fmt.Errorf("%w, in:\n%s", err, expr)
	}
	defer query.Close()
	result := query.Exec(ctx)
	if result.Err == nil && len(result.Warnings) > 0 {
		result.Err = fmt.Errorf("warnings: %v", result.Warnings.AsErrors())
	}
	matrix, err := result.Matrix()
	if err != nil {
		return nil, fmt.Errorf("%w, in:\n%s", err, expr)
	}
	var lines []Line
	for _, series := range matrix {
		l := Line{Labels: series.Metric.Map()}
		for _, f := range series.Floats {
			l.Points = append(l.Points, Point{time.UnixMilli(f.T), f.F})
		}
		if len(l.Points) > 0 {
			lines = append(lines, l)
		}
	}
	return lines, nil
}

// Missing returns the selectors in an expression that no series of the scrapes
// fits.
func (s *Store) Missing(expr parser.Expr) (none []string) {
	for _, selector := range selectors(expr) {
		if len(s.matching(selector.LabelMatchers)) == 0 {
			none = append(none, selector.String())
		}
	}
	return none
}

func selectors(expr parser.Expr) (all []*parser.VectorSelector) {
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if selector, is := n.(*parser.VectorSelector); is {
			all = append(all, selector)
		}
		return nil
	})
	return all
}

// Names returns the names that an expression selects, without what a histogram
// adds to them, and the labels that it asks for by name.
func Names(expr parser.Expr) (names, asked map[string]bool) {
	names, asked = map[string]bool{}, map[string]bool{}
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			name, _ := strings.CutSuffix(n.Name, "_bucket")
			names[name] = true
			for _, m := range n.LabelMatchers {
				asked[m.Name] = true
			}
		case *parser.AggregateExpr:
			for _, label := range n.Grouping {
				asked[label] = true
			}
		}
		return nil
	})
	delete(asked, model.MetricNameLabel)
	return names, asked
}

// Legend returns what a line is called: labels in {{}} are replaced by their values.
// One that the line does not have stays.
func Legend(format string, of map[string]string) string {
	for name, value := range of {
		format = strings.ReplaceAll(format, "{{"+name+"}}", value)
	}
	return format
}
