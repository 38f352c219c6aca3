package ws_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/broker/brokertest"
	"github.com/wsgen/wsgen/runtime/broker/memory"
	"github.com/wsgen/wsgen/runtime/internal/cluster"
)

// cluster is several nodes in a bubble of synctest, each with a Broker of its own
// that can be given faults.
type clusterSite struct {
	t     *testing.T
	nodes []*clusterNode
}

type clusterNode struct {
	*pipeSite
	to      *brokertest.FaultyBroker
	clients chan *ws.Client
}

// inCluster runs a check in a bubble, on n nodes that know each other, and ends
// them.
func inCluster(t *testing.T, n int, faults brokertest.Faults, o ws.Options, check func(*clusterSite)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &clusterSite{t: t}
		engine := memory.New()
		for i := range n {
			faults.Seed++
			node := &clusterNode{to: brokertest.Faulty(engine, faults), clients: make(chan *ws.Client, 100)}
			o.Cluster.Broker, o.Cluster.Node = node.to, fmt.Sprint("node", i)
			g := lobby(node.clients)
			g.connGuards = []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
				u.Principal = ws.Principal{ID: u.Token}
				return nil
			})}
			node.pipeSite = servePipe(t, o, g)
			c.nodes = append(c.nodes, node)
		}
		time.Sleep(time.Second)
		for _, node := range c.nodes {
			if got := len(node.Nodes()); got != n {
				t.Fatalf("a node knows %d of %d", got, n)
			}
		}
		t.Cleanup(func() {
			for _, node := range c.nodes {
				node.to.Heal() // before it is ended, if the check has failed
			}
		})
		check(c)
		for _, node := range c.nodes {
			node.to.Heal()
			node.shutdown(t)
		}
	})
}

// member connects to a node, as a user and in rooms.
func (c *clusterSite) member(node int, user string, rooms ...string) member {
	c.t.Helper()
	n := c.nodes[node]
	m := member{n.dial(c.t, "/ws?access_token="+user), <-n.clients}
	if len(rooms) > 0 {
		m.peer.send(`{"event":"join","id":1,"data":["%s"]}`, strings.Join(rooms, `","`))
		m.peer.want(`{"event":"join","id":1,"data":null}`)
	}
	return m
}

// TestClusterReaches has every way of addressing, from every node, reach the
// connections of all nodes that it says, once.
func TestClusterReaches(t *testing.T) {
	inCluster(t, 3, brokertest.Faults{Echo: true, Jitter: 5 * time.Millisecond}, ws.Options{}, func(c *clusterSite) {
		ms := []member{
			c.member(0, "ann", "a", "b"),
			c.member(1, "ann", "b"),
			c.member(1, "bob", "a"),
			c.member(2, "", "a", "*.>{}"),
			c.member(2, "cid"),
		}
		ids := make([]ws.ConnID, len(ms))
		for i, m := range ms {
			ids[i] = m.client.ID()
		}
		number := 0
		for from, n := range c.nodes {
			for _, x := range []struct {
				name string
				to   ws.Target
				who  []int
			}{
				{"everyone", n.All(), []int{0, 1, 2, 3, 4}},
				{"everyone but two", n.All().Except(ids[0], ids[3]), []int{1, 2, 4}},
				{"a room", n.In("a"), []int{0, 2, 3}},
				{"a room of odd characters", n.In("*.>{}"), []int{3}},
				{"a union, each once", n.In("a", "b", "a", "none", "*.>{}"), []int{0, 1, 2, 3}},
				{"a union but one", n.In("b", "a").Except(ids[0]), []int{1, 2, 3}},
				{"nobody", n.In("none"), nil},
				{"ids", n.Conn(ids[4], ids[1], ids[4], 42, ids[0]), []int{0, 1, 4}},
				{"a user", n.Users("ann"), []int{0, 1}},
				{"users", n.Users("ann", "bob", "ann", "nobody"), []int{0, 1, 2}},
			} {
				number++
				if _, err := x.to.Emit("n", number); err != nil {
					t.Errorf("%s from node %d: %v", x.name, from, err)
				}
				time.Sleep(20 * time.Millisecond)
				want := fmt.Sprintf(`{"event":"n","data":%d}`, number)
				for i, m := range ms {
					if slices.Contains(x.who, i) {
						m.peer.want(want)
					}
				}
			}
		}
		// Whoever had got one that it should not have would have failed above, but at
		// the end.
		c.nodes[0].Broadcast("end", 1)
		for _, m := range ms {
			m.peer.want(`{"event":"end","data":1}`)
		}
		for _, n := range c.nodes {
			if s := n.Stats().Cluster; s.Lost+s.Malformed+s.Unknown+s.QueueShed+s.QueueLate > 0 || s.Nodes != 3 || !s.Up {
				t.Errorf("%+v", s)
			}
		}
	})
}

