package main

import (
	"testing"

	"github.com/wsgen/wsgen/bench/internal/clock"
	"github.com/wsgen/wsgen/bench/internal/frame"
)

// BenchmarkTake measures what the client adds to a burst: a read of a hundred
// frames.
func BenchmarkTake(b *testing.B) {
	payload, digits := frame.Message(false, "tick", 3, 150)
	clock.Put(payload[digits:], clock.Now())
	var stream []byte
	for range 100 {
		stream = append(stream, sent(frame.Text, payload)...)
	}
	c := &client{conns: []conn{{state: open}}, watch: clock.NewWatch()}
	for b.Loop() {
		c.take(0, stream)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/frame")
}
