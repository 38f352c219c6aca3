package natstest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/broker/brokertest"
	natsbroker "github.com/wsgen/wsgen/runtime/broker/nats"
	"github.com/wsgen/wsgen/runtime/broker/nats/natstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quick has a link try again at once, and at no other server than it was told.
func quick(more ...nats.Option) []nats.Option {
	return append([]nats.Option{
		nats.ReconnectWait(2 * time.Millisecond), nats.ReconnectJitter(3*time.Millisecond, 3*time.Millisecond),
		nats.IgnoreDiscoveredServers(),
	}, more...)
}

// behind returns a Broker that leads through a proxy.
func behind(p *proxy) broker.Broker {
	return natsbroker.New(natsbroker.Options{URL: "nats://" + p.addr, Connect: quick()})
}

func address(s *natstest.Server) func() string {
	return func() string { return strings.TrimPrefix(s.URL(), "nats://") }
}

// check ends a test in which something could not be done.
func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestConformance: the adapter keeps all promises, with one server.
func TestConformance(t *testing.T) {
	server := natstest.Run(t)
	brokertest.Run(t, func(t *testing.T) brokertest.Engine {
		one := newProxy(t, address(server))
		brokers := map[bool]broker.Broker{true: behind(one), false: natsbroker.New(natsbroker.Options{URL: server.URL(), Connect: quick()})}
		return brokertest.Engine{
			Broker:  func(n int) broker.Broker { return brokers[n == 1] },
			Cut:     func(int) { one.Cut() },
			Heal:    func(int) { one.Heal() },
			Restart: func() { check(t, server.Restart()) },
			Empty:   func() { empty(t, server) },
			Expire:  func() { expire(t, server) },
			Save: func() func() {
				restore, err := natstest.Save(server)
				check(t, err)
				return func() { check(t, restore()) }
			},
		}
	})
}

// inCluster returns an Engine with nodes at three servers.
func inCluster(t *testing.T, servers []*natstest.Server) brokertest.Engine {
	var proxies []*proxy
	var brokers []broker.Broker
	for _, s := range servers {
		p := newProxy(t, address(s))
		proxies, brokers = append(proxies, p), append(brokers, behind(p))
	}
	// Other nodes than 1 use its server, too, but no other way to it is cut.
	beside := behind(newProxy(t, address(servers[1])))
	return brokertest.Engine{
		Broker: func(n int) broker.Broker {
			if n%3 == 1 && n != 1 {
				return beside
			}
			return brokers[n%3]
		},
		Cut:  func(int) { proxies[1].Cut() },
		Heal: func(int) { proxies[1].Heal() },
		// Nodes come back when the servers have found each other. Before that a
		// cluster is several.
		Restart: func() {
			for _, p := range proxies {
				p.Cut()
			}
			for _, s := range servers {
				s.Stop()
			}
			for _, s := range servers {
				check(t, s.Restart())
			}
			check(t, natstest.Joined(servers))
			for _, p := range proxies {
				p.Heal()
			}
		},
		Empty: func() { empty(t, servers[0]) },
	}
}

// TestConformanceCluster: the adapter keeps all promises of a Link, with nodes at
// three servers.
func TestConformanceCluster(t *testing.T) {
	servers := natstest.Cluster(t, 3)
	brokertest.RunLink(t, func(t *testing.T) brokertest.Engine { return inCluster(t, servers) })
}

// TestKeeperCluster: it keeps those of a Keeper, with each message on three servers,
// of which any may answer and may lag.
func TestKeeperCluster(t *testing.T) {
	servers := natstest.Cluster(t, 3)
	brokertest.RunKeeper(t, func(t *testing.T) brokertest.Engine { return inCluster(t, servers) },
		"KeepOrder", "KeepKeysAtOnce", "KeepRead", "KeepReadWhereHeard", "KeepEnds", "KeepSilent", "KeepModel", "KeepCut", "KeepEmpty")
}
