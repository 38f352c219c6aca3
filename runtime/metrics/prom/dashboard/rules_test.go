package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/broker/brokertest"
	"github.com/wsgen/wsgen/runtime/metrics/prom/dashboard/internal/board"
	"github.com/wsgen/wsgen/runtime/metrics/prom/dashboard/internal/demo"
	"github.com/wsgen/wsgen/runtime/metrics/prom/dashboard/internal/scrape"
)

// happening is what happens to a site, and the alerts that it sets off.
type happening struct {
	options ws.Options
	every   time.Duration // scrapes
	live    func(s *site)
	fires   []string
}

// TestRulesFire: each alert fires when what it is about happens, none fires when
// nothing does, and what happens sets off no other alerts than those that it
// should.
func TestRulesFire(t *testing.T) {
	const minute, second = time.Minute, time.Second
	tried := map[string]bool{}
	cases := map[string]happening{
		"nothing happens": {ws.Options{MaxConnections: 20}, 15 * second, func(s *site) {
			s.come(10)
			s.chat(40*minute, 10*second, nil)
			s.refused(http.StatusUnauthorized, "")
			for _, c := range s.people {
				c.Close(ws.CloseAway, "")
			}
			s.pass(15 * minute)
		}, nil},
		"nothing happens in a cluster": {ws.Options{Cluster: inCluster}, 15 * second, func(s *site) {
			s.come(5)
			s.chat(40*minute, 10*second, func() { _, _ = s.far.Broadcast("news", 1) })
			s.All().Across(s.t.Context(), nil).Count()
			_ = s.far.Shutdown(s.t.Context())
			s.died = true
			s.scrapes.Gone(s.last, farInstance)
			s.pass(15 * minute)
		}, nil},
		"the engine is away": {ws.Options{Cluster: inCluster}, 15 * second, func(s *site) {
			s.pass(15 * minute)
			s.engine.Stop()
			s.pass(90 * second)
			s.engine.Start()
			s.pass(15 * minute)
		}, []string{"WsgenClusterLinkDown"}},
		"a node is cut off": {ws.Options{Cluster: inCluster}, 15 * second, func(s *site) {
			s.pass(15 * minute)
			s.link.Cut()
			s.pass(90 * second)
			s.link.Heal()
			s.pass(15 * minute)
		}, []string{"WsgenClusterLinkDown", "WsgenClusterNodeGone"}},
		"a node hears nobody": {ws.Options{Cluster: inCluster}, 15 * second, func(s *site) {
			s.farLink.Set(brokertest.Faults{Silent: 1})
			s.pass(15 * minute)
		}, []string{"WsgenClusterSplit", "WsgenClusterNodeGone"}},
		"a node is killed": {ws.Options{Cluster: inCluster}, 15 * second, func(s *site) {
			s.pass(15 * minute)
			s.die()
			s.pass(15 * minute)
		}, []string{"WsgenClusterNodeGone"}},
		"the engine is slow": {ws.Options{Cluster: ws.Cluster{Name: inCluster.Name, QueueMessages: 10}}, 15 * second, func(s *site) {
			s.link.Set(brokertest.Faults{Slow: 3 * second})
			s.chat(15*minute, 5*second, func() {
				for i := range 100 {
					s.push.All().Price(i)
				}
			})
		}, []string{"WsgenClusterPushesLost"}},
		"the engine does not want it": {ws.Options{Cluster: inCluster}, 15 * second, func(s *site) {
			s.chat(15*minute, 5*second, func() { s.push.All().Said(demo.Line{Text: unwanted}) })
		}, []string{"WsgenClusterPushesLost"}},
		"the engine loses messages": {ws.Options{Cluster: inCluster}, 15 * second, func(s *site) {
			s.link.Set(brokertest.Faults{Loss: .02})
			s.chat(15*minute, second, func() { _, _ = s.far.Broadcast("news", 1) })
		}, []string{"WsgenClusterMessagesLost"}},
		"the engine confirms late": {ws.Options{Cluster: ws.Cluster{Name: inCluster.Name, JoinHold: second / 2}}, 15 * second, func(s *site) {
			s.link.Set(brokertest.Faults{Slow: 3 * second})
			n := 0
			s.chat(15*minute, 20*second, func() {
				n++
				s.dial(fmt.Sprint("new", n)).Close(ws.CloseAway, "")
			})
		}, []string{"WsgenClusterJoinsUnconfirmed"}},
		"another release": {ws.Options{Cluster: inCluster}, 15 * second, func(s *site) {
			s.chat(25*minute, 20*second, func() { s.sayOdd(ofAnotherRelease) })
		}, []string{"WsgenClusterNotUnderstood"}},
		"something else on the engine": {ws.Options{Cluster: inCluster}, 15 * second, func(s *site) {
			s.chat(25*minute, 20*second, func() { s.sayOdd(ofNobody) })
		}, []string{"WsgenClusterNotUnderstood"}},
		"searches fail": {ws.Options{}, 15 * second, func(s *site) {
			s.come(3)
			s.chat(5*minute, 10*second, nil)
			s.trouble.Fail(true)
			s.chat(20*minute, 10*second, nil)
		}, []string{"WsgenInternalErrors", "WsgenMessagesRefused"}},
		"slower than yesterday": {ws.Options{Lifetime: ws.Unlimited}, minute, func(s *site) {
			s.come(2)
			s.chat(25*time.Hour, minute, nil)
			s.trouble.Slower(20)
			s.chat(40*minute, minute, nil)
		}, []string{"WsgenSlowerThanUsual"}},
		"clients of another version": {ws.Options{}, 15 * second, func(s *site) {
			s.come(3)
			s.chat(25*minute, 10*second, func() {
				s.people[0].Send("speak", "hello")
				s.people[0].Send("search", []int{1})
			})
		}, []string{"WsgenMessagesRefused"}},
		"guards fail": {ws.Options{}, 15 * second, func(s *site) {
			s.come(3)
			s.chat(15*minute, 20*second, func() { s.refused(http.StatusInternalServerError, "eve") })
		}, []string{"WsgenHandshakesFail"}},
		"credentials are refused": {ws.Options{}, 15 * second, func(s *site) {
			s.chat(25*minute, 20*second, func() { s.refused(http.StatusUnauthorized, "") })
		}, []string{"WsgenHandshakesRefused"}},
		"a proxy cuts": {ws.Options{}, 15 * second, func(s *site) {
			s.chat(30*minute, 5*second, func() {
				s.come(1)
				s.people[0].Vanish()
				s.people = nil
			})
		}, []string{"WsgenConnectionsVanish"}},
		"most are gone": {ws.Options{}, 15 * second, func(s *site) {
			s.come(120)
			s.pass(11 * minute)
			for _, c := range s.people[:80] {
				c.Close(ws.CloseAway, "")
			}
			s.pass(5 * minute)
		}, []string{"WsgenConnectionsLost"}},
		"the connect hook fails": {ws.Options{}, 15 * second, func(s *site) {
			s.chat(25*minute, 20*second, func() { s.dial("unlucky") })
		}, []string{"WsgenConnectionsFail"}},
		"a stream does not end": {ws.Options{DrainTimeout: ws.Unlimited}, 15 * second, func(s *site) {
			s.trouble.Slower(10_000)
			s.dial("ann").Begin("watch", 1)
			s.pass(second)
			over := make(chan error)
			ctx, stop := context.WithCancel(context.Background())
			go func() { over <- s.Shutdown(ctx) }()
			s.pass(30 * minute)
			stop()
			<-over
		}, []string{"WsgenShutdownHangs"}},
		"no place is left": {ws.Options{MaxConnections: 10}, 15 * second, func(s *site) {
			s.come(10)
			s.pass(10 * minute)
			s.chat(10*minute, 20*second, func() { s.refused(http.StatusServiceUnavailable, "late") })
		}, []string{"WsgenServerFull", "WsgenHandshakesFail"}},
		"nobody reads": {ws.Options{OutboxFrames: 8, WriteTimeout: 2 * time.Hour, IdleTimeout: 2 * time.Hour}, 15 * second, func(s *site) {
			for range 10 {
				s.dial("deaf").Deaf()
			}
			s.chat(20*minute, 5*second, func() { s.push.All().Price(1) })
		}, []string{"WsgenPushesShed"}},
		"memory is short": {ws.Options{OutboxTotalBytes: 256 << 10, WriteTimeout: 2 * time.Hour, IdleTimeout: 2 * time.Hour}, 15 * second, func(s *site) {
			for i := range 10 {
				s.dial(fmt.Sprint("deaf", i)).Deaf()
			}
			s.chat(15*minute, 5*second, func() {
				for i := range 10 {
					s.push.Users(fmt.Sprint("deaf", i)).Said(long())
				}
			})
		}, []string{"WsgenOutboxMemory", "WsgenPushesShed"}},
		"they do not read, and are closed": {ws.Options{OutboxFrames: 8}, 15 * second, func(s *site) {
			s.chat(30*minute, 20*second, func() {
				s.dial("deaf").Deaf()
				for i := range 10 {
					s.push.Overflow(ws.CloseSlow).All().Price(i)
				}
			})
		}, []string{"WsgenSlowConnections", "WsgenPushesShed"}},
	}
	maps.Copy(cases, withReaders())
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			scrapes, over := record(t, c.options, c.every, c.live)
			var fired []string
			for _, r := range board.Rules() {
				lines, err := scrapes.Eval(r.Expr, over)
				if err != nil {
					t.Fatal(err)
				}
				if fires(t, lines, r.For, over) {
					fired = append(fired, r.Alert)
				}
			}
			slices.Sort(fired)
			slices.Sort(c.fires)
			if !slices.Equal(fired, c.fires) {
				t.Errorf("fired %q, want %q", fired, c.fires)
			}
		})
		for _, alert := range c.fires {
			tried[alert] = true
		}
	}
	for _, r := range board.Rules() {
		if !tried[r.Alert] {
			t.Errorf("nothing sets off %s", r.Alert)
		}
	}
}

// fires reports whether an alert's expression has had a value for as long as it
// must.
func fires(t *testing.T, lines []scrape.Line, long string, over scrape.Range) bool {
	t.Helper()
	must, err := model.ParseDuration(long)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		since := l.Points[0].At
		for i, p := range l.Points {
			if i > 0 && p.At.Sub(l.Points[i-1].At) > over.Step {
				since = p.At
			}
			if p.At.Sub(since) >= time.Duration(must) {
				return true
			}
		}
	}
	return false
}
