package prom_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/broker/brokertest"
	"github.com/wsgen/wsgen/runtime/broker/memory"
	"github.com/wsgen/wsgen/runtime/metrics/prom"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// TestCluster: what a node of a cluster counts is exported, and what changes, with all
// changes there before they happen. A push counts where it was made, and what it
// reaches where that is.
func TestCluster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, far := prom.New(prom.Options{Events: []string{"hi"}}), prom.New(prom.Options{Events: []string{"hi"}})
		engine := memory.New()
		link, away := brokertest.Faulty(engine, brokertest.Faults{}), engine.Node()
		of := func(b ws.Broker, o ws.Observer) ws.Options {
			return ws.Options{Logger: slog.New(slog.DiscardHandler), Observer: o, Cluster: ws.Cluster{Broker: b, JoinHold: time.Second}}
		}
		nodes := wstest.Run(t, 4, of(link, m.Observer()), of(engine, far.Observer()), of(away, ws.Observer{}), of(engine, ws.Observer{}))
		m.Watch(nodes[0])
		far.Watch(nodes[1])
		wants(t, m,
			`wsgen_server_cluster_link_down 0`,
			`wsgen_server_cluster_nodes 4`,
			`wsgen_cluster_changes_total{change="up"} 1`,
			`wsgen_cluster_changes_total{change="node_joined"} 3`,
			`wsgen_cluster_changes_total{change="node_gone"} 0`,
			`wsgen_cluster_changes_total{change="reset"} 0`,
		)
		before := nodes[0].Stats().Cluster.Published
		wstest.NewClient(wstest.On(nodes[1]))
		_, _ = nodes[0].Broadcast("hi", 1)
		synctest.Wait()
		if now := nodes[0].Stats().Cluster.Published; now != before+1 {
			t.Errorf("%d were published, want 1", now-before)
		}
		wants(t, m, `wsgen_pushes_total{event="hi"} 1`, `wsgen_push_outboxes_total{event="hi"} 0`)
		wants(t, far, `wsgen_pushes_total{event="hi"} 0`, `wsgen_push_outboxes_total{event="hi"} 1`, `wsgen_server_cluster_messages_received_total 1`)

		ws.NewPush(nodes[0], func(to ws.Target) ws.Target { return to }).All().Emit("typed", 1)
		synctest.Wait()
		wants(t, far, `wsgen_push_outboxes_total{event="typed"} 1`)

		if err := nodes[3].Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		away.Cut()
		time.Sleep(10 * time.Second)
		link.Cut()
		for range 3 {
			_, _ = nodes[0].Broadcast("hi", 2)
		}
		synctest.Wait()
		wants(t, m,
			`wsgen_server_cluster_link_down 1`,
			`wsgen_server_cluster_nodes 2`,
			`wsgen_server_cluster_outages_total 1`,
			`wsgen_server_cluster_queued_messages 3`,
			`wsgen_cluster_changes_total{change="node_left"} 1`,
			`wsgen_cluster_changes_total{change="node_gone"} 1`,
			`wsgen_cluster_changes_total{change="down"} 1`,
		)
		time.Sleep(10 * time.Second)
		wants(t, m, `wsgen_server_cluster_messages_late_total 3`)
	})
}

// TestClusterAlone: nothing is said of a cluster by a Server that is alone, and one that
// should be in one, and could not, says that its link is down.
func TestClusterAlone(t *testing.T) {
	m := prom.New(prom.Options{})
	m.Watch(ws.NewServer(ws.Options{Observer: m.Observer()}))
	for _, line := range scrape(t, m) {
		if strings.Contains(line, "cluster") {
			t.Errorf("alone, and %s", line)
		}
	}
	m.Watch(ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler), Cluster: ws.Cluster{Broker: mistaken{}}}))
	wants(t, m, `wsgen_server_cluster_link_down 1`, `wsgen_server_cluster_nodes 0`)
}

// mistaken is a Broker whose options are wrong.
type mistaken struct{ ws.Broker }

func (mistaken) Open(string, broker.Receiver) (broker.Link, error) {
	return nil, errors.New("no url")
}
