package prom

import (
	"reflect"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/metrics/prom/internal/series"
)

// numbered gives each number of the structs a value of its own, and returns their names
// by value.
func numbered(structs ...any) map[float64]string {
	names := map[float64]string{}
	n := 10
	for _, of := range structs {
		fields := reflect.ValueOf(of).Elem()
		for i := range fields.NumField() {
			n++
			switch f := fields.Field(i); {
			case f.CanInt():
				f.SetInt(int64(n))
			case f.CanUint():
				f.SetUint(uint64(n))
			default:
				continue
			}
			names[float64(n)] = fields.Type().Name() + "." + fields.Type().Field(i).Name
		}
	}
	return names
}

// exported checks that each number is exported by a metric of its own.
func exported(t *testing.T, s *ws.Stats, missing map[float64]string, table []series.Series, of func(name string) func(*ws.Stats) float64) {
	t.Helper()
	for _, m := range table {
		n := of(m.Name)(s)
		if missing[n] == "" {
			t.Errorf("%s is %v, as is another one", m.Name, n)
		}
		delete(missing, n)
	}
}

// TestClusterNumbers: each number of ClusterStats is exported by a metric of its own.
func TestClusterNumbers(t *testing.T) {
	var s ws.Stats
	missing := numbered(&s.Cluster)
	missing[1] = "Up" // which is exported as whether it is not
	exported(t, &s, missing, series.OfCluster(), ofClusterStats)
	for _, name := range missing {
		t.Errorf("%s is not exported", name)
	}
}

// TestNumbers: so is each of Stats, HistoryStats and PresenceStats.
func TestNumbers(t *testing.T) {
	var s ws.Stats
	missing := numbered(&s, &s.History, &s.Presence)
	s.Draining = true
	missing[1] = "Draining"
	exported(t, &s, missing, series.OfServer(), ofStats)
	exported(t, &s, missing, series.OfHistory(), ofHistoryStats)
	exported(t, &s, missing, series.OfPresence(), ofPresenceStats)
	for _, name := range missing {
		t.Errorf("%s is not exported", name)
	}
}
