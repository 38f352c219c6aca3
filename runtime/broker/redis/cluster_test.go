package redisbroker_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wsgen/wsgen/runtime/broker"
	redisbroker "github.com/wsgen/wsgen/runtime/broker/redis"
	"github.com/wsgen/wsgen/runtime/broker/redis/redistest"
)

// channels returns names of so many channels, which are in all partitions.
func channels(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = "r.n" + strconv.Itoa(i)
	}
	return all
}

// TestSharded: a link has two connections to each master and one subscription for
// each channel, and no message goes to more than one master.
func TestSharded(t *testing.T) {
	t.Parallel()
	redis := redistest.StartCluster(t, 3)
	b := redisbroker.New(redisbroker.Options{Client: redis.Client()})
	var before []int
	for _, s := range redis.Masters {
		before = append(before, len(ids(s.Do("CLIENT", "LIST"))))
	}
	to := open(t, b)
	to.isUp(1)
	all := channels(broker.MaxBatch)
	to.subscribe(all...)
	subscribed := 0
	for i, s := range redis.Masters {
		if is := len(ids(s.Do("CLIENT", "LIST"))) - before[i]; is != 2 {
			t.Errorf("%d connections to a master, want 2", is)
		}
		here := len(strings.Fields(s.Do("PUBSUB", "SHARDCHANNELS", "ws:*:main:r.*")))
		if here < broker.MaxBatch/5 {
			t.Errorf("a master of three has %d of %d channels", here, broker.MaxBatch)
		}
		subscribed += here
	}
	if subscribed != len(all) {
		t.Errorf("%d channels are subscribed, want %d", subscribed, len(all))
	}
	from := open(t, b)
	from.isUp(1)
	for _, c := range all {
		from.publish(c, "once")
	}
	for _, c := range all {
		to.hears(c, "once")
	}
	published := 0
	for _, s := range redis.Masters {
		published += calls(s, "spublish")
		if n := calls(s, "publish"); n != 0 {
			t.Errorf("PUBLISH was called %d times", n)
		}
	}
	// A link that hears nothing for a while asks by SPUBLISH whether it would.
	if published < len(all) || published > len(all)+len(all)/4 {
		t.Errorf("SPUBLISH was called %d times, want %d and a few", published, len(all))
	}
}

// TestSlotsMove: when slots go to another master the subscriptions in them follow,
// also to one that is new, and all is well behind the Up that says so.
func TestSlotsMove(t *testing.T) {
	t.Parallel()
	redis := redistest.StartCluster(t, 3)
	b := redisbroker.New(redisbroker.Options{Client: redis.Client()})
	from, to := open(t, b), open(t, b)
	from.isUp(1)
	to.isUp(1)
	all := channels(broker.MaxBatch)
	to.subscribe(all...)
	check := func(text string) {
		t.Helper()
		for _, c := range all {
			publishAnyway(t, from, c, text)
		}
		for _, c := range all {
			to.hears(c, text)
		}
	}
	check("at first")
	redis.Move(0, 1000, redis.Masters[1])
	to.wasDown("has moved to another server")
	settled(to)
	check("moved")
	added := redis.Add()
	redis.Move(8000, 8600, added)
	until(t, "the new master has its share", func() bool {
		return added.Do("PUBSUB", "SHARDCHANNELS") != "[]"
	})
	settled(to)
	check("moved to a new one")
}

// settled waits until no Down has come for a while of work.
func settled(n *node) {
	n.t.Helper()
	n.until("Up", func() bool { return n.said[len(n.said)-1] == "up" })
}

// until waits for what another process does.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 2000 {
		if is() {
			return
		}
		pause(t)
	}
	t.Fatalf("this has not come: %s", what)
}

// publishAnyway publishes a message as the runtime does: again when it was refused.
func publishAnyway(t *testing.T, from *node, channel, text string) {
	t.Helper()
	until(t, "a message is taken", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		n, _ := from.link.Publish(ctx, []broker.Outgoing{{Channel: channel, Data: []byte(text)}})
		return n == 1
	})
}

