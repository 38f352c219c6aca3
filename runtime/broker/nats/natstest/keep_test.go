package natstest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wsgen/wsgen/runtime/broker"
	natsbroker "github.com/wsgen/wsgen/runtime/broker/nats"
	"github.com/wsgen/wsgen/runtime/broker/nats/natstest"
)

var chat = broker.Log{Name: "chat.Events", Size: 100, TTL: 10 * time.Minute}

const chatStream = "WS_ws+main+chat~Events"

func (e *ear) keeper() broker.Keeper { return e.link.(broker.Keeper) }

// try keeps a text once.
func (e *ear) try(channel, text string) broker.Outcome {
	e.t.Helper()
	out := broker.Outgoing{Channel: channel, Data: []byte(text)}
	return e.keeper().Keep(e.within(), []broker.Kept{{Outgoing: out, Log: chat}})[0]
}

// keep keeps a text, which must succeed.
func (e *ear) keep(channel, text string) broker.Position {
	e.t.Helper()
	o := e.try(channel, text)
	if o.Err != nil {
		e.t.Fatalf("Keep: %v", o.Err)
	}
	return o.At
}

// declare makes the log, as soon as the servers can.
func (e *ear) declare() {
	e.t.Helper()
	for limit := time.Now().Add(patience); ; <-time.After(20 * time.Millisecond) {
		err := e.keeper().Declare(e.within(), []broker.Log{chat})
		if err == nil {
			return
		}
		if time.Now().After(limit) {
			e.t.Fatalf("Declare: %v", err)
		}
	}
}

// config returns that of the log's stream.
func config(t *testing.T, at *natstest.Server) jetstream.StreamConfig {
	t.Helper()
	s, err := manager(t, at).Stream(t.Context(), chatStream)
	check(t, err)
	return s.CachedInfo().Config
}

// TestWithoutJetStream: where JetStream is off all else works, and who wants to keep
// something is told at once what the server needs.
func TestWithoutJetStream(t *testing.T) {
	at := natstest.Run(t, func(o *server.Options) { o.JetStream = false })
	node, other := up(t, at.Broker()), up(t, at.Broker())
	node.subscribe("r.a")
	other.publish("r.a")
	node.until("a plain message", func() bool { return node.heard["r.a"] == 1 })
	began := time.Now()
	o := node.try("r.a", "x")
	if !errors.Is(o.Err, broker.ErrUnavailable) || !strings.Contains(o.Err.Error(), "jetstream {store_dir:") {
		t.Errorf("Keep: %+v", o)
	}
	for what, err := range map[string]error{
		"Declare": node.keeper().Declare(node.within(), []broker.Log{chat}),
		"Ends":    second(node.keeper().Ends(node.within(), chat, []string{"r.a"})),
		"Read":    second(node.keeper().Read(node.within(), chat, "r.a", broker.Position{}, 1)),
	} {
		if err == nil || !strings.Contains(err.Error(), "jetstream {store_dir:") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v until that was said", took)
	}
}

func second[T any](_ T, err error) error { return err }

