//go:build !race

// The race detector changes what is allocated: make test runs this once more
// without.

package kinds

import (
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/payload"
	"github.com/wsgen/wsgen/runtime/wsjson"
)

// budget is what generated code allocates for one payload, exactly. Reading costs
// the strings, slices and maps of the value, and writing what encoding/json needs for
// the parts that are left to it.
type budget struct{ read, write float64 }

// TestBudget: the three payloads cost what they cost.
func TestBudget(t *testing.T) {
	for name, c := range map[string]struct {
		want, got budget
	}{
		"Telemetry": {budget{26, 0}, costs(t, payload.NewTelemetry(), wsReadPayloadTelemetry, wsWritePayloadTelemetry)},
		"Order":     {budget{75, 8}, costs(t, payload.NewOrder(), wsReadPayloadOrder, wsWritePayloadOrder)},
		"Page":      {budget{575, 0}, costs(t, payload.NewPage(), wsReadPayloadPage, wsWritePayloadPage)},
	} {
		if c.got != c.want {
			t.Errorf("%s: reading and writing cost %v allocations, and not %v", name, c.got, c.want)
		}
	}
}

func costs[T any](t *testing.T, v T, read func(*wsjson.Reader) T, write func(*wsjson.Writer, T)) budget {
	t.Helper()
	text, err := standard(&v)
	if err != nil {
		t.Fatal(err)
	}
	var r wsjson.Reader
	var w wsjson.Writer
	return budget{
		testing.AllocsPerRun(200, func() {
			r.Reset(text)
			if _ = read(&r); !r.Plain() {
				t.Error("it was left to encoding/json")
			}
		}),
		testing.AllocsPerRun(200, func() {
			w.Reset(w.AvailableBuffer())
			if write(&w, v); !w.Valid() {
				t.Error("it was left to encoding/json")
			}
		}),
	}
}