// TestClusterVerbs: joins, leaves and closes by a Target, and an Emit to an id, reach
// the connections of other nodes.
func TestClusterVerbs(t *testing.T) {
	inCluster(t, 2, brokertest.Faults{}, ws.Options{}, func(c *clusterSite) {
		here, there := c.nodes[0], c.nodes[1]
		m := c.member(1, "ann")
		id := m.client.ID()
		settle := func() { time.Sleep(50 * time.Millisecond); synctest.Wait() }

		if is, err := here.Emit(id, "hi", 1); !is || err != nil {
			t.Error(is, err)
		}
		m.peer.want(`{"event":"hi","data":1}`)
		if is, err := here.Emit(id^1<<50, "hi", 1); is || err != nil {
			t.Error("of a node that nobody knows:", is, err)
		}
		if err := here.Users("ann").Join("r"); err != nil {
			t.Error(err)
		}
		settle()
		if there.In("r").Count() != 1 || here.In("r").Count() != 0 {
			t.Error("not joined")
		}
		if _, err := here.EmitTo("r", "in", 2); err != nil {
			t.Error(err)
		}
		m.peer.want(`{"event":"in","data":2}`)
		here.Conn(id).Leave("r")
		settle()
		if there.In("r").Count() != 0 {
			t.Error("not left")
		}
		if n := here.All().Disconnect(ws.CloseCode(4000), "bye"); n != 0 {
			t.Error(n, "were here")
		}
		if why := m.peer.wantClose(4000); why != "bye" {
			t.Error(why)
		}
	})
}

