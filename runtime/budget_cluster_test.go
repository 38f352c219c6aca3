//go:build !race

package ws

import (
	"context"
	"log/slog"
	"runtime"
	"testing"
	"unsafe"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/internal/cluster"
	"github.com/wsgen/wsgen/runtime/internal/frame"
)

// sink is a Broker whose Link takes everything, and whose Receiver a test calls.
type sink struct {
	broker.Link
	r broker.Receiver
}

func (s *sink) Open(_ string, r broker.Receiver) (broker.Link, error) {
	s.r = r
	return s, nil
}

func (s *sink) MaxMessage() int                             { return 1 << 20 }
func (s *sink) Close(context.Context) error                 { return nil }
func (s *sink) Subscribe(context.Context, []string) error   { return nil }
func (s *sink) Unsubscribe(context.Context, []string) error { return nil }
func (s *sink) Publish(_ context.Context, b []broker.Outgoing) (int, error) {
	return len(b), nil
}

// inCluster returns Options of a node whose engine costs nothing.
func inCluster(tb testing.TB) (*sink, Options) {
	s := &sink{}
	return s, Options{Logger: slog.New(slog.DiscardHandler), Cluster: Cluster{Broker: s}}
}

// clusterCrowd is crowd in a cluster, with all in one room.
func clusterCrowd(tb testing.TB, n int, o Options) (s *Server, take func()) {
	s, take = crowd(tb, n, o)
	if engine, is := o.Cluster.Broker.(*sink); is {
		engine.r.Up()
	}
	for c := range s.All().Clients() {
		if err := c.Join("room"); err != nil {
			tb.Fatal(err)
		}
		if settled := c.member.Settled(); settled != nil {
			<-settled
		}
	}
	if s.cluster != nil {
		tb.Cleanup(func() {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_ = s.cluster.leave(ctx)
		})
	}
	return s, take
}

// TestBudgetClusterPush: a push by a node of a cluster allocates no more than one by
// a Server alone, to a room, to everyone, and to a union.
func TestBudgetClusterPush(t *testing.T) {
	frame := frame.Text(typedMessage)
	allocations := func(o Options, to func(*Server) Target) float64 {
		s, take := clusterCrowd(t, 20, o)
		target := to(s)
		return testing.AllocsPerRun(500, func() {
			if n, err := target.push("e", frame); n != 20 || err != nil {
				t.Fatal(n, err)
			}
			take()
		})
	}
	for name, to := range map[string]func(*Server) Target{
		"a room":     func(s *Server) Target { return s.In("room") },
		"everyone":   (*Server).All,
		"but one":    func(s *Server) Target { return s.In("room").Except(7) },
		"with a key": func(s *Server) Target { return s.In("room").Coalesce("k") },
	} {
		_, o := inCluster(t)
		alone, inCluster := allocations(Options{}, to), allocations(o, to)
		if inCluster > alone {
			t.Errorf("%s: %v allocations in a cluster, %v alone", name, inCluster, alone)
		}
	}
}

// TestBudgetClusterArrival bounds what a push of another node allocates, however
// many it is for: the frame is shared as it came.
func TestBudgetClusterArrival(t *testing.T) {
	engine, o := inCluster(t)
	s, take := clusterCrowd(t, 500, o)
	p := cluster.Packet[ConnID]{Kind: cluster.Push, From: 7, Target: cluster.ToRooms, Names: []string{"room"}, Event: "e", Payload: frame.Text(typedMessage)}
	data, err := p.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	before := s.Stats().Accepted
	got := testing.AllocsPerRun(200, func() {
		engine.r.Deliver(broker.Delivery{Channel: cluster.Room("room"), Data: data})
		take()
	})
	if took := s.Stats().Accepted - before; took != 201*500 {
		t.Fatalf("%d outboxes took it", took)
	}
	if got > 8 {
		t.Errorf("%v allocations, at most 8", got)
	}
}

// TestBudgetClusterConnection bounds what a connection weighs more in a cluster,
// without a user and rooms.
func TestBudgetClusterConnection(t *testing.T) {
	weight := func(o Options) uint64 {
		const n = 5000
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		s, take := crowd(t, n, o)
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(take)
		if s.cluster != nil {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_ = s.cluster.leave(ctx)
		}
		return (after.HeapAlloc - before.HeapAlloc) / n
	}
	_, o := inCluster(t)
	weight(Options{}) // what is made once
	alone, inCluster := weight(Options{}), weight(o)
	if inCluster > alone+32 {
		t.Errorf("%d bytes in a cluster, %d alone, and at most 32 more", inCluster, alone)
	}
	var target Target
	if size := unsafe.Sizeof(target); size > 192 {
		t.Errorf("a Target has %d bytes", size)
	}
}

// BenchmarkClusterPush pushes to a room of a hundred, alone and in a cluster whose
// engine costs nothing.
func BenchmarkClusterPush(b *testing.B) {
	frame := frame.Text(typedMessage)
	for name, cluster := range map[string]bool{"alone": false, "cluster": true} {
		b.Run(name, func(b *testing.B) {
			var o Options
			if cluster {
				_, o = inCluster(b)
			}
			s, take := clusterCrowd(b, 100, o)
			to := s.In("room")
			b.ReportAllocs()
			for b.Loop() {
				_, _ = to.push("e", frame)
				take()
			}
		})
	}
}
