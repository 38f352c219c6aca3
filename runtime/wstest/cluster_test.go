package wstest_test

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/broker/brokertest"
	"github.com/wsgen/wsgen/runtime/broker/memory"
	"github.com/wsgen/wsgen/runtime/internal/fixture"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// silent is a Logger for tests that fail on purpose, and for those with faults.
var silent = slog.New(slog.DiscardHandler)

// at serves the gateway of package fixture on a node.
func at(s *ws.Server) *ws.Router {
	g := &fixture.Gateway{Push: fixture.NewEventsPush(s)}
	return ws.NewRouter(fixture.NewGatewayEndpoint(s, g, &fixture.Door{}, &fixture.Nobody{}).Endpoint)
}

// sit connects to a node's gateway.
func sit(t *testing.T, s *ws.Server, name string) *wstest.Conn {
	t.Helper()
	return wstest.Dial(t, at(s), wstest.Path("/fixture/a?name="+name), wstest.As(ws.Principal{ID: name}))
}

// TestRun: nodes hear each other from the first push on, within testing/synctest and
// outside.
func TestRun(t *testing.T) {
	t.Run("Bubble", func(t *testing.T) { synctest.Test(t, reachAll) })
	t.Run("Outside", reachAll)
}

func reachAll(t *testing.T) {
	const n = 3
	nodes := wstest.Run(t, n)
	for i, s := range nodes {
		if all := s.Nodes(); len(all) != n || all[0].Name != []string{"node-1", "node-2", "node-3"}[i] {
			t.Fatalf("%+v", all)
		}
	}
	var people []*wstest.Conn
	for i, s := range nodes {
		people = append(people, sit(t, s, []string{"ann", "bob", "cid"}[i]))
	}
	people[0].Call("move", fixture.Point{X: 7}).OK()
	for _, c := range people {
		if got := wstest.Expect[fixture.Point](c, "moved"); got.X != 7 {
			t.Error(got)
		}
	}
	_, _ = nodes[1].Users("cid").Emit("you", 1)
	wstest.Expect[int](people[2], "you")
	var r ws.Reached
	if count := nodes[2].All().Across(t.Context(), &r).Count(); count != n || r.Nodes != n {
		t.Errorf("%d, %+v", count, r)
	}
	for _, c := range people {
		c.ExpectSilence(0)
	}
}

// TestRunOptions: options are for all nodes or for one each; a node that only
// publishes is none that others wait for, and observers are told all the same.
func TestRunOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan ws.ClusterEvent, 100)
		var log bytes.Buffer
		nodes := wstest.Run(
			t, 3,
			ws.Options{MaxRooms: 1, Observer: ws.Observer{Cluster: func(e ws.ClusterEvent) { told <- e }}},
			ws.Options{Cluster: ws.Cluster{Node: "desk"}, Logger: slog.New(slog.NewTextHandler(&log, nil))},
			ws.Options{Cluster: ws.Cluster{PublishOnly: true}},
		)
		synctest.Wait()
		if all := nodes[0].Nodes(); len(all) != 2 || all[0].Name != "node-1" || all[1].Name != "desk" {
			t.Errorf("%+v", all)
		}
		var changes []string
		for range len(told) {
			changes = append(changes, (<-told).Change.String())
		}
		if got := strings.Join(changes, " "); got != "up node_joined" {
			t.Error(got)
		}
		wantIn(t, log.String(), "the link to the cluster's engine works")
		limited, free := wstest.NewClient(wstest.On(nodes[0])), wstest.NewClient(wstest.On(nodes[1]))
		for _, c := range []*wstest.Client{limited, free} {
			if err := c.Join("a"); err != nil {
				t.Error(err)
			}
		}
		if limited.Join("b") == nil || free.Join("b") != nil {
			t.Error("the nodes have each other's options")
		}

		ann := sit(t, nodes[1], "ann")
		_, _ = nodes[2].Users("ann").Emit("job", 1)
		wstest.Expect[int](ann, "job")

		for _, s := range wstest.Run(t, 2, ws.Options{MaxRooms: 1}) {
			c := wstest.NewClient(wstest.On(s))
			if len(s.Nodes()) != 2 || c.Join("a") != nil || c.Join("b") == nil {
				t.Error("one Options is not for all, or two clusters hear each other", s.Nodes())
			}
		}
	})
}