// TestClusterAcross: calls that wait count on all nodes, and say who is missing.
func TestClusterAcross(t *testing.T) {
	inCluster(t, 3, brokertest.Faults{Delay: time.Millisecond}, ws.Options{}, func(c *clusterSite) {
		a := c.nodes[0]
		for i, user := range []string{"ann", "bob", "ann", "cid"} {
			m := c.member(i%3, user, "r")
			go func() {
				for {
					if _, _, err := m.peer.read(); err != nil {
						return
					}
				}
			}()
		}
		ctx := c.t.Context()
		var r ws.Reached
		for _, x := range []struct {
			name string
			do   func() int
			want int
		}{
			{"Count", func() int { return a.In("r").Across(ctx, &r).Count() }, 4},
			{"Count of a union", func() int { return a.In("r", "s").Across(ctx, &r).Count() }, 4},
			{"Emit", func() int { n, _ := a.Users("ann").Across(ctx, &r).Emit("e", 1); return n }, 2},
			{"Emit to nobody", func() int { n, _ := a.Users("dan").Across(ctx, &r).Emit("e", 1); return n }, 0},
			{"Join", func() int { _ = a.Users("ann", "bob").Across(ctx, &r).Join("s"); return r.Count }, 3},
			{"Leave", func() int { a.Users("bob").Across(ctx, &r).Leave("s"); return r.Count }, 1},
			{"Count afterwards", func() int { return a.In("s").Across(ctx, &r).Count() }, 2},
			{"Disconnect", func() int { return a.Users("cid").Across(ctx, &r).Disconnect(4000, "") }, 1},
			{"Count without", func() int { return a.All().Across(ctx, nil).Count() }, 3},
		} {
			r = ws.Reached{Count: x.want, Nodes: 3}
			if got := x.do(); got != x.want || r.Count != x.want || r.Nodes != 3 || len(r.Missing) != 0 {
				t.Errorf("%s: %d, %+v; want %d", x.name, got, r, x.want)
			}
		}

		who := a.In("s", "r").Members(ctx, 10)
		if len(who.Items) != 3 || who.More || len(who.Missing) != 0 || who.Items[0].User == "" || who.Items[0].Since.IsZero() {
			t.Errorf("%+v", who)
		}
		if some := a.All().Members(ctx, 2); len(some.Items) != 2 || !some.More {
			t.Errorf("%+v", some)
		}

		// Nobody is addressed: nobody is asked, and nobody is missing.
		for name, to := range map[string]ws.Target{"no user": a.Users(), "no room": a.In(), "no id": a.Conn(), "the zero Target": {}} {
			began := time.Now()
			r = ws.Reached{Count: 7, Missing: []ws.NodeID{1}}
			if n := to.Across(ctx, &r).Count(); n != 0 || r.Count != 0 || len(r.Missing) != 0 || time.Since(began) > 0 {
				t.Errorf("%s: %d, %+v, %v", name, n, r, time.Since(began))
			}
			if who := to.Members(ctx, 1); len(who.Items)+len(who.Missing) != 0 {
				t.Errorf("%s: %+v", name, who)
			}
		}
		// More than can be asked about: nothing is done, here neither, and all are missing.
		many := make([]string, 257)
		for i := range many {
			many[i] = fmt.Sprint("user", i)
		}
		many[0] = "ann"
		before := a.Stats().Accepted
		if _, err := a.Users(many...).Across(ctx, &r).Emit("e", 1); !errors.Is(err, ws.ErrTooMany) || len(r.Missing) != 2 || a.Stats().Accepted != before {
			t.Errorf("%v, %+v", err, r)
		}
		if n := a.Users(many...).Across(ctx, &r).Count(); n != 1 || r.Nodes != 1 || len(r.Missing) != 2 {
			t.Errorf("%d, %+v", n, r)
		}
		// An ended context: everybody is missing, at once.
		over, end := context.WithCancel(ctx)
		end()
		if n := a.All().Across(over, &r).Count(); n == 0 || len(r.Missing) != 2 {
			t.Errorf("%d, %+v", n, r)
		}
		// Many at once.
		var calls sync.WaitGroup
		for range 50 {
			calls.Go(func() {
				var r ws.Reached
				if n := a.In("s").Across(ctx, &r).Count(); n != 2 || len(r.Missing) != 0 {
					t.Errorf("%d, %+v", n, r)
				}
			})
		}
		calls.Wait()

		// One node is stuck: the others answer, and it is named.
		c.nodes[2].to.Hang()
		began := time.Now()
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if n := a.All().Across(short, &r).Count(); n != 2 || r.Nodes != 2 || len(r.Missing) != 1 || time.Since(began) > time.Second {
			t.Errorf("%d, %+v, %v", n, r, time.Since(began))
		}
		if r.Missing[0].String() != fmt.Sprint(c.nodes[2].Nodes()[0].ID) {
			t.Errorf("%v is missing", r.Missing)
		}
		if a.Stats().Cluster.QuestionsMissing == 0 {
			t.Error("not counted")
		}
		// The link is down: all others are missing, at once.
		c.nodes[0].to.Cut()
		synctest.Wait()
		began = time.Now()
		if n := a.All().Across(ctx, &r).Count(); n != 1 || r.Nodes != 1 || len(r.Missing) != 2 || time.Since(began) > 0 {
			t.Errorf("%d, %+v, %v", n, r, time.Since(began))
		}
	})
}

// TestClusterJoined: who has the reply to its join, or to its handshake, hears the
// first push after that, from any node, though the engine takes its time.
func TestClusterJoined(t *testing.T) {
	inCluster(t, 3, brokertest.Faults{Slow: 30 * time.Millisecond, Jitter: 5 * time.Millisecond}, ws.Options{}, func(c *clusterSite) {
		for i := range 200 {
			room := fmt.Sprint("room", i)
			user := fmt.Sprint("user", i)
			m := c.member(i%3, user, room)
			if i%2 == 0 {
				_, _ = c.nodes[(i+1)%3].EmitTo(room, "first", i)
			} else {
				_, _ = c.nodes[(i+2)%3].Users(user).Emit("first", i)
			}
			m.peer.want(fmt.Sprintf(`{"event":"first","data":%d}`, i))
			_ = m.peer.conn.Close()
		}
		for _, n := range c.nodes {
			if s := n.Stats().Cluster; s.JoinsUnconfirmed != 0 {
				t.Errorf("%+v", s)
			}
		}
	})
}

