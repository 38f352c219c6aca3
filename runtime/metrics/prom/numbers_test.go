package prom

import (
	"reflect"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/metrics/prom/internal/series"
)

// TestClusterNumbers: each number of ClusterStats is exported by a metric of its own.
func TestClusterNumbers(t *testing.T) {
	var s ws.Stats
	missing := map[float64]string{1: "Up"} // by value; Up is exported as whether it is not
	fields := reflect.ValueOf(&s.Cluster).Elem()
	for i := range fields.NumField() {
		name, n := fields.Type().Field(i).Name, int64(i+10)
		switch f := fields.Field(i); {
		case f.CanInt():
			f.SetInt(n)
			missing[float64(n)] = name
		case f.CanUint():
			f.SetUint(uint64(n))
			missing[float64(n)] = name
		}
	}
	for _, m := range series.OfCluster() {
		n := ofClusterStats(m.Name)(&s)
		if missing[n] == "" {
			t.Errorf("%s is %v, as is another one", m.Name, n)
		}
		delete(missing, n)
	}
	for _, name := range missing {
		t.Errorf("%s is not exported", name)
	}
}
