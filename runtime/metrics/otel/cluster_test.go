package wsotel_test

import (
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/broker/memory"
	wsotel "github.com/wsgen/wsgen/runtime/metrics/otel"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// TestCluster: what a node of a cluster counts is collected, and what changes between
// it and the others is counted. A Server alone has no such values. A push counts where
// it was made.
func TestCluster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, wsotel.Options{}, nil)
		const of = "wsgen.server.cluster."
		numbers := func() map[string]int64 {
			got := map[string]int64{}
			for name := range s.collect() {
				if short, ok := strings.CutPrefix(name, of); ok {
					for _, n := range s.sums(name) {
						got[short] = n
					}
				}
			}
			return got
		}
		s.telemetry.Watch(s.server)
		if got := numbers(); len(got) != 0 {
			t.Errorf("of a Server alone: %v", got)
		}

		engine := memory.New()
		link, away := engine.Node(), engine.Node()
		on := func(b ws.Broker, o ws.Observer) ws.Options {
			return ws.Options{Logger: slog.New(slog.DiscardHandler), Observer: o, Cluster: ws.Cluster{Broker: b}}
		}
		nodes := wstest.Run(t, 4, on(link, s.telemetry.Observer()), on(engine, ws.Observer{}), on(away, ws.Observer{}), on(engine, ws.Observer{}))
		s.telemetry.Watch(nodes[0])
		if fields := reflect.TypeFor[ws.ClusterStats]().NumField() - 1; len(numbers()) != fields {
			t.Errorf("%d numbers, and ClusterStats has %d: %v", len(numbers()), fields, slices.Sorted(maps.Keys(numbers())))
		}

		push := func(from *ws.Server) {
			_, _ = ws.NewPush(from, func(to ws.Target) ws.Target { return to }).All().Emit("said", 1)
		}
		push(nodes[0])
		push(nodes[1])
		synctest.Wait()
		s.want("wsgen.push.calls", map[string]int64{"wsgen.event=said": 1})
		if err := nodes[3].Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		away.Cut()
		time.Sleep(10 * time.Second)
		link.Cut()
		push(nodes[0])
		synctest.Wait()
		got := numbers()
		for name, want := range map[string]int64{"down": 1, "nodes": 2, "outages": 1, "waiting": 1, "received": 1, "late": 0, "lost": 0} {
			if n, is := got[name]; n != want || !is {
				t.Errorf("%s is %d, want %d", name, n, want)
			}
		}
		if time.Sleep(10 * time.Second); numbers()["late"] != 1 || numbers()["waiting"] != 0 {
			t.Error(numbers())
		}
		const change = "wsgen.cluster.change="
		s.want("wsgen.cluster.changes", map[string]int64{
			change + "up": 1, change + "node_joined": 3, change + "node_left": 1, change + "node_gone": 1, change + "down": 1, change + "shed": 1,
		})
	})
}