// TestStream: the stream of a log is as the documentation says, and what an operator
// changes in it stays.
func TestStream(t *testing.T) {
	at := natstest.Run(t)
	node := up(t, at.Broker())
	node.declare()
	is := config(t, at)
	if is.Storage != jetstream.FileStorage || is.Replicas != 1 || is.MaxBytes != 1<<30 || is.MaxAge != chat.TTL ||
		is.MaxMsgsPerSubject != 101 || is.Duplicates != broker.KeyTime || !is.AllowDirect || is.Discard != jetstream.DiscardOld {
		t.Errorf("the stream is %+v", is)
	}
	if is.RePublish == nil || is.RePublish.Destination != "ws.main.>" || len(is.Subjects) != 1 || !strings.HasPrefix(is.Subjects[0], "ws.~k.main.chat~Events.") {
		t.Errorf("its subjects are %q, and it republishes %+v", is.Subjects, is.RePublish)
	}
	changed := is
	changed.MaxBytes, changed.Compression, changed.MaxMsgSize = 2<<30, jetstream.S2Compression, 1<<20
	changed.Metadata["team"] = "chat"
	_, err := manager(t, at).UpdateStream(t.Context(), changed)
	check(t, err)
	larger := chat
	larger.Size, larger.TTL = 200, time.Second
	check(t, node.keeper().Declare(node.within(), []broker.Log{larger}))
	now := config(t, at)
	if now.MaxMsgsPerSubject != 201 || now.MaxAge != broker.KeyTime {
		t.Errorf("bounds that were changed are %d and %v", now.MaxMsgsPerSubject, now.MaxAge)
	}
	if now.MaxBytes != 2<<30 || now.Compression != jetstream.S2Compression || now.MaxMsgSize != 1<<20 || now.Metadata["team"] != "chat" {
		t.Errorf("what the operator has set is lost: %+v", now)
	}
	if !slices.Equal(now.Subjects, is.Subjects) {
		t.Errorf("the epoch is another one: %q, before %q", now.Subjects, is.Subjects)
	}
}

// TestForeignStream: a stream of the log's name that the adapter has not made, or that
// somebody has changed so that it cannot work, is not used, and it is told.
func TestForeignStream(t *testing.T) {
	at := natstest.Run(t)
	node := up(t, at.Broker())
	js := manager(t, at)
	_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: chatStream, Subjects: []string{"other.>"}})
	check(t, err)
	if o := node.try("r.a", "x"); !errors.Is(o.Err, broker.ErrUnavailable) || !strings.Contains(o.Err.Error(), chatStream) || !strings.Contains(o.Err.Error(), "Options.Prefix") {
		t.Errorf("Keep: %+v", o)
	}
	check(t, js.DeleteStream(t.Context(), chatStream))
	_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "catches", Subjects: []string{"ws.~k.>"}})
	check(t, err)
	if o := node.try("r.a", "x"); !errors.Is(o.Err, broker.ErrUnavailable) || !strings.Contains(o.Err.Error(), "Options.Prefix") {
		t.Errorf("Keep: %+v", o)
	}
	check(t, js.DeleteStream(t.Context(), "catches"))
	node.keep("r.a", "x")
}

// TestNoRoom: when JetStream has no room for a log it is told what is to be done.
func TestNoRoom(t *testing.T) {
	at := natstest.Run(t, func(o *server.Options) { o.JetStreamMaxStore = 1 << 20 })
	node := up(t, at.Broker())
	if err := node.keeper().Declare(node.within(), []broker.Log{chat}); err == nil || !strings.Contains(err.Error(), "Options.History.MaxBytes") {
		t.Errorf("Declare: %v", err)
	}
	small := up(t, leads(at.URL(), natsbroker.Options{History: natsbroker.History{MaxBytes: 1 << 18}}))
	small.keep("r.a", "x")
	if got := config(t, at).MaxBytes; got != 1<<18 {
		t.Errorf("the stream may take %d bytes", got)
	}
}

// TestKeepPermissions: the permissions of the documentation suffice, and who lacks
// those of JetStream is told so, and can do all else.
func TestKeepPermissions(t *testing.T) {
	as := nats.UserInfo("node", "secret")
	at := natstest.Run(t, allow(subjects("ws.>", "$JS.API.>"), subjects("ws.>")))
	node := up(t, leads(at.URL(), natsbroker.Options{Connect: []nats.Option{as}}))
	node.subscribe("r.a")
	node.keep("r.a", "x")
	node.until("what was kept", func() bool { return node.heard["r.a"] == 1 })
	if _, err := node.keeper().Ends(node.within(), chat, []string{"r.a", "r.b"}); err != nil {
		t.Errorf("Ends: %v", err)
	}
	at = natstest.Run(t, allow(subjects("ws.>"), subjects("ws.>")))
	node = up(t, leads(at.URL(), natsbroker.Options{Connect: []nats.Option{as}, Logger: newPage().logger()}))
	if err := node.keeper().Declare(node.within(), []broker.Log{chat}); err == nil || !strings.Contains(err.Error(), "$JS.API.>") {
		t.Errorf("Declare: %v", err)
	}
	node.publish("r.a")
}