// TestRunLinks: the link of a node is taken away, hangs, and is healed. A node that is
// cut off, hangs or was shut down when the test ends holds it up for no longer than a
// moment, and fails nothing.
func TestRunLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended time.Time
		said := failure(t, func(tb testing.TB) {
			engine := memory.New()
			cut, hung := engine.Node(), brokertest.Faulty(engine, brokertest.Faults{})
			of := func(b ws.Broker) ws.Options { return ws.Options{Logger: silent, Cluster: ws.Cluster{Broker: b}} }
			nodes := wstest.Run(tb, 4, of(engine), of(cut), of(hung), of(engine))

			cut.Cut()
			synctest.Wait()
			here, away := sit(t, nodes[0], "here"), sit(t, nodes[1], "away")
			_, _ = nodes[1].EmitTo("a", "alone", 1)
			wstest.Expect[int](away, "alone")
			here.ExpectSilence(0)
			cut.Heal()
			wstest.Expect[int](here, "alone") // it has waited
			_, _ = nodes[0].EmitTo("a", "again", 2)
			wstest.Expect[int](away, "again")

			cut.Cut()
			hung.Hang()
			synctest.Wait()
			for _, s := range nodes[1:3] {
				_, _ = s.EmitTo("a", "lost", 3)
			}
			if err := nodes[3].Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			ended = time.Now()
		})
		if took := time.Since(ended); said != "" || took > time.Second {
			t.Errorf("after %v: %s", took, said)
		}
	})
}

// TestRunFails: what keeps nodes from knowing each other, or one from its end, fails
// the test and says which node it is.
func TestRunFails(t *testing.T) {
	for name, c := range map[string]struct {
		test func(tb testing.TB)
		want []string
	}{
		"none":           {func(tb testing.TB) { wstest.Run(tb, 0) }, []string{"0 nodes have 0 Options"}},
		"too many":       {func(tb testing.TB) { wstest.Run(tb, 3, ws.Options{}, ws.Options{}) }, []string{"3 nodes have 2 Options", "one for each"}},
		"cut off before": {cutBefore, []string{"after 10s", "node-1 does not know node-2", "node-2 has no link"}},
		"two clusters": {func(tb testing.TB) {
			wstest.Run(tb, 2, ws.Options{Logger: silent}, ws.Options{Logger: silent, Cluster: ws.Cluster{Name: "other"}})
		}, []string{"node-1 does not know node-2", "node-2 does not know node-1"}},
		"does not end": {func(tb testing.TB) {
			nodes := wstest.Run(tb, 2, ws.Options{Logger: silent, DrainTimeout: ws.Unlimited})
			endpoint := spoken{"wait": func(*ws.Call) error { time.Sleep(time.Hour); return nil }}.serve(nodes[1])
			wstest.Dial(tb, endpoint).Send("wait", nil)
			synctest.Wait()
		}, []string{"wstest: node-2 does not end", "1 connections not done"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wantIn(t, failure(t, c.test), c.want...)
				time.Sleep(2 * time.Hour) // what did not end does
			})
		})
	}
}

func cutBefore(tb testing.TB) {
	engine := memory.New()
	cut := engine.Node()
	cut.Cut()
	wstest.Run(tb, 2, ws.Options{Logger: silent, Cluster: ws.Cluster{Broker: engine}}, ws.Options{Logger: silent, Cluster: ws.Cluster{Broker: cut}})
}

// TestRunLogs: nodes log to the test's output, each by its name, and never after the
// test.
func TestRunLogs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out told
		var late func()
		if said := failure(t, func(tb testing.TB) {
			out.TB = tb
			nodes := wstest.Run(&out, 2)
			tooMany := make([]ws.ConnID, 1025) // exceptions, which is logged
			late = func() { nodes[0].All().Except(tooMany...).Disconnect(ws.CloseNormal, "") }
			late()
		}); said != "" {
			t.Error(said)
		}
		text := out.text.String()
		wantIn(t, text, "the link to the cluster's engine works", "of=node-1")
		wantIn(t, text, "a node has joined the cluster", "of=node-2")
		wantIn(t, text, "not sent to other nodes")
		if late(); out.text.Len() > len(text) {
			t.Errorf("after the test: %s", out.text.String()[len(text):])
		}
	})
}

// told is a test whose output is kept.
type told struct {
	testing.TB

	text bytes.Buffer
}

func (o *told) Output() io.Writer { return &o.text }
