package ws

import (
	"log/slog"
	"math"
	"testing"

	"github.com/wsgen/wsgen/runtime/wsjson"
)

// TestEmitJSON: a value that has no JSON, and a name that is no event's, are
// refused in the words of Target.Emit.
func TestEmitJSON(t *testing.T) {
	all := NewServer(Options{Logger: slog.New(slog.DiscardHandler)}).All()
	for event, v := range map[string]float64{"nan": math.NaN(), "inf": math.Inf(-1), "$own": 1, "": 1, "error": 1, "fine": 1e21} {
		n, err := EmitJSON(all, event, v, wsjson.WriteFloat64)
		want, wantErr := all.Emit(event, v)
		if n != want || (err == nil) != (event == "fine") || err != nil && err.Error() != wantErr.Error() {
			t.Errorf("%q: %d %v, want %d %v", event, n, err, want, wantErr)
		}
	}
}