// TestClusterJoinHold: an engine that confirms nothing holds a reply up for no longer
// than JoinHold, which is counted; and none if the link is down.
func TestClusterJoinHold(t *testing.T) {
	inCluster(t, 2, brokertest.Faults{}, ws.Options{Cluster: ws.Cluster{JoinHold: 300 * time.Millisecond}}, func(c *clusterSite) {
		n := c.nodes[0]
		n.to.Hang()
		began := time.Now()
		m := c.member(0, "", "a")
		if took := time.Since(began); took != 300*time.Millisecond {
			t.Errorf("held for %v", took)
		}
		if n.Stats().Cluster.JoinsUnconfirmed != 1 {
			t.Errorf("%+v", n.Stats().Cluster)
		}
		n.to.Heal()
		n.to.Cut()
		synctest.Wait()
		began = time.Now()
		m.peer.send(`{"event":"join","id":1,"data":["b"]}`)
		m.peer.want(`{"event":"join","id":1,"data":null}`)
		if took := time.Since(began); took != 0 {
			t.Errorf("held for %v although the link is down", took)
		}
	})
}

// TestClusterOutage: while the engine is away connections of one node hear each
// other, nobody is declared gone, and afterwards everything works again. What
// waited too long is counted.
func TestClusterOutage(t *testing.T) {
	inCluster(t, 2, brokertest.Faults{}, ws.Options{}, func(c *clusterSite) {
		a, b := c.member(0, "", "r"), c.member(1, "", "r")
		for _, n := range c.nodes {
			n.to.Cut()
		}
		synctest.Wait()
		for i := range 3 {
			began := time.Now()
			if n, err := c.nodes[0].EmitTo("r", "local", i); n != 1 || err != nil || time.Since(began) > 0 {
				t.Error(n, err)
			}
			a.peer.want(fmt.Sprintf(`{"event":"local","data":%d}`, i))
		}
		time.Sleep(9 * time.Second)
		_, _ = c.nodes[0].EmitTo("r", "recent", 1)
		a.peer.want(`{"event":"recent","data":1}`)
		for _, n := range []*clusterNode{c.nodes[1], c.nodes[0]} { // who is to hear it is there before it is said
			if len(n.Nodes()) != 2 {
				t.Error("an outage has buried the other")
			}
			n.to.Heal()
			synctest.Wait()
		}
		b.peer.want(`{"event":"recent","data":1}`)
		synctest.Wait()
		s := c.nodes[0].Stats().Cluster
		if s.QueueLate != 3 || s.Outages != 1 || !s.Up {
			t.Errorf("%+v", s)
		}
		time.Sleep(time.Second)
		_, _ = c.nodes[1].Broadcast("again", 1)
		for _, m := range []member{a, b} {
			m.peer.want(`{"event":"again","data":1}`)
		}
		if logs := c.nodes[0].logs.String(); !strings.Contains(logs, "does not work") || !strings.Contains(logs, "local 3") {
			t.Error(logs)
		}
	})
}

// TestClusterOrder: what one node pushes to a room arrives in its order on all
// nodes, and what members on one node see at once leaves in the order that they
// see.
func TestClusterOrder(t *testing.T) {
	inCluster(t, 2, brokertest.Faults{Jitter: 10 * time.Millisecond}, ws.Options{OutboxFrames: 10_000}, func(c *clusterSite) {
		a, b := c.member(0, "", "r"), c.member(1, "", "r")
		const each = 200
		done := make(chan struct{})
		for p := range 4 {
			go func() {
				for i := range each {
					_, _ = c.nodes[0].EmitTo("r", "n", p*each+i)
				}
				done <- struct{}{}
			}()
		}
		var seen [2][]string
		for i, m := range []member{a, b} {
			go func() {
				for range 4 * each {
					seen[i] = append(seen[i], m.peer.next())
				}
				done <- struct{}{}
			}()
		}
		for range 6 {
			<-done
		}
		if !slices.Equal(seen[0], seen[1]) {
			t.Error("the nodes have seen different orders of one node's pushes")
		}
	})
}

// TestClusterDeaths: a node that leaves is taken off at once, and one that is not
// heard after a while.
func TestClusterDeaths(t *testing.T) {
	inCluster(t, 3, brokertest.Faults{}, ws.Options{}, func(c *clusterSite) {
		leaver := c.nodes[2].Nodes()[0].ID
		c.nodes[2].shutdown(c.t)
		time.Sleep(10 * time.Millisecond)
		for _, n := range c.nodes[:2] {
			if all := n.Nodes(); len(all) != 2 || all[1].ID == leaver {
				t.Errorf("%v", all)
			}
		}
		c.nodes[1].to.Hang()
		time.Sleep(15 * time.Second)
		if all := c.nodes[0].Nodes(); len(all) != 1 {
			t.Errorf("%v", all)
		}
		c.nodes[1].to.Heal()
		time.Sleep(15 * time.Second)
		if all := c.nodes[0].Nodes(); len(all) != 2 || all[1].Name != "node1" {
			t.Errorf("%v", all)
		}
	})
}