// TestLostWithoutABreak: a stream that has lost its newest messages while no connection
// has broken begins another epoch as soon as one of its sequences is heard again.
func TestLostWithoutABreak(t *testing.T) {
	at, log := natstest.Run(t), newPage()
	b := leads(at.URL(), natsbroker.Options{Logger: log.logger()})
	node, other := up(t, b), up(t, b)
	for _, n := range []*ear{node, other} {
		n.declare()
		n.subscribe("r.a")
	}
	first := node.keep("r.a", "0")
	for i := range 5 {
		node.keep("r.a", fmt.Sprint(1+i))
	}
	other.until("all", func() bool { return other.heard["r.a"] == 6 })
	// The same stream, without what it had.
	js, same := manager(t, at), config(t, at)
	check(t, js.DeleteStream(t.Context(), chatStream))
	_, err := js.CreateStream(t.Context(), same)
	check(t, err)
	now := node.keep("r.a", "behind")
	other.until("a message behind", func() bool { return other.heard["r.a"] == 7 })
	for limit := time.Now().Add(patience); now.Epoch == first.Epoch; now = node.keep("r.a", "more") {
		if time.Now().After(limit) {
			t.Fatalf("nobody has noticed; a message is at %+v, and the first was at %+v", now, first)
		}
	}
	log.once(t, "level=ERROR", chatStream)
	page, err := other.keeper().Read(other.within(), chat, "r.a", first, 10)
	if err != nil || page.Complete || page.Epoch == first.Epoch {
		t.Errorf("Read behind the first: %+v, %v", page, err)
	}
}

// TestLeaderDies: when the server dies that leads a stream of three replicas, what was
// kept is there, and what is kept goes on behind it.
func TestLeaderDies(t *testing.T) {
	servers := natstest.Cluster(t, 3)
	node := up(t, servers[0].Broker())
	node.declare()
	node.subscribe("r.a")
	var kept []broker.Position
	for i := range 50 {
		kept = append(kept, node.keep("r.a", fmt.Sprint(i)))
	}
	s, err := manager(t, servers[0]).Stream(t.Context(), chatStream)
	check(t, err)
	if n := s.CachedInfo().Config.Replicas; n != 3 {
		t.Errorf("there are %d replicas", n)
	}
	leader := 0
	for i := range servers {
		if s.CachedInfo().Cluster.Leader == fmt.Sprintf("natstest-%d", i) {
			leader = i
		}
	}
	reader := up(t, servers[(leader+1)%3].Broker())
	servers[leader].Stop()
	// A server may lag, and the link may break: it is asked until it knows.
	reads := func(what string, count int) {
		t.Helper()
		var page broker.Page
		var err error
		for limit := time.Now().Add(patience); time.Now().Before(limit); <-time.After(10 * time.Millisecond) {
			page, err = reader.keeper().Read(reader.within(), chat, "r.a", kept[9], 100)
			if err == nil && page.Complete && len(page.Entries) == count {
				return
			}
			if err == nil && !page.Complete {
				break
			}
		}
		t.Fatalf("Read %s: %d entries, complete %v, %v; want %d", what, len(page.Entries), page.Complete, err, count)
	}
	began := time.Now()
	reads("while there is no leader", 40)
	t.Logf("read after %v", time.Since(began))
	last := kept[len(kept)-1]
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out := broker.Outgoing{Channel: "r.a", Data: []byte("behind")}
	for o := (broker.Outcome{}); o.At.Offset == 0; {
		o = reader.keeper().Keep(ctx, []broker.Kept{{Outgoing: out, Log: chat, Key: "behind"}})[0]
		if ctx.Err() != nil || o.Err == nil && (o.At.Epoch != last.Epoch || o.At.Offset <= last.Offset) {
			t.Fatalf("Keep: %+v, behind %+v", o, last)
		}
	}
	t.Logf("kept after %v", time.Since(began))
	reads("behind it", 41)
}
