package redisbroker_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/wsgen/wsgen/runtime/broker"
	redisbroker "github.com/wsgen/wsgen/runtime/broker/redis"
	"github.com/wsgen/wsgen/runtime/broker/redis/redistest"
)

// TestMistakes: a mistake in the options is an error of Open, which names the cure.
func TestMistakes(t *testing.T) {
	t.Parallel()
	some := rueidis.ClientOption{InitAddress: []string{"127.0.0.1:1"}}
	resp2, replica := some, some
	resp2.AlwaysRESP2, replica.ReplicaOnly = true, true
	for _, c := range []struct {
		name string
		o    redisbroker.Options
		says string
	}{
		{"RESP2", redisbroker.Options{Client: resp2}, "AlwaysRESP2 is set, and rueidis does not notice then that a subscribing connection was lost: leave it false"},
		{"no address", redisbroker.Options{}, "InitAddress is empty: name a server"},
		{"a replica", redisbroker.Options{Client: replica}, "ReplicaOnly is set"},
		{"prefix", redisbroker.Options{Client: some, Prefix: "a{b}"}, "Prefix has a character besides"},
		{"long prefix", redisbroker.Options{Client: some, Prefix: strings.Repeat("a", 33)}, "more than 32"},
		{"sharding", redisbroker.Options{Client: some, Sharded: 3}, "none of ShardedAuto"},
		{"small messages", redisbroker.Options{Client: some, MaxMessage: 4095}, "MaxMessage is not within"},
		{"large messages", redisbroker.Options{Client: some, MaxMessage: 16<<20 + 1}, "MaxMessage is not within"},
	} {
		link, err := redisbroker.New(c.o).Open("main", &node{})
		if err == nil || link != nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v; want an error that says %q", c.name, link, err, c.says)
		}
	}
}