// TestPublisher: a Server that only publishes reaches the connections of a cluster,
// also with what it pushed right before Shutdown; it may ask, and nobody waits for it.
func TestPublisher(t *testing.T) {
	inCluster(t, 2, brokertest.Faults{Delay: time.Millisecond}, ws.Options{}, func(c *clusterSite) {
		m := c.member(1, "ann", "r")
		p := ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler), Cluster: ws.Cluster{Broker: c.nodes[0].to, PublishOnly: true}})
		if n, err := p.EmitTo("r", "job", 1); n != 0 || err != nil {
			t.Error(n, err)
		}
		m.peer.want(`{"event":"job","data":1}`)
		if is, err := p.Emit(m.client.ID(), "one", 2); !is || err != nil {
			t.Error(is, err)
		}
		m.peer.want(`{"event":"one","data":2}`)
		if len(c.nodes[0].Nodes()) != 2 || len(p.Nodes()) != 0 {
			t.Error("a publisher is a member")
		}
		var r ws.Reached
		if n := p.Users("ann").Across(c.t.Context(), &r).Count(); n != 1 || r.Nodes != 2 || len(r.Missing) != 0 {
			t.Errorf("%d, %+v", n, r)
		}
		if who := p.All().Members(c.t.Context(), 10); len(who.Items) != 1 || who.Items[0].User != "ann" {
			t.Errorf("%+v", who)
		}
		if _, err := p.Broadcast("last", 3); err != nil {
			t.Error(err)
		}
		if err := p.Shutdown(c.t.Context()); err != nil {
			t.Error(err)
		}
		m.peer.want(`{"event":"last","data":3}`)

		w := httptest.NewRecorder()
		ws.NewRouter(lobby(nil).endpoint(ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler), Cluster: ws.Cluster{PublishOnly: true}}))).
			ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/ws", nil))
		if w.Code != http.StatusServiceUnavailable {
			t.Error(w.Code)
		}
	})
}

// TestAcrossTooEarly: a node that has just begun knows the others before it asks them,
// and one whose link is not up says at once that there may be some.
func TestAcrossTooEarly(t *testing.T) {
	inCluster(t, 1, brokertest.Faults{Delay: time.Millisecond}, ws.Options{}, func(c *clusterSite) {
		c.member(0, "ann")
		log := slog.New(slog.DiscardHandler)
		var r ws.Reached
		young := ws.NewServer(ws.Options{Logger: log, Cluster: ws.Cluster{Broker: c.nodes[0].to}})
		synctest.Wait()
		if n := young.All().Across(c.t.Context(), &r).Count(); n != 1 || len(r.Missing) != 0 {
			t.Errorf("%d, %+v", n, r)
		}
		cut := brokertest.Faulty(c.nodes[0].to, brokertest.Faults{})
		cut.Cut()
		lonely := ws.NewServer(ws.Options{Logger: log, Cluster: ws.Cluster{Broker: cut}})
		synctest.Wait()
		began := time.Now()
		if n := lonely.All().Across(c.t.Context(), &r).Count(); n != 0 || !slices.Equal(r.Missing, []ws.NodeID{0}) || time.Since(began) > 0 {
			t.Errorf("%d, %+v, %v", n, r, time.Since(began))
		}
		_, _ = lonely.Broadcast("never sent", 1)
		for s, most := range map[*ws.Server]time.Duration{young: 0, lonely: 6 * time.Second} { // QueueTime, and a pause between two tries
			began := time.Now()
			if err := s.Shutdown(context.Background()); err != nil || time.Since(began) > most {
				t.Errorf("Shutdown: %v after %v, at most %v", err, time.Since(began), most)
			}
			if s.Stats().Cluster.Up {
				t.Error("the link works after Shutdown")
			}
		}
		idle := ws.NewServer(ws.Options{Logger: log, Cluster: ws.Cluster{Broker: cut}})
		began = time.Now()
		if err := idle.Shutdown(context.Background()); err != nil || time.Since(began) > 0 {
			t.Errorf("Shutdown of one that has nothing to say: %v after %v", err, time.Since(began))
		}
	})
}

