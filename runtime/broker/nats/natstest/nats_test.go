package natstest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/wsgen/wsgen/runtime/broker"
	natsbroker "github.com/wsgen/wsgen/runtime/broker/nats"
	"github.com/wsgen/wsgen/runtime/broker/nats/natstest"
)

// TestFirstMessage: what is published at one server after Subscribe has returned at
// another arrives, at once and each time.
func TestFirstMessage(t *testing.T) {
	const tries = 2000
	servers := natstest.Cluster(t, 2)
	here, there := up(t, servers[0].Broker()), up(t, servers[1].Broker())
	began := time.Now()
	for i := range tries {
		channel := fmt.Sprintf("r.n%d", i)
		here.subscribe(channel)
		there.publish(channel)
	}
	t.Logf("%v each", time.Since(began)/tries)
	here.until("every first message", func() bool { return len(here.heard) == tries })
}

// TestChannelsAreCheap: a channel costs no goroutine, and no more memory than an
// entry in some maps, at the link and at the server together.
func TestChannelsAreCheap(t *testing.T) {
	const many, most = 20_000, 2000 // bytes; a subscription with a callback takes 3000 at the link alone
	node := up(t, natstest.Run(t).Broker())
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	channels := make([]string, many)
	for i := range channels {
		channels[i] = fmt.Sprintf("r.n%d", i)
	}
	before, goroutines := heap(), runtime.NumGoroutine()
	for batch := range slices.Chunk(channels, broker.MaxBatch) {
		node.subscribe(batch...)
	}
	if n := runtime.NumGoroutine(); n > goroutines+2 {
		t.Errorf("%d channels take %d goroutines", many, n-goroutines)
	}
	each := (heap() - before) / many
	t.Logf("%d bytes each", each)
	if each > most {
		t.Errorf("a channel takes %d bytes, want at most %d", each, most)
	}
}

// TestStoppedServer: a server that does not read keeps nobody longer than their
// context says, and the log says what may be the reason.
func TestStoppedServer(t *testing.T) {
	log := newPage()
	at := natstest.Run(t)
	p := newProxy(t, address(at))
	node := up(t, leads("nats://"+p.addr, natsbroker.Options{Logger: log.logger()}))
	other := up(t, at.Broker())
	other.subscribe("r.a")
	p.freeze()
	batch := make([]broker.Outgoing, 256)
	for i := range batch {
		batch[i] = broker.Outgoing{Channel: "r.a", Data: make([]byte, 1024)}
	}
	call := func(what string, limit time.Duration, f func(context.Context) error) error {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		began := time.Now()
		err := f(ctx)
		if took := time.Since(began); took > limit+2*time.Second {
			t.Errorf("%s took %v", what, took)
		}
		return err
	}
	sent := 0
	publish := func(ctx context.Context) error {
		n, err := node.link.Publish(ctx, batch)
		sent += n
		return err
	}
	if err := call("Publish", time.Second, publish); !errors.Is(err, context.DeadlineExceeded) || sent == len(batch) {
		t.Errorf("Publish to a server that does not read: %d, %v", sent, err)
	}
	before := sent
	if err := call("Publish again", 50*time.Millisecond, publish); !errors.Is(err, context.DeadlineExceeded) || sent > before {
		t.Errorf("Publish again: %d more, %v", sent-before, err)
	}
	if err := call("Subscribe", 50*time.Millisecond, func(ctx context.Context) error {
		return node.link.Subscribe(ctx, []string{"r.b"})
	}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Subscribe: %v", err)
	}
	log.once(t, "level=WARN", "no_fast_producer_stall: true")
	p.thaw()
	other.until("what was taken, and no more", func() bool { return other.heard["r.a"] == sent })
	node.publish("r.a")
	other.until("the next message", func() bool { return other.heard["r.a"] == sent+1 })
	other.publish("r.b") // that Subscribe is carried out since
	node.until("a message on it", func() bool { return node.heard["r.b"] == 1 && node.ups == 1 })
}

// TestCredentials: whom the server does not let in is told why, and what to do.
func TestCredentials(t *testing.T) {
	at := natstest.Run(t, func(o *server.Options) { o.Username, o.Password = "node", "secret" })
	why := open(t, leads(at.URL(), natsbroker.Options{})).down()
	if !strings.Contains(why, "Authorization Violation") || !strings.Contains(why, "nats.UserCredentials") {
		t.Errorf("without credentials: %s", why)
	}
	up(t, leads(at.URL(), natsbroker.Options{Connect: []nats.Option{nats.UserInfo("node", "secret")}}))
	up(t, leads(strings.Replace(at.URL(), "//", "//node:secret@", 1), natsbroker.Options{}))
}

// allow returns what makes a server that has one user, who may use these subjects.
func allow(publish, subscribe *server.SubjectPermission) func(*server.Options) {
	return func(o *server.Options) {
		o.Users = []*server.User{{Username: "node", Password: "secret", Permissions: &server.Permissions{Publish: publish, Subscribe: subscribe}}}
	}
}

func subjects(s ...string) *server.SubjectPermission { return &server.SubjectPermission{Allow: s} }