// TestSlotsMoveUnderLoad: while slots move to and fro, all that is heard is in the
// order of its publisher and comes once, and in the end all is well.
func TestSlotsMoveUnderLoad(t *testing.T) {
	t.Parallel()
	redis := redistest.StartCluster(t, 3)
	b := redisbroker.New(redisbroker.Options{Client: redis.Client()})
	from, to := open(t, b), open(t, b)
	from.isUp(1)
	to.isUp(1)
	all := channels(64)
	to.subscribe(all...)
	done := make(chan struct{})
	var sent atomic.Int64 // batches
	var load sync.WaitGroup
	load.Go(func() {
		next := make([]int, len(all)) // of each channel
		for {
			select {
			case <-done:
				return
			default:
			}
			batch := make([]broker.Outgoing, 200)
			which := make([]int, len(batch))
			for i := range batch {
				which[i] = rand.IntN(len(all))
				next[which[i]]++
				batch[i] = broker.Outgoing{Channel: all[which[i]], Data: fmt.Append(nil, next[which[i]])}
			}
			for len(batch) > 0 {
				n, err := from.link.Publish(t.Context(), batch)
				if n < len(batch) && (err == nil || errors.Is(err, broker.ErrClosed)) {
					t.Errorf("Publish: %d of %d, %v", n, len(batch), err)
					return
				}
				batch = batch[n:]
				if err != nil {
					pause(t)
				}
			}
			sent.Add(1)
		}
	})
	for i := range 6 {
		was := sent.Load()
		redis.Move(i*700, i*700+600, redis.Masters[1+i%2])
		until(t, "more is sent", func() bool { return sent.Load() > was+10 })
	}
	close(done)
	load.Wait()
	settled(to)
	for _, c := range all {
		until(t, "a message is heard on "+c, func() bool {
			publishAnyway(t, from, c, "1000000")
			pause(t)
			to.mu.Lock()
			defer to.mu.Unlock()
			return slices.Contains(to.heard[c], "1000000")
		})
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	if len(to.said) < 2 {
		t.Errorf("nothing has moved: %q", to.said)
	}
	heard := 0
	for _, c := range all {
		last := 0
		for _, text := range to.heard[c] {
			n, _ := strconv.Atoi(text)
			if n <= last && n != 1000000 {
				t.Fatalf("%s: %d comes behind %d", c, n, last)
			}
			last = n
			heard++
		}
	}
	t.Logf("%d messages; said: %d times", heard, len(to.said))
}

// TestMasterDies: the link is down while a master is missing, what the others have is
// heard all the same, and all is well when it is back.
func TestMasterDies(t *testing.T) {
	t.Parallel()
	redis := redistest.StartCluster(t, 3, "--cluster-require-full-coverage", "no")
	b := redisbroker.New(redisbroker.Options{Client: redis.Client()})
	from, to := open(t, b), open(t, b)
	from.isUp(1)
	to.isUp(1)
	all := channels(200)
	to.subscribe(all...)
	redis.Masters[0].Kill()
	to.until("Down", func() bool { return len(to.said) > 1 })
	from.until("Down", func() bool { return len(from.said) > 1 })
	if n, err := from.link.Publish(t.Context(), []broker.Outgoing{{Channel: all[0]}}); n != 0 || !errors.Is(err, broker.ErrDown) {
		t.Errorf("Publish: %d, %v; want 0, %v", n, err, broker.ErrDown)
	}
	others := strings.Fields(strings.Trim(redis.Masters[1].Do("PUBSUB", "SHARDCHANNELS", "ws:*:main:r.*"), "[]"))
	if len(others) < 30 {
		t.Fatalf("another master has %d channels", len(others))
	}
	for _, full := range others {
		redis.Masters[1].Do("SPUBLISH", full, "meanwhile")
		to.hears(full[strings.LastIndexByte(full, ':')+1:], "meanwhile")
	}
	redis.Masters[0].Start()
	from.isUp(2)
	to.isUp(2)
	for _, c := range all {
		publishAnyway(t, from, c, "after")
	}
	for _, c := range all {
		to.hears(c, "after")
	}
}

// TestNoCluster: ShardedOn is down where there is no cluster, and says why.
func TestNoCluster(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	n := open(t, redisbroker.New(redisbroker.Options{Client: redis.Client(), Sharded: redisbroker.ShardedOn}))
	n.wasDown("not part of a Redis Cluster")
}

// TestUnsharded: without sharded pub/sub nodes hear each other in order, at whatever
// masters they are, and go to another when theirs is gone.
func TestUnsharded(t *testing.T) {
	t.Parallel()
	redis := redistest.StartCluster(t, 3)
	o := redisbroker.Options{Client: redis.Client(), Sharded: redisbroker.ShardedOff}
	var nodes []*node
	for _, s := range redis.Masters {
		o.Client.InitAddress = []string{s.Addr()}
		nodes = append(nodes, open(t, redisbroker.New(o)))
	}
	o.Client.InitAddress = []string{redis.Masters[0].Addr(), redis.Masters[1].Addr()}
	nodes = append(nodes, open(t, redisbroker.New(o)))
	for _, n := range nodes {
		n.isUp(1)
		n.subscribe("r.a")
	}
	for from, n := range nodes {
		for i := range 200 {
			n.publish("r.a", fmt.Sprint(from, " ", i))
		}
	}
	for _, n := range nodes {
		for from := range nodes {
			n.hears("r.a", fmt.Sprint(from, " ", 199))
		}
		last := make([]int, len(nodes))
		for _, text := range n.heard["r.a"] {
			var from, i int
			_, _ = fmt.Sscan(text, &from, &i)
			if i != last[from] {
				t.Fatalf("message %d of %d comes behind %d", i, from, last[from]-1)
			}
			last[from]++
		}
	}
	redis.Masters[0].Kill()
	nodes[0].until("Down, where there is no other address", func() bool { return len(nodes[0].said) > 1 })
	until(t, "the node with two addresses is heard", func() bool {
		n, _ := nodes[3].link.Publish(t.Context(), []broker.Outgoing{{Channel: "r.b"}})
		return n == 1
	})
	until(t, "it subscribes", func() bool { return nodes[3].link.Subscribe(t.Context(), []string{"r.c"}) == nil })
	nodes[1].publish("r.c", "after")
	nodes[3].hears("r.c", "after")
}

// TestPublishFollows: a batch of which a part goes to a slot that has moved, which
// this node has not heard of, is sent all the same, and all of it.
func TestPublishFollows(t *testing.T) {
	t.Parallel()
	redis := redistest.StartCluster(t, 3)
	b := redisbroker.New(redisbroker.Options{Client: redis.Client()})
	from, to := open(t, b), open(t, b)
	from.isUp(1)
	to.isUp(1)
	to.subscribe(channels(100)...)
	some := func(s *redistest.Server, above int) (channel string, slot int) {
		for _, full := range strings.Fields(strings.Trim(s.Do("PUBSUB", "SHARDCHANNELS", "ws:*:main:r.*"), "[]")) {
			if slot, _ = strconv.Atoi(s.Do("CLUSTER", "KEYSLOT", full)); slot > above {
				return full[strings.LastIndexByte(full, ':')+1:], slot
			}
		}
		t.Fatal("no channel there")
		return "", 0
	}
	// The first slots have the channel of probes, whose move would be noticed.
	moves, slot := some(redis.Masters[0], 200)
	stays, _ := some(redis.Masters[2], 0)
	redis.Move(slot, slot, redis.Masters[1])
	to.isUp(2)
	var batch []broker.Outgoing
	for i := range 100 {
		batch = append(batch, broker.Outgoing{Channel: []string{moves, stays}[i%2], Data: fmt.Append(nil, i)})
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if n, err := from.link.Publish(ctx, batch); n != len(batch) || err != nil {
		t.Fatalf("Publish: %d of %d, %v", n, len(batch), err)
	}
	for i, c := range []string{moves, stays} {
		to.until("all on "+c, func() bool { return len(to.heard[c]) == 50 })
		for k, text := range to.heard[c] {
			if text != fmt.Sprint(2*k+i) {
				t.Fatalf("on %s there is %q", c, to.heard[c])
			}
		}
	}
	from.wasDown("has moved to another server")
}

// TestFailover: when a replica takes the place of its master, without a connection
// that breaks, nodes go there, and nothing is heard twice.
func TestFailover(t *testing.T) {
	t.Parallel()
	redis := redistest.StartCluster(t, 3)
	replica := redis.AddReplica(redis.Masters[0])
	b := timed(redisbroker.Options{Client: redis.Client()})
	from, to := open(t, b), open(t, b)
	from.isUp(1)
	to.isUp(1)
	all := channels(200)
	to.subscribe(all...)
	until(t, "the replica is a master", func() bool {
		_, _ = replica.Try("CLUSTER", "FAILOVER")
		return strings.Contains(replica.Do("INFO", "replication"), "role:master")
	})
	from.isUp(2)
	to.isUp(2)
	until(t, "the old master is left", func() bool {
		return redis.Masters[0].Do("PUBSUB", "SHARDCHANNELS") == "[]"
	})
	for _, c := range all {
		publishAnyway(t, from, c, "after")
	}
	for _, c := range all {
		to.hears(c, "after")
	}
}