// TestPublisherTooEarly: a publisher whose link is not up says that there may be nodes
// that it does not know; and one that has ended waits for nobody.
func TestPublisherTooEarly(t *testing.T) {
	inCluster(t, 1, brokertest.Faults{}, ws.Options{}, func(c *clusterSite) {
		m := c.member(0, "ann")
		to := brokertest.Faulty(c.nodes[0].to, brokertest.Faults{})
		to.Cut()
		p := ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler), Cluster: ws.Cluster{Broker: to, PublishOnly: true}})
		var r ws.Reached
		synctest.Wait()
		early := time.Now()
		if n := p.Users("ann").Across(c.t.Context(), &r).Count(); n != 0 || !slices.Equal(r.Missing, []ws.NodeID{0}) || time.Since(early) > 0 {
			t.Errorf("%d, %+v, %v", n, r, time.Since(early))
		}
		to.Heal()
		synctest.Wait()
		if n := p.Users("ann").Across(c.t.Context(), &r).Count(); n != 1 || len(r.Missing) != 0 {
			t.Errorf("%d, %+v", n, r)
		}
		if err := p.Shutdown(c.t.Context()); err != nil {
			t.Error(err)
		}
		_, _ = p.Broadcast("late", 1)
		began := time.Now()
		if n := p.All().Across(context.Background(), &r).Count(); n != 0 || time.Since(began) > 0 {
			t.Errorf("%d after %v", n, time.Since(began))
		}
		if err := p.Shutdown(c.t.Context()); err != nil {
			t.Error(err)
		}
		never := ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler), Cluster: ws.Cluster{Broker: to, PublishOnly: true}})
		_ = never.Shutdown(c.t.Context())
		if never.All().Across(context.Background(), &r).Count(); time.Since(began) > 0 {
			t.Error("one that has never asked, and has ended, waits")
		}
		m.peer.send(`{"event":"echo","id":1,"data":1}`)
		m.peer.want(`{"event":"echo","id":1,"data":1}`) // and nothing that was pushed after the end
	})
}

// TestClusterGoodbye: a Shutdown whose time is over says bye all the same, and sends
// what is queued.
func TestClusterGoodbye(t *testing.T) {
	inCluster(t, 2, brokertest.Faults{}, ws.Options{}, func(c *clusterSite) {
		m := c.member(0, "ann")
		ctx, cancel := context.WithCancel(c.t.Context())
		cancel()
		_, _ = c.nodes[1].Broadcast("last", 1)
		_ = c.nodes[1].Shutdown(ctx)
		m.peer.want(`{"event":"last","data":1}`)
		synctest.Wait()
		if all := c.nodes[0].Nodes(); len(all) != 1 {
			t.Errorf("%v", all)
		}
	})
}

// TestClusterLimits: a push that the engine does not carry, or that has too many
// names, is an error, and reaches nobody here either.
func TestClusterLimits(t *testing.T) {
	inCluster(t, 2, brokertest.Faults{}, ws.Options{}, func(c *clusterSite) {
		m := c.member(0, "", "r")
		n := c.nodes[0]
		if _, err := n.Broadcast("big", strings.Repeat("x", 17<<20)); !errors.Is(err, ws.ErrTooLarge) {
			t.Error(err)
		}
		many := make([]ws.ConnID, 1025)
		if _, err := n.In("r").Except(many...).Emit("e", 1); !errors.Is(err, ws.ErrTooMany) {
			t.Error(err)
		}
		if _, err := n.In(append(make([]string, 256), "r")...).Emit("e", 1); !errors.Is(err, ws.ErrTooMany) {
			t.Error(err)
		}
		if _, err := n.In(strings.Repeat("x", 61<<10), "r").Emit("e", 1); !errors.Is(err, ws.ErrTooMany) {
			t.Error(err)
		}
		if _, err := n.Broadcast("end", 1); err != nil {
			t.Error(err)
		}
		m.peer.want(`{"event":"end","data":1}`)
	})
}