// TestProbe: a connection that answers and hears nothing, as behind a failover, is
// made anew. Here the first that subscribes leads to another server.
func TestProbe(t *testing.T) {
	t.Parallel()
	redis, other := redistest.Start(t), redistest.Start(t)
	o := redisbroker.Options{Client: redis.Client()}
	var dials atomic.Int32
	o.Client.DialCtxFn = func(ctx context.Context, addr string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
		if dials.Add(1) == 2 {
			addr = other.Addr()
		}
		return d.DialContext(ctx, "tcp", addr)
	}
	to := open(t, timed(o))
	to.isUp(1)
	to.subscribe("r.a")
	to.wasDown("heard nothing")
	to.isUp(2)
	from := open(t, redisbroker.New(redisbroker.Options{Client: redis.Client()}))
	from.isUp(1)
	from.publish("r.a", "heard")
	to.hears("r.a", "heard")
	// What hears its own probes goes on, however quiet it is.
	to.mu.Lock()
	before := len(to.said)
	to.mu.Unlock()
	for was := calls(redis, "publish"); calls(redis, "publish") < was+2; {
		pause(t)
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	if len(to.said) != before {
		t.Errorf("a quiet link that works was made anew: %q", to.said)
	}
}

// calls returns how often a command was carried out.
func calls(s *redistest.Server, command string) (n int) {
	for line := range strings.Lines(s.Do("INFO", "commandstats")) {
		if rest, ok := strings.CutPrefix(line, "cmdstat_"+command+":calls="); ok {
			_, _ = fmt.Sscanf(rest, "%d", &n)
		}
	}
	return n
}

// pause is between two looks at what Redis says.
func pause(t *testing.T) {
	select {
	case <-time.After(10 * time.Millisecond):
	case <-t.Context().Done():
	}
}

// TestSubscriberKilled: a subscribing connection that is lost alone is a gap, so the
// link was down, and up again with its subscriptions; each time.
func TestSubscriberKilled(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	b := redisbroker.New(redisbroker.Options{Client: redis.Client()})
	from, to := open(t, b), open(t, b)
	from.isUp(1)
	to.isUp(1)
	to.subscribe("r.a", "r.b")
	for i := range 5 {
		redis.Do("CLIENT", "KILL", "TYPE", "pubsub")
		from.isUp(i + 2)
		to.isUp(i + 2)
		from.publish("r.b", fmt.Sprint(i))
		to.hears("r.b", fmt.Sprint(i))
	}
	to.wasDown("the subscribing connection")
}

// TestPublisherKilled: a connection for commands that is lost costs what was on its
// way at most, and nothing comes twice.
func TestPublisherKilled(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	b := redisbroker.New(redisbroker.Options{Client: redis.Client()})
	from, to := open(t, b), open(t, b)
	from.isUp(1)
	to.isUp(1)
	to.subscribe("r.a")
	for i := range 15 {
		redis.Do("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
		text := fmt.Sprint(i)
		for {
			n, err := from.link.Publish(t.Context(), []broker.Outgoing{{Channel: "r.a", Data: []byte(text)}})
			if n == 1 {
				break
			}
			if !errors.Is(err, broker.ErrDown) {
				t.Fatalf("Publish: %d, %v", n, err)
			}
			pause(t)
		}
	}
	for limit := time.Now().Add(patience); ; pause(t) {
		if n, _ := from.link.Publish(t.Context(), []broker.Outgoing{{Channel: "r.a", Data: []byte("last")}}); n == 1 {
			break
		}
		if time.Now().After(limit) {
			t.Fatal("nothing can be published any more")
		}
	}
	to.hears("r.a", "last")
	to.mu.Lock()
	defer to.mu.Unlock()
	if seen := slices.Compact(slices.Clone(to.heard["r.a"])); len(seen) != len(to.heard["r.a"]) {
		t.Errorf("messages came twice: %q", to.heard["r.a"])
	}
}

// TestSlowReceiver: whoever does not take what comes loses it, is told how much, and
// is not cut off by Redis, whose bound is far below what comes. Commands on a client
// of the user's, made from the same options, are answered meanwhile, and so is what
// the same Link publishes.
func TestSlowReceiver(t *testing.T) {
	t.Parallel()
	const size, each, batches = 16 << 10, 64, 64 // 64 MiB
	redis := redistest.Start(t)
	redis.Do("CONFIG", "SET", "client-output-buffer-limit", "pubsub 8mb 4mb 1")
	o := redisbroker.Options{Client: redis.Client()}
	user, err := rueidis.NewClient(o.Client)
	if err != nil {
		t.Fatal(err)
	}
	defer user.Close()
	stuck := make(chan struct{})
	from, slow := open(t, redisbroker.New(o)), openStuck(t, redisbroker.New(o), stuck)
	from.isUp(1)
	slow.isUp(1)
	slow.subscribe("r.a")
	from.subscribe("r.b")
	before := redis.Do("CLIENT", "LIST", "TYPE", "pubsub")
	batch := make([]broker.Outgoing, each)
	for i := range batch {
		batch[i] = broker.Outgoing{Channel: "r.a", Data: make([]byte, size)}
	}
	for i := range batches {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if n, err := from.link.Publish(ctx, batch); n != each || err != nil {
			t.Fatalf("Publish: %d, %v", n, err)
		}
		if err := user.Do(ctx, user.B().Set().Key("k").Value("v").Build()).Error(); err != nil {
			t.Fatalf("a command of the user's: %v", err)
		}
		cancel()
		slow.publish("r.b", fmt.Sprint(i))
		from.hears("r.b", fmt.Sprint(i))
		// Its answer comes behind all messages, so these have been read.
		slow.subscribe("r.a")
	}
	close(stuck)
	slow.until("all that was published, heard or lost", func() bool {
		return len(slow.heard["r.a"])+slow.lost == each*batches
	})
	slow.mu.Lock()
	if slow.lost == 0 || len(slow.said) != 1 {
		t.Errorf("%d were lost; said: %q", slow.lost, slow.said)
	}
	slow.mu.Unlock()
	if was, is := ids(before), ids(redis.Do("CLIENT", "LIST", "TYPE", "pubsub")); !slices.Equal(was, is) {
		t.Errorf("Redis has cut a subscriber off: %q, and then %q", was, is)
	}
}

// ids returns the ids of clients in a list of them.
func ids(list string) (all []string) {
	for line := range strings.Lines(list) {
		id, _, _ := strings.Cut(strings.TrimPrefix(line, "txt:"), " ") // it is a verbatim string
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

// TestOrder: what one node publishes to a channel arrives in its order, in whatever
// batches it went.
func TestOrder(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	o := redisbroker.Options{Client: redis.Client()}
	o.Client.PipelineMultiplex, o.Client.BlockingPipeline = 3, 10 // which would each change the order
	from, to := open(t, redisbroker.New(o)), open(t, redisbroker.New(o))
	from.isUp(1)
	to.isUp(1)
	to.subscribe("r.a", "r.b")
	const all = 20_000
	for i := 0; i < all; {
		var batch []broker.Outgoing
		for range min(1+i%broker.MaxBatch, all-i) {
			batch = append(batch, broker.Outgoing{Channel: []string{"r.a", "r.b"}[i%2], Data: fmt.Append(nil, i)})
			i++
		}
		if n, err := from.link.Publish(t.Context(), batch); n != len(batch) || err != nil {
			t.Fatalf("Publish: %d, %v", n, err)
		}
	}
	to.until("everything", func() bool { return len(to.heard["r.a"])+len(to.heard["r.b"])+to.lost == all })
	for i, c := range []string{"r.a", "r.b"} {
		last := i - 2
		for _, text := range to.heard[c] {
			var n int
			if _, err := fmt.Sscan(text, &n); err != nil || n <= last || n%2 != i {
				t.Fatalf("%s: %s comes behind %d", c, text, last)
			}
			last = n
		}
	}
}

// TestReplica: a replica is not used, since what is published there stays there; not
// one either that was a master.
func TestReplica(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	host, port, _ := strings.Cut(redis.Addr(), ":")
	replica := redistest.Start(t, "--replicaof", host+" "+port)
	n := open(t, timed(redisbroker.Options{Client: replica.Client()}))
	n.wasDown("the server is a replica")
	replica.Do("REPLICAOF", "NO", "ONE")
	n.isUp(1)
	replica.Do("REPLICAOF", host, port)
	n.until("Down again", func() bool { return len(n.said) > 2 && strings.Contains(n.said[2], "the server is a replica") })
}

// TestPassword: a password that is refused is an outage, since it can be set later.
func TestPassword(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	redis.Do("CONFIG", "SET", "requirepass", "other")
	o := redisbroker.Options{Client: redis.Client()}
	o.Client.Password = "secret"
	n := open(t, redisbroker.New(o))
	n.wasDown("WRONGPASS")
	redis.Do("CONFIG", "SET", "requirepass", "secret")
	n.isUp(1)
}

// TestRefused: what Redis refuses is told, and was not sent.
func TestRefused(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	redis.Do("ACL", "SETUSER", "mute", "on", ">secret", "allcommands", "-publish", "&*")
	o := redisbroker.Options{Client: redis.Client()}
	o.Client.Username, o.Client.Password = "mute", "secret"
	n := open(t, redisbroker.New(o))
	n.isUp(1)
	sent, err := n.link.Publish(t.Context(), []broker.Outgoing{{Channel: "r.a"}, {Channel: "r.b"}})
	if sent != 0 || err == nil || !strings.Contains(err.Error(), "NOPERM") {
		t.Errorf("Publish: %d, %v; want 0 and NOPERM", sent, err)
	}
	redis.Do("ACL", "SETUSER", "mute", "+publish")
	n.publish("r.a", "now")
}

// TestRefusedChannels: a user that may not publish to some channels is told of each
// message, but the first, and neither the others nor the link suffer.
func TestRefusedChannels(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	redis.Do("ACL", "SETUSER", "rooms", "on", ">secret", "allcommands", "resetchannels", "&ws:*:r.*", "&ws:*:!*")
	o := redisbroker.Options{Client: redis.Client()}
	to := open(t, redisbroker.New(o))
	o.Client.Username, o.Client.Password = "rooms", "secret"
	n := open(t, redisbroker.New(o))
	for _, x := range []*node{to, n} {
		x.isUp(1)
	}
	to.subscribe("r.a")
	if sent, err := n.link.Publish(t.Context(), []broker.Outgoing{{Channel: "r.a", Data: []byte("1")}, {Channel: "u.b"}, {Channel: "r.a", Data: []byte("2")}}); sent != 3 || err != nil {
		t.Errorf("Publish: %d, %v; the refused one counts as sent, since what was behind it is out", sent, err)
	}
	for range 3 {
		sent, err := n.link.Publish(t.Context(), []broker.Outgoing{{Channel: "r.a", Data: []byte("3")}, {Channel: "u.b"}, {Channel: "r.a", Data: []byte("4")}})
		if sent != 1 || !errors.Is(err, broker.ErrRefused) || !strings.Contains(err.Error(), "ACL SETUSER") {
			t.Errorf("Publish: %d, %v; want 1 and ErrRefused with its cure", sent, err)
		}
	}
	n.publish("r.a", "5")
	to.hears("r.a", "5")
	to.until("all in their order", func() bool { return strings.Join(to.heard["r.a"], "") == "123335" })
	n.until("a link that has not broken", func() bool { return len(n.said) == 1 })
}

// TestStandsStill: a server that stands still with its connections open is noticed;
// calls return with their contexts meanwhile; and Close does not wait for it.
func TestStandsStill(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	o := redisbroker.Options{Client: redis.Client()}
	o.Client.Dialer.KeepAlive, o.Client.ConnWriteTimeout = 200*time.Millisecond, time.Second
	o.Client.Dialer.Timeout = 500 * time.Millisecond
	n := open(t, redisbroker.New(o))
	n.isUp(1)
	redis.Stop()
	defer redis.Continue()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := n.link.Subscribe(ctx, []string{"r.a"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Subscribe: %v; want %v", err, context.DeadlineExceeded)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if sent, err := n.link.Publish(ctx, []broker.Outgoing{{Channel: "r.a"}}); sent != 1 || err != nil {
		t.Errorf("Publish: %d, %v; nobody knows, so it counts as sent", sent, err)
	}
	n.until("Down", func() bool { return len(n.said) > 1 })
	redis.Continue()
	n.isUp(2)
	n.publish("r.a", "heard")
	n.hears("r.a", "heard")

	redis.Stop()
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if err := n.link.Close(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Close: %v", err)
	}
	if took := time.Since(begin); took > patience/4 {
		t.Errorf("Close took %v", took)
	}
}

// TestNothingIsLeft: a Link has two connections, and leaves none.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	before := len(ids(redis.Do("CLIENT", "LIST")))
	n := open(t, redisbroker.New(redisbroker.Options{Client: redis.Client()}))
	n.isUp(1)
	n.subscribe("r.a")
	if is := len(ids(redis.Do("CLIENT", "LIST"))); is != before+2 {
		t.Errorf("%d connections, want %d", is-before, 2)
	}
	n.close()
	for limit := time.Now().Add(patience); len(ids(redis.Do("CLIENT", "LIST"))) != before; pause(t) {
		if time.Now().After(limit) {
			t.Fatalf("left behind: %s", redis.Do("CLIENT", "LIST"))
		}
	}
	if got := redis.Do("PUBSUB", "CHANNELS"); got != "[]" {
		t.Errorf("channels are left: %s", got)
	}
}
