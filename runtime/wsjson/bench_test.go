package wsjson_test

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/payload"
	"github.com/wsgen/wsgen/runtime/wsjson"
)

// versus measures ours beside encoding/json, in turns, so that both get the same
// of a busy machine. It reports the fastest turn of each, and the median of how
// many times longer encoding/json takes.
func versus(b *testing.B, ours, std func()) {
	b.Helper()
	const perTurn = 200 * time.Microsecond
	calls := func(f func()) int {
		f()
		n := 1
		for start := time.Now(); time.Since(start) < perTurn; n++ {
			f()
		}
		return n
	}
	n, m := calls(ours), calls(std)
	turn := func(n int, f func()) float64 {
		start := time.Now()
		for range n {
			f()
		}
		return float64(time.Since(start).Nanoseconds()) / float64(n)
	}
	var our, their, ratios []float64
	for b.Loop() {
		x, y := turn(n, ours), turn(m, std)
		our, their, ratios = append(our, x), append(their, y), append(ratios, y/x)
	}
	slices.Sort(ratios)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(slices.Min(our), "ns")
	b.ReportMetric(slices.Min(their), "std-ns")
	b.ReportMetric(ratios[len(ratios)/2], "x")
}

// BenchmarkPayloads reads and writes the payloads.
func BenchmarkPayloads(b *testing.B) {
	benchmarkPayload(b, "telemetry", payload.NewTelemetry(), readTelemetry, writeTelemetry)
	benchmarkPayload(b, "order", payload.NewOrder(), readOrder, writeOrder)
	benchmarkPayload(b, "page", payload.NewPage(), readPage, writePage)
}

func benchmarkPayload[T any](b *testing.B, name string, sample T, read func(*wsjson.Reader, *T), write func(*wsjson.Writer, *T)) {
	data, err := json.Marshal(sample)
	if err != nil {
		b.Fatal(err)
	}
	var r wsjson.Reader
	var w wsjson.Writer
	b.Run(name+"/decode", func(b *testing.B) {
		versus(b, func() {
			r.ResetUTF8(data)
			v := new(T)
			if read(&r, v); !r.Plain() {
				b.Fatal("left to encoding/json")
			}
		}, func() {
			if err := json.Unmarshal(data, new(T)); err != nil {
				b.Fatal(err)
			}
		})
	})
	b.Run(name+"/encode", func(b *testing.B) {
		std := json.NewEncoder(io.Discard)
		std.SetEscapeHTML(false)
		versus(b, func() {
			w.Reset(w.AvailableBuffer())
			if write(&w, &sample); !w.Valid() {
				b.Fatal("no JSON")
			}
		}, func() {
			if err := std.Encode(&sample); err != nil {
				b.Fatal(err)
			}
		})
	})
}

// texts are what BenchmarkText reads and writes.
func texts() []struct{ name, text string } {
	german, chinese := "Überübermäßige Größe, ein Maß. ", "这是一个用来测量速度的句子，没有别的意思，"
	return []struct{ name, text string }{
		{"ascii-30", "hello there, how are you today"},
		{"german-30", "schöne Grüße, alles ist größer"},
		{"newline-30", "hello there,\nhow are you today"},
		{"chinese-30", strings.ToValidUTF8(strings.Repeat(chinese, 2)[:90], "")},
		{"ascii-1000", strings.Repeat("hello there, how are you? ", 40)[:1000]},
		{"german-1000", strings.ToValidUTF8(strings.Repeat(german, 40)[:1100], "")},
		{"lines-1000", strings.Repeat("hello there, how are you today\n", 40)[:1000]},
		{"chinese-1000", strings.ToValidUTF8(strings.Repeat(chinese, 20)[:1000], "")},
		{"escapes-1000", strings.Repeat(`{"a":"b\\c"}`, 100)[:1000]},
		{"ascii-65000", strings.Repeat("hello there, how are you? ", 2500)},
	}
}

// BenchmarkText reads and writes a string.
func BenchmarkText(b *testing.B) {
	for _, text := range texts() {
		data, err := json.Marshal(text.text)
		if err != nil {
			b.Fatal(err)
		}
		var r wsjson.Reader
		var w wsjson.Writer
		var got string
		b.Run(text.name+"/decode", func(b *testing.B) {
			versus(b, func() {
				r.ResetUTF8(data)
				if wsjson.ReadString(&r, &got); !r.Plain() {
					b.Fatal("left to encoding/json")
				}
			}, func() {
				if err := json.Unmarshal(data, &got); err != nil {
					b.Fatal(err)
				}
			})
		})
		b.Run(text.name+"/encode", func(b *testing.B) {
			std := json.NewEncoder(io.Discard)
			std.SetEscapeHTML(false)
			versus(b, func() {
				w.Reset(w.AvailableBuffer())
				wsjson.WriteString(&w, text.text)
			}, func() {
				if err := std.Encode(text.text); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}