// TestClusterReady: a node is ready when it knows the others; later outages change
// nothing. A mistake in its options keeps it from ever being.
func TestClusterReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ready := func(s *ws.Server) bool {
			w := httptest.NewRecorder()
			ws.Readyz(s).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
			return w.Code == http.StatusOK
		}
		log := slog.New(slog.DiscardHandler)
		engine := brokertest.Faulty(memory.New(), brokertest.Faults{})
		engine.Cut()
		s := ws.NewServer(ws.Options{Logger: log, Cluster: ws.Cluster{Broker: engine}})
		alone := ws.NewServer(ws.Options{Logger: log, Cluster: ws.Cluster{Broker: engine, ReadyAlone: true}})
		if time.Sleep(time.Minute); ready(s) || !ready(alone) {
			t.Error("ready before the link was up, or not although ReadyAlone")
		}
		engine.Heal()
		if time.Sleep(200 * time.Millisecond); ready(s) {
			t.Error("ready before others could say that they are there")
		}
		if time.Sleep(200 * time.Millisecond); !ready(s) {
			t.Error("not ready")
		}
		engine.Cut()
		if time.Sleep(time.Minute); !ready(s) {
			t.Error("an outage has made it unready")
		}
		for _, s := range []*ws.Server{s, alone} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_ = s.Shutdown(ctx)
			cancel()
		}
		logs := &logs{}
		stray := ws.NewServer(ws.Options{Logger: slog.New(slog.NewTextHandler(logs, nil)), Cluster: ws.Cluster{Broker: mistaken{}}})
		if ready(stray) || !strings.Contains(logs.String(), "the url is missing") {
			t.Error(logs.String())
		}
		if got := stray.Stats().Cluster; got != (ws.ClusterStats{Name: "main"}) {
			t.Errorf("%+v", got)
		}
		if got := ws.NewServer(ws.Options{Logger: log}).Stats().Cluster; got != (ws.ClusterStats{}) {
			t.Errorf("alone: %+v", got)
		}
		if _, err := stray.Broadcast("e", 1); err != nil {
			t.Error(err)
		}
	})
}

// mistaken is a Broker that cannot be opened.
type mistaken struct{}

func (mistaken) Open(string, broker.Receiver) (broker.Link, error) {
	return nil, errors.New("the url is missing")
}

// stranger is a node of the test's own, which says what it is told to.
type stranger struct{ link broker.Link }

// nobody is a Receiver that does nothing.
type nobody struct{}

func (nobody) Up()                      {}
func (nobody) Down(error)               {}
func (nobody) Deliver(broker.Delivery)  {}
func (nobody) Lost(n int, of ...string) {}

// newStranger adds a node to a cluster of the name "main".
func newStranger(t *testing.T, engine broker.Broker) *stranger {
	t.Helper()
	link, err := engine.Open("main", nobody{})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	return &stranger{link}
}

// says publishes a packet.
func (s *stranger) says(t *testing.T, channel string, p cluster.Packet[uint64]) {
	t.Helper()
	data, err := p.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.raw(t, channel, data)
}

func (s *stranger) raw(t *testing.T, channel string, data []byte) {
	t.Helper()
	if _, err := s.link.Publish(t.Context(), []broker.Outgoing{{Channel: channel, Data: data}}); err != nil {
		t.Error(err)
	}
	synctest.Wait()
}

// TestClusterSameIDs: of two nodes whose ids begin alike the one without
// connections takes others, and if both have some the younger takes no more.
func TestClusterSameIDs(t *testing.T) {
	inCluster(t, 1, brokertest.Faults{}, ws.Options{}, func(c *clusterSite) {
		n := c.nodes[0]
		other := newStranger(c.t, n.to)
		defer func() { _ = other.link.Close(context.Background()) }()
		claim := func(connections uint64) {
			var base uint32
			_, _ = fmt.Sscanf(n.Nodes()[0].Conns, "%x", &base)
			other.says(c.t, "a", cluster.Packet[uint64]{Kind: cluster.Heartbeat, From: 7, Base: base, Connections: connections, Began: 1, Lowest: 1, Highest: 1})
			time.Sleep(100 * time.Millisecond)
		}
		before := n.Nodes()[0].Conns
		if claim(1); n.Nodes()[0].Conns == before {
			t.Error("without connections, and it kept its ids")
		}
		m := c.member(0, "")
		if got := m.client.ID().String(); !strings.HasPrefix(got, n.Nodes()[0].Conns) {
			t.Errorf("%s does not begin with %s", got, n.Nodes()[0].Conns)
		}
		claim(1)
		w := httptest.NewRecorder()
		if n.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/ws", nil)); w.Code != http.StatusServiceUnavailable {
			t.Error("it takes connections still:", w.Code)
		}
		w = httptest.NewRecorder()
		if ws.Readyz(n.Server).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil)); w.Code != http.StatusServiceUnavailable {
			t.Error("it is ready")
		}
		other.says(c.t, "a", cluster.Packet[uint64]{Kind: cluster.Bye, From: 7})
		w = httptest.NewRecorder()
		if ws.Readyz(n.Server).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil)); w.Code != http.StatusOK {
			t.Error("the other has gone, and it is not ready:", w.Body)
		}
	})
}

