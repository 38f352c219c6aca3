package prom_test

import (
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/metrics/prom"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// told are what happens again and again, by name.
func told(o ws.Observer, c *ws.Client) map[string]func() {
	refusal := ws.NewError("sold_out", "")
	return map[string]func(){
		"handled":  func() { o.Handled(c, "say", time.Millisecond, nil) },
		"failed":   func() { o.Handled(c, "say", time.Millisecond, refusal) },
		"sent":     func() { o.Sent(ws.Sent{Event: "said", Declared: true, Outboxes: 3, Bytes: 50}) },
		"unknown":  func() { o.Sent(ws.Sent{Event: "whatever", Outboxes: 3, Bytes: 50}) },
		"shed":     func() { o.Shed(ws.Shed{Event: "said", Declared: true, Shed: 1}) },
		"opened":   func() { o.Opened(c) },
		"closed":   func() { o.Closed(c, ws.Closed{Code: ws.CloseNormal, Remote: true}) },
		"refused":  func() { o.Refused(ws.Refusal{Event: "say", Declared: true, Err: refusal}) },
		"hostile":  func() { o.Refused(ws.Refusal{Event: "whatever", Err: refusal}) },
		"changed":  func() { o.Cluster(ws.ClusterEvent{Change: ws.ClusterShed, Count: 3}) },
		"gone":     func() { o.Cluster(ws.ClusterEvent{Change: ws.ClusterNodeGone}) },
		"declined": func() { o.Refused(ws.Refusal{Status: 403, Err: refusal}) },
	}
}

// TestCostsNoMemory: what happens again and again allocates nothing the second
// time.
func TestCostsNoMemory(t *testing.T) {
	for name, do := range told(prom.New(prom.Options{}).Observer(), wstest.NewClient().Client) {
		if n := testing.AllocsPerRun(100, do); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func BenchmarkTold(b *testing.B) {
	for name, do := range told(prom.New(prom.Options{}).Observer(), wstest.NewClient().Client) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
		})
	}
}

// BenchmarkToldByAll is what cores that share the metrics cost each other.
func BenchmarkToldByAll(b *testing.B) {
	do := told(prom.New(prom.Options{}).Observer(), wstest.NewClient().Client)["handled"]
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			do()
		}
	})
}