// TestPermissions: a link that may not use what it needs is never up, and says what
// is missing; one that may not use a channel says so when that is subscribed to.
func TestPermissions(t *testing.T) {
	as := nats.UserInfo("node", "secret")
	for name, edit := range map[string]func(*server.Options){
		"publish":   allow(subjects("other.>"), subjects("ws.>")),
		"subscribe": allow(subjects("ws.>"), subjects("other.>")),
	} {
		t.Run(name, func(t *testing.T) {
			log := newPage()
			node := open(t, leads(natstest.Run(t, edit).URL(), natsbroker.Options{Logger: log.logger(), Connect: []nats.Option{as}}))
			why := node.down()
			if !strings.Contains(strings.ToLower(why), "permissions violation") || !strings.Contains(why, "ws.>") || !strings.Contains(why, "ws.main.~") {
				t.Errorf("Down: %s", why)
			}
			log.once(t, "level=ERROR", "ws.>")
		})
	}
	t.Run("what is documented", func(t *testing.T) {
		node := up(t, leads(natstest.Run(t, allow(subjects("ws.>"), subjects("ws.>"))).URL(), natsbroker.Options{Connect: []nats.Option{as}}))
		node.subscribe("r.a")
	})
	t.Run("a channel", func(t *testing.T) {
		at := natstest.Run(t, allow(subjects("ws.>"), &server.SubjectPermission{Allow: []string{"ws.>"}, Deny: []string{"ws.main.r.secret"}}))
		log := newPage()
		node := up(t, leads(at.URL(), natsbroker.Options{Logger: log.logger(), Connect: []nats.Option{as}}))
		if err := node.link.Subscribe(node.within(), []string{"r.secret"}); err == nil || !strings.Contains(err.Error(), "ws.main.r.secret") {
			t.Errorf("Subscribe to what is forbidden: %v", err)
		}
		log.once(t, "level=ERROR", "ws.main.r.secret")
		node.subscribe("r.a")
	})
}

// TestMistakes: what trying again would not mend is an error of Open.
func TestMistakes(t *testing.T) {
	mistakes := map[string]natsbroker.Options{
		"Options.Prefix":     {Prefix: "ws.>"},
		"History.Replicas":   {History: natsbroker.History{Replicas: 6}},
		"History.MaxBytes":   {History: natsbroker.History{MaxBytes: -2}},
		"Options.URL":        {URL: "nats://127.0.0.1:4222,"},
		"invalid port":       {URL: "nats://127.0.0.1:port"},
		"Options.Connect[1]": {Connect: []nats.Option{nil, nats.RootCAs("no-such-file.pem")}},
		"nkey":               {Connect: []nats.Option{func(o *nats.Options) error { o.Nkey = "U"; return nil }}},
	}
	for want, o := range mistakes {
		if _, err := natsbroker.New(o).Open("main", &ear{}); err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(want)) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// TestServerComesLater: a server that is not there is no mistake.
func TestServerComesLater(t *testing.T) {
	at := natstest.Run(t)
	at.Close()
	node := open(t, leads(at.URL(), natsbroker.Options{}))
	if why := node.down(); !strings.Contains(why, "refused") {
		t.Errorf("Down: %s", why)
	}
	if err := at.Restart(); err != nil {
		t.Fatal(err)
	}
	node.until("Up", func() bool { return node.ups == 1 })
}

// TestMaxPayload: a message may have what the server says, less a kilobyte, and a
// server that says too little is no server.
func TestMaxPayload(t *testing.T) {
	const most = 64 << 10
	node := up(t, natstest.Run(t, func(o *server.Options) { o.MaxPayload = most }).Broker())
	if n := node.link.MaxMessage(); n != most-1<<10 {
		t.Errorf("MaxMessage is %d", n)
	}
	small := open(t, natstest.Run(t, func(o *server.Options) { o.MaxPayload = 2048 }).Broker())
	if why := small.down(); !strings.Contains(why, "set max_payload") {
		t.Errorf("Down: %s", why)
	}
}

// TestOtherServer: a link whose server is gone goes to another of the cluster, of
// which it was told nothing.
func TestOtherServer(t *testing.T) {
	servers := natstest.Cluster(t, 2)
	node, other := up(t, servers[0].Broker()), up(t, servers[1].Broker())
	node.subscribe("r.a")
	servers[0].Close()
	node.until("Down and Up", func() bool { return len(node.downs) == 1 && node.ups == 2 })
	other.publish("r.a")
	node.until("a message", func() bool { return node.heard["r.a"] == 1 })
}

// TestNodeLeaves: a server whose last node has left is not waited for.
func TestNodeLeaves(t *testing.T) {
	servers := natstest.Cluster(t, 2)
	node := up(t, servers[0].Broker())
	for i := range 3 {
		leaves := up(t, servers[1].Broker())
		node.subscribe(fmt.Sprintf("r.before%d", i))
		if err := leaves.link.Close(leaves.within()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond) // a dead one is waited for 2.5 s
		if err := node.link.Subscribe(ctx, []string{fmt.Sprintf("r.behind%d", i)}); err != nil {
			t.Errorf("Subscribe: %v", err)
		}
		cancel()
	}
}

// TestStart: a server for development takes no test, and ends.
func TestStart(t *testing.T) {
	began := time.Now()
	s, err := natstest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("ready in %v", time.Since(began))
	defer s.Close()
	if !strings.HasPrefix(s.URL(), "nats://127.0.0.1:") {
		t.Errorf("it listens at %s", s.URL())
	}
	began = time.Now()
	all, err := natstest.StartCluster(3)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("a cluster of three in %v", time.Since(began))
	for _, s := range all {
		s.Close()
		s.Close()
	}
}
