package ws

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// dispatches returns a function that has a message with such a text go from its
// frame to the queued reply.
func dispatches(b *testing.B, spec Spec, text string) func() {
	b.Helper()
	data, err := json.Marshal(sendMessage{Author: "ann", Text: text, Room: "lobby-1"})
	if err != nil {
		b.Fatal(err)
	}
	message := []byte(`{"event":"message","data":` + string(data) + `}`)
	c := discarded(b, spec)
	out := c.member.Socket.Out()
	out.Resume()
	var batch outbox.Batch
	return func() {
		c.Received(true, message, nop{})
		out.Take(&batch, maxBatch)
		out.Written(&batch)
	}
}

// BenchmarkDispatchText is a typed message with a text of each kind, with
// generated codecs, beside one of plain text of 30 letters and beside
// encoding/json, in turns. It reports the medians of the turns, and of the ratios.
// The benchmark's row text reads its names and units.
func BenchmarkDispatchText(b *testing.B) {
	plain := "hello there, how are you today"
	for _, text := range []struct{ name, text string }{
		{"ascii-30", plain},
		{"newline-30", "hello there,\nhow are you today"},
		{"quotes-30", `hello "there", how are you all`},
		{"german-30", "schöne Grüße, alles ist größer"},
		{"chinese-30", strings.Repeat("今天天气很好我们去", 4)[:90]},
		{"ascii-1000", strings.Repeat("hello there, how are you? ", 40)[:1000]},
		{"german-1000", strings.Repeat("schöne Grüße, alles ist größer", 34)},
		{"lines-1000", strings.Repeat("hello there, how are you today\n", 33)},
		{"chinese-330", strings.Repeat("今天天气很好我们去", 37)},
	} {
		b.Run(text.name, func(b *testing.B) {
			turns := []func(){
				dispatches(b, generatedSpec(), text.text), dispatches(b, generatedSpec(), plain), dispatches(b, stdSpec(), text.text),
			}
			const each = 200
			for _, once := range turns {
				for range warmUp / 10 {
					once()
				}
			}
			var all [3][]float64
			var toPlain, toStd []float64
			for b.Loop() {
				var took [3]float64
				for i, once := range turns {
					start := time.Now()
					for range each {
						once()
					}
					took[i] = float64(time.Since(start).Nanoseconds()) / each
					all[i] = append(all[i], took[i])
				}
				toPlain, toStd = append(toPlain, took[0]/took[1]), append(toStd, took[2]/took[0])
			}
			b.ReportMetric(0, "ns/op")
			for unit, values := range map[string][]float64{
				"ns": all[0], "plain-ns": all[1], "std-ns": all[2], "x-plain": toPlain, "x-faster-than-std": toStd,
			} {
				slices.Sort(values)
				b.ReportMetric(values[len(values)/2], unit)
			}
		})
	}
}