// TestClusterStrangers: what makes no sense is dropped and counted, also what came by
// another channel than its own, and nobody hears it. What another release may send is
// told apart.
func TestClusterStrangers(t *testing.T) {
	inCluster(t, 1, brokertest.Faults{}, ws.Options{}, func(c *clusterSite) {
		n := c.nodes[0]
		m := c.member(0, "ann", "r")
		other := newStranger(c.t, n.to)
		defer func() { _ = other.link.Close(context.Background()) }()
		hello := append([]byte{0x81, 7}, `"hello"`...)
		push := func(target cluster.Target, names ...string) cluster.Packet[uint64] {
			return cluster.Packet[uint64]{Kind: cluster.Push, From: 7, Target: target, Names: names, Payload: hello}
		}
		other.raw(c.t, "a", []byte("garbage"))
		other.raw(c.t, cluster.Room("r"), nil)
		other.says(c.t, cluster.Room("r"), push(cluster.ToRooms, "s"))
		other.says(c.t, cluster.User("ann"), push(cluster.ToUsers, "bob"))
		other.says(c.t, cluster.Room("r"), push(cluster.ToAll))
		other.says(c.t, cluster.Room("r"), cluster.Packet[uint64]{Kind: cluster.Heartbeat, From: 7})
		if s := n.Stats().Cluster; s.Malformed != 6 || s.Unknown != 0 || s.Received != 0 || s.Nodes != 1 {
			t.Errorf("%+v", s)
		}
		later := push(cluster.ToRooms, "r")
		later.Kind = 99
		other.says(c.t, "a", later)
		if s := n.Stats().Cluster; s.Unknown != 1 {
			t.Errorf("%+v", s)
		}
		forged := push(cluster.ToRooms, "r")
		forged.Payload = append([]byte{0x81, 19}, `{"event":"$goaway"}`...)
		other.says(c.t, cluster.Room("r"), forged)
		other.says(c.t, cluster.Room("r"), push(cluster.ToRooms, "r"))
		m.peer.want(`"hello"`)
	})
}

// TestUsersToAll: with this option users have no channels, and hear what is pushed to
// them all the same.
func TestUsersToAll(t *testing.T) {
	inCluster(t, 2, brokertest.Faults{}, ws.Options{Cluster: ws.Cluster{UsersToAll: true}}, func(c *clusterSite) {
		ann, bob := c.member(0, "ann"), c.member(1, "bob")
		for _, n := range c.nodes {
			if got := n.Stats().Cluster.Channels; got != 2 {
				t.Errorf("%d channels, and not those of all and of the node alone", got)
			}
			if _, err := n.Users("ann", "bob").Emit("e", 1); err != nil {
				t.Error(err)
			}
			time.Sleep(10 * time.Millisecond)
			ann.peer.want(`{"event":"e","data":1}`)
			bob.peer.want(`{"event":"e","data":1}`)
		}
	})
}

// TestClusterProblems: options of a node that do not do what they say are problems.
func TestClusterProblems(t *testing.T) {
	for _, c := range []struct {
		cluster ws.Cluster
		want    string
	}{
		{ws.Cluster{QueueBytes: -1}, "ws: Options.Cluster.QueueBytes: a number below zero means the default"},
		{ws.Cluster{JoinHold: ws.Unlimited}, "ws: Options.Cluster.JoinHold: a number below zero means the default"},
		{ws.Cluster{Heartbeat: 2}, "ws: Options.Cluster.Heartbeat: 2ns is so short that a busy node counts as gone: 100ms at least"},
	} {
		c.cluster.Broker = memory.New()
		if err := (ws.Options{Cluster: c.cluster}).Problems(); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}
