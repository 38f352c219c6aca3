//go:build !race

// The race detector makes sync.Pool drop what it is given, so under it budgets
// do not hold: make test runs these once more without.

package wsjson_test

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/payload"
	"github.com/wsgen/wsgen/runtime/wsjson"
)

// TestBudgetPayloads checks that reading allocates what a value consists of, and
// writing nothing but what encoding/json needs for the parts that it has.
func TestBudgetPayloads(t *testing.T) {
	budget(t, "telemetry", payload.NewTelemetry(), readTelemetry, writeTelemetry, 26, 0)
	budget(t, "order", payload.NewOrder(), readOrder, writeOrder, 75, 7)
	budget(t, "page", payload.NewPage(), readPage, writePage, 575, 0)
}

func budget[T any](t *testing.T, name string, sample T, read func(*wsjson.Reader, *T), write func(*wsjson.Writer, *T), reads, writes float64) {
	t.Helper()
	data, err := json.Marshal(sample)
	if err != nil {
		t.Fatal(err)
	}
	var r wsjson.Reader
	var w wsjson.Writer
	var v T
	if got := testing.AllocsPerRun(100, func() {
		v = *new(T)
		r.ResetUTF8(data)
		read(&r, &v)
	}); got != reads || !r.Plain() {
		t.Errorf("%s: %v allocations, want %v; read %v", name, got, reads, r.Plain())
	}
	if got := testing.AllocsPerRun(100, func() {
		w.Reset(w.AvailableBuffer())
		write(&w, &v)
	}); got != writes || string(w.Bytes()) != string(data) {
		t.Errorf("%s: %v allocations, want %v: %s", name, got, writes, w.Bytes())
	}
	std := testing.AllocsPerRun(100, func() {
		v = *new(T)
		if err := json.Unmarshal(data, &v); err != nil {
			t.Fatal(err)
		}
	})
	t.Logf("%s: %d bytes, %v allocations, encoding/json %v", name, len(data), reads, std)
}

// TestBudgetLong: long texts that are written one after the other share their memory.
func TestBudgetLong(t *testing.T) {
	var w wsjson.Writer
	text := strings.Repeat("x", 1<<20)
	write := func() {
		w.Reset(w.AvailableBuffer())
		wsjson.WriteString(&w, text)
		w.Release()
	}
	write() // grows
	write() // knows how long they are
	var before, after runtime.MemStats
	const rounds = 40
	runtime.ReadMemStats(&before)
	for range rounds {
		write()
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / rounds; each > 1<<20/4 {
		t.Errorf("each takes %d bytes", each)
	}
}

// TestBudgetOwned: a text that is most of data that never changes takes no memory, and
// one that is little of it does, since it must not keep the data.
func TestBudgetOwned(t *testing.T) {
	long, short := strings.Repeat("x", 60_000), strings.Repeat("y", 5_000)
	for _, c := range []struct {
		data string
		want float64
	}{
		{`{"text":"` + long + `"}`, 0},
		{`{"title":"` + short + `","text":"` + long + `"}`, 1},
		{`{"title":"` + long + `","text":"` + long + `"}`, 2},
		{`{"text":"` + strings.Repeat("five\\n", 12_000) + `"}`, 1},
		{`{"title":"` + strings.Repeat("five\\n", 10) + `","text":"` + strings.Repeat("five\\n", 12_000) + `"}`, 3},
	} {
		data := []byte(c.data)
		var r wsjson.Reader
		if got := testing.AllocsPerRun(100, func() {
			r.ResetOwned(data)
			if v := readNote(&r); len(v.Text) != len(long) {
				t.Error("it was not read")
			}
		}); got != c.want {
			t.Errorf("%.30s: %v allocations, want %v", c.data, got, c.want)
		}
	}
}
