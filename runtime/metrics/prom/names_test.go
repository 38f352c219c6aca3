package prom_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/metrics/prom"
	"github.com/wsgen/wsgen/runtime/metrics/prom/internal/series"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// busy returns Metrics that have a series of each name.
func busy(t *testing.T, o prom.Options) *prom.Metrics {
	m := prom.New(o)
	m.Watch(wstest.Run(t, 1, ws.Options{Observer: m.Observer()})...)
	told, client := m.Observer(), wstest.NewClient().Client
	refusal := ws.NewError(ws.CodeForbidden, "")
	told.Opened(client)
	told.Handled(client, "say", 0, refusal)
	told.Sent(ws.Sent{Event: "said", Declared: true})
	told.Refused(ws.Refusal{Event: "say", Declared: true, Err: refusal})
	told.Refused(ws.Refusal{Status: http.StatusForbidden, Err: refusal})
	told.Closed(client, ws.Closed{Code: ws.CloseNormal})
	return m
}

func gather(t *testing.T, c prometheus.Collector) map[string]*dto.MetricFamily {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*dto.MetricFamily{}
	for _, f := range families {
		all[f.GetName()] = f
	}
	return all
}

// TestNames: each metric that the table has is exported, as the table says, and no
// other.
func TestNames(t *testing.T) {
	families := gather(t, busy(t, prom.Options{}))
	for _, s := range series.All() {
		name := "wsgen_" + s.Name
		f := families[name]
		if f == nil {
			t.Errorf("%s is not exported", name)
			continue
		}
		delete(families, name)
		if kind := series.Kind(strings.ToLower(f.GetType().String())); kind != s.Kind || f.GetHelp() != s.Help {
			t.Errorf("%s is a %s with the text %q", name, kind, f.GetHelp())
		}
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		if want := slices.Sorted(slices.Values(s.Labels)); !slices.Equal(labels, want) {
			t.Errorf("%s has the labels %q, want %q", name, labels, want)
		}
		if !strings.HasSuffix(s.Help, ".") {
			t.Errorf("%s has no sentence: %q", name, s.Help)
		}
	}
	for name := range families {
		t.Errorf("%s is not in the table", name)
	}
}

// TestLint: the names are what promtool check metrics wants.
func TestLint(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(busy(t, prom.Options{}))
	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// TestOptions: metrics are named and shown as the options say.
func TestOptions(t *testing.T) {
	families := gather(t, busy(t, prom.Options{
		Namespace:   "shop",
		ConstLabels: prometheus.Labels{"zone": "b"},
		Buckets:     []float64{3, 1, 2, 1},
	}))
	for name, f := range families {
		for _, m := range f.GetMetric() {
			last := m.GetLabel()[len(m.GetLabel())-1]
			if !strings.HasPrefix(name, "shop_") || last.GetName() != "zone" || last.GetValue() != "b" {
				t.Errorf("%s has the labels %v", name, m.GetLabel())
			}
		}
	}
	for name, want := range map[string][]float64{
		"shop_message_duration_seconds":    {1, 2, 3},
		"shop_connection_duration_seconds": {1, 10, 60, 300, 900, 3600, 14400, 86400},
	} {
		h := families[name].GetMetric()[0].GetHistogram()
		var bounds []float64
		for _, b := range h.GetBucket() {
			bounds = append(bounds, b.GetUpperBound())
		}
		if !slices.Equal(bounds, want) || h.Schema != nil {
			t.Errorf("%s has the buckets %v, and native ones: %v", name, bounds, h.Schema != nil)
		}
	}
}

// TestNative: native histograms come besides the buckets.
func TestNative(t *testing.T) {
	for name, f := range gather(t, busy(t, prom.Options{NativeHistograms: true})) {
		if f.GetType() != dto.MetricType_HISTOGRAM {
			continue
		}
		if h := f.GetMetric()[0].GetHistogram(); h.Schema == nil || len(h.GetBucket()) < 8 {
			t.Errorf("%s has no native histogram, or no buckets beside it: %v", name, h)
		}
	}
}

// TestWrongOptions: what makes no valid metrics fails at the start, and says why.
func TestWrongOptions(t *testing.T) {
	for label, why := range map[string]string{"event": "duplicate label names", "__name": "not a valid label name"} {
		func() {
			defer func() {
				if said := fmt.Sprint(recover()); !strings.Contains(said, why) {
					t.Errorf("a label called %s: %s", label, said)
				}
			}()
			prom.New(prom.Options{ConstLabels: prometheus.Labels{label: "x"}})
		}()
	}
	// What is given stays the caller's.
	o := prom.Options{Buckets: []float64{2, 1}, ConstLabels: prometheus.Labels{"a": "b"}, Events: []string{"e"}}
	prom.New(o)
	if !slices.Equal(o.Buckets, []float64{2, 1}) || !maps.Equal(o.ConstLabels, prometheus.Labels{"a": "b"}) {
		t.Error("New has changed", o)
	}
}
