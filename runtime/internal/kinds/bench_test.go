package kinds

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/payload"
	"github.com/wsgen/wsgen/runtime/wsjson"
)

// BenchmarkCodec reads and writes the three payloads, by generated code and by
// encoding/json.
func BenchmarkCodec(b *testing.B) {
	bench(b, "telemetry", payload.NewTelemetry(), wsReadPayloadTelemetry, wsWritePayloadTelemetry)
	bench(b, "order", payload.NewOrder(), wsReadPayloadOrder, wsWritePayloadOrder)
	bench(b, "page", payload.NewPage(), wsReadPayloadPage, wsWritePayloadPage)
}

func bench[T any](b *testing.B, name string, v T, read func(*wsjson.Reader) T, write func(*wsjson.Writer, T)) {
	text, err := standard(&v)
	if err != nil {
		b.Fatal(err)
	}
	run := func(what string, do func() bool) {
		b.Run(name+"/"+what, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if !do() {
					b.Fatal("it failed")
				}
			}
		})
	}
	var r wsjson.Reader
	run("decode/generated", func() bool {
		r.Reset(text)
		_ = read(&r)
		return r.Plain()
	})
	run("decode/std", func() bool {
		var to T
		return json.Unmarshal(text, &to) == nil
	})
	var w wsjson.Writer
	run("encode/generated", func() bool {
		w.Reset(w.AvailableBuffer())
		write(&w, v)
		return w.Valid()
	})
	var buf bytes.Buffer
	run("encode/std", func() bool {
		buf.Reset()
		e := json.NewEncoder(&buf)
		e.SetEscapeHTML(false)
		return e.Encode(&v) == nil
	})
}
