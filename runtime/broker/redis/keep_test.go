package redisbroker_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
	redisbroker "github.com/wsgen/wsgen/runtime/broker/redis"
	"github.com/wsgen/wsgen/runtime/broker/redis/redistest"
)

var chat = broker.Log{Name: "chat.Events", Size: 10, TTL: time.Minute}

// try keeps a text once.
func (n *node) try(channel, text, key string) broker.Outcome {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), patience)
	defer cancel()
	out := broker.Outgoing{Channel: channel, Data: []byte(text)}
	return n.link.(broker.Keeper).Keep(ctx, []broker.Kept{{Outgoing: out, Log: chat, Key: key}})[0]
}

// keep keeps a text, and tries again while it is certain that it is not kept.
func (n *node) keep(channel, text string) (at broker.Position) {
	n.t.Helper()
	until(n.t, "a message is kept", func() bool {
		o := n.try(channel, text, "key "+text)
		at = o.At
		return o.Err == nil
	})
	return at
}

// read returns the texts behind a position, and whether they are complete.
func (n *node) read(channel string, after broker.Position) (texts []string, complete bool) {
	n.t.Helper()
	until(n.t, "Read", func() bool {
		ctx, cancel := context.WithTimeout(n.t.Context(), patience)
		defer cancel()
		page, err := n.link.(broker.Keeper).Read(ctx, chat, channel, after, 100)
		texts, complete = nil, page.Complete
		for _, d := range page.Entries {
			texts = append(texts, string(d.Data))
		}
		return err == nil
	})
	return texts, complete
}

// TestKeys: on Redis there is what the documentation says, for as long as it says,
// and nothing else.
func TestKeys(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	n := open(t, redisbroker.New(redisbroker.Options{Client: redis.Client()}))
	n.isUp(1)
	before := time.Now()
	at := n.try("r.p_lobby", "hello", "k1").At
	if _, complete := n.read("r.p_empty", at); complete {
		t.Error("a channel has the epoch of another")
	}
	ttl := func(key string) time.Duration {
		ms, _ := strconv.Atoi(redis.Do("PTTL", key))
		return time.Duration(ms) * time.Millisecond
	}
	const base = "ws:main:chat.Events:r.p_lobby:"
	for key, want := range map[string]time.Duration{base + "m": 24 * time.Hour, base + "s": chat.TTL, "ws:main:chat.Events:r.p_empty:m": 24 * time.Hour} {
		if got := ttl(key); got > want || got < want-patience {
			t.Errorf("%s lives for %v; want %v", key, got, want)
		}
	}
	keys := strings.Fields(strings.Trim(redis.Do("KEYS", "*"), "[]"))
	if len(keys) != 4 {
		t.Errorf("there are keys %q", keys)
	}
	for _, key := range keys {
		if strings.HasPrefix(key, base+"k:") {
			if got := ttl(key); got > broker.KeyTime || got < broker.KeyTime-patience {
				t.Errorf("%s lives for %v; want %v", key, got, broker.KeyTime)
			}
		}
	}
	since := time.UnixMicro(int64(at.Offset) + time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro())
	if since.Before(before.Add(-time.Second)) || since.After(time.Now().Add(time.Second)) {
		t.Errorf("the offset is %d: %v", at.Offset, since)
	}
	if got := redis.Do("HGET", base+"m", "e") + ":" + redis.Do("HGET", base+"m", "o"); got != fmt.Sprintf("%s:%d", at.Epoch, at.Offset) {
		t.Errorf("it is at %s; want %+v", got, at)
	}
	for i := range 30 {
		n.keep("r.p_lobby", fmt.Sprint(i))
	}
	if got := redis.Do("XLEN", base+"s"); got != "10" {
		t.Errorf("the stream has %s messages; want 10", got)
	}
}

// TestEvicted: when Redis drops the key of an epoch there is another one, whose
// messages are not mixed with the old.
func TestEvicted(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	n := open(t, redisbroker.New(redisbroker.Options{Client: redis.Client()}))
	n.isUp(1)
	old := n.keep("r.a", "old")
	redis.Do("DEL", "ws:main:chat.Events:r.a:m")
	at := n.keep("r.a", "old") // with its key
	if at.Epoch == old.Epoch {
		t.Errorf("%+v, and before %+v", at, old)
	}
	if _, complete := n.read("r.a", old); complete {
		t.Error("what was kept in another epoch is there")
	}
	if texts, complete := n.read("r.a", broker.Position{Epoch: at.Epoch}); !complete || len(texts) != 1 {
		t.Errorf("%q, complete %v", texts, complete)
	}
}

// TestSilence: the epoch of a channel in which nothing happens lives on as long as
// somebody asks for it.
func TestSilence(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	n := open(t, redisbroker.New(redisbroker.Options{Client: redis.Client()}))
	n.isUp(1)
	n.keep("r.a", "x")
	const key = "ws:main:chat.Events:r.a:m"
	redis.Do("PEXPIRE", key, "600000")
	ends, err := n.link.(broker.Keeper).Ends(t.Context(), chat, []string{"r.a"})
	if err != nil || len(ends) != 1 {
		t.Fatalf("Ends: %v, %v", ends, err)
	}
	if ms, _ := strconv.Atoi(redis.Do("PTTL", key)); ms < 23*60*60*1000 {
		t.Errorf("the epoch lives for %d ms", ms)
	}
}

// TestScriptsForgotten: a server that forgets scripts, or is another one at the same
// address, gets them again, and a batch stays in order.
func TestScriptsForgotten(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	n := open(t, redisbroker.New(redisbroker.Options{Client: redis.Client()}))
	n.isUp(1)
	last := broker.Position{}
	for range 5 {
		redis.Do("SCRIPT", "FLUSH")
		var batch []broker.Kept
		for i := range 100 {
			batch = append(batch, broker.Kept{Outgoing: broker.Outgoing{Channel: "r.a", Data: fmt.Append(nil, i)}, Log: chat})
		}
		for i, o := range n.link.(broker.Keeper).Keep(t.Context(), batch) {
			if o.Err != nil || o.At.Offset <= last.Offset {
				t.Fatalf("message %d: %+v, behind %+v", i, o, last)
			}
			last = o.At
		}
	}
	redis.Do("SCRIPT", "FLUSH")
	if texts, complete := n.read("r.a", last); !complete || len(texts) > 0 {
		t.Errorf("behind the last: %q, complete %v", texts, complete)
	}
}

// TestUnshardedKeeps: on a Redis Cluster without sharded pub/sub nothing is kept, and
// it is said why, and what is to be done.
func TestUnshardedKeeps(t *testing.T) {
	t.Parallel()
	redis := redistest.StartCluster(t, 3)
	n := open(t, redisbroker.New(redisbroker.Options{Client: redis.Client(), Sharded: redisbroker.ShardedOff}))
	n.isUp(1)
	failed := 0
	for i := range 64 {
		if o := n.try(fmt.Sprint("r.n", i), "x", ""); errors.Is(o.Err, broker.ErrUnavailable) && strings.Contains(o.Err.Error(), "ShardedAuto") {
			failed++
		}
	}
	if failed < 64 {
		t.Errorf("%d of 64 messages were refused", failed)
	}
	n.publish("r.a", "x")
}

// TestFullMemory: when Redis has no memory left nothing is kept, it is told at once
// what is to be done, and what was kept is there still.
func TestFullMemory(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	n := open(t, redisbroker.New(redisbroker.Options{Client: redis.Client()}))
	n.isUp(1)
	first := n.keep("r.a", "first")
	redis.Do("CONFIG", "SET", "maxmemory", "1000")
	if o := n.try("r.a", "second", "k"); !errors.Is(o.Err, broker.ErrUnavailable) || !strings.Contains(o.Err.Error(), "maxmemory") {
		t.Errorf("Keep: %+v", o)
	}
	redis.Do("CONFIG", "SET", "maxmemory", "0")
	if o := n.try("r.a", "second", "k"); o.Err != nil || o.Duplicate {
		t.Errorf("Keep: %+v", o)
	}
	if texts, complete := n.read("r.a", first); !complete || strings.Join(texts, " ") != "second" {
		t.Errorf("%q, complete %v", texts, complete)
	}
}

// TestAges: a message goes when its time is over, also while newer ones come.
func TestAges(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	k := open(t, redisbroker.New(redisbroker.Options{Client: redis.Client()}))
	k.isUp(1)
	log := broker.Log{Name: "chat.Short", Size: 100_000, TTL: 500 * time.Millisecond}
	var all []broker.Position
	page := broker.Page{Complete: true}
	until(t, "the first message has aged out", func() bool {
		out := broker.Outgoing{Channel: "r.a", Data: []byte("x")}
		o := k.link.(broker.Keeper).Keep(t.Context(), []broker.Kept{{Outgoing: out, Log: log}})[0]
		if o.Err != nil {
			t.Fatalf("Keep: %v", o.Err)
		}
		all = append(all, o.At)
		var err error
		page, err = k.link.(broker.Keeper).Read(t.Context(), log, "r.a", broker.Position{Epoch: all[0].Epoch}, 1)
		if err != nil {
			t.Fatalf("Read: %v", err)
		}
		return !page.Complete
	})
	oldest := page.Entries[0].At.Offset
	if last := all[len(all)-1].Offset; last-oldest > uint64(log.TTL.Microseconds()) {
		t.Errorf("the oldest message is %d µs older than the newest", last-oldest)
	}
	if all[0].Offset >= oldest || oldest-all[0].Offset > uint64(patience.Microseconds()) {
		t.Errorf("the oldest message is at %d, and the first was at %d", oldest, all[0].Offset)
	}
	page, err := k.link.(broker.Keeper).Read(t.Context(), log, "r.a", all[len(all)-2], 10)
	if err != nil || !page.Complete || len(page.Entries) != 1 {
		t.Errorf("Read behind the last but one: %+v, %v", page, err)
	}
}

// TestDocumentedUser: the user of the documentation can do all that is done, and one
// who lacks something is told so.
func TestDocumentedUser(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	redis.Do(strings.Fields("ACL SETUSER gateway on >secret resetchannels &ws:* ~ws:* +hello +ping +publish +subscribe +unsubscribe +spublish +ssubscribe +sunsubscribe +cluster|slots +script|load +evalsha +get +set +hmget +hset +del +pexpire +pttl +time +xadd +xrange +xtrim")...)
	redis.Do(strings.Fields("ACL SETUSER plain on >secret resetchannels &ws:* +hello +ping +publish +subscribe +unsubscribe")...)
	o := redisbroker.Options{Client: redis.Client()}
	o.Client.Username, o.Client.Password = "gateway", "secret"
	n := open(t, redisbroker.New(o))
	n.isUp(1)
	n.subscribe("r.a")
	at := n.keep("r.a", "kept")
	n.hears("r.a", "kept")
	n.read("r.a", at)
	o.Client.Username = "plain"
	n = open(t, redisbroker.New(o))
	n.isUp(1)
	if got := n.try("r.a", "x", ""); !errors.Is(got.Err, broker.ErrRefused) || !strings.Contains(got.Err.Error(), "documentation") {
		t.Errorf("Keep: %+v", got)
	}
	if err := n.link.(broker.Keeper).Declare(t.Context(), []broker.Log{chat}); err == nil || !strings.Contains(err.Error(), "documentation") {
		t.Errorf("Declare: %v", err)
	}
}

// TestPromotedReplica: a replica that is promoted without the newest messages gives
// other positions to what is kept then, and who has heard the lost ones takes none of
// these for known.
func TestPromotedReplica(t *testing.T) {
	t.Parallel()
	redis := redistest.StartCluster(t, 3, "--cluster-require-full-coverage", "no")
	replica := redis.AddReplica(redis.Masters[0])
	n := open(t, timed(redisbroker.Options{Client: redis.Client()}))
	n.isUp(1)
	all := channels(60)
	n.subscribe(all...)
	channel := strings.Fields(strings.Trim(redis.Masters[0].Do("PUBSUB", "SHARDCHANNELS", "ws:*:main:r.*"), "[]"))[0]
	channel = channel[strings.LastIndexByte(channel, ':')+1:]
	first := n.keep(channel, "first")
	until(t, "the replica has it", func() bool { // WAIT says nothing of what another connection has written
		keys := redis.Masters[0].Do("DBSIZE")
		return keys != "0" && replica.Do("DBSIZE") == keys
	})
	redis.Masters[0].Do("CONFIG", "SET", "requirepass", "unknown") // to the replica, which gets nothing more
	redis.Masters[0].Do("CLIENT", "KILL", "TYPE", "replica")
	var lost []broker.Position
	for i := range 5 {
		lost = append(lost, n.keep(channel, fmt.Sprint("lost ", i)))
	}
	n.hears(channel, "lost 4")
	redis.Masters[0].Kill()
	until(t, "the replica is a master", func() bool {
		_, _ = replica.Try("CLUSTER", "FAILOVER", "TAKEOVER")
		return strings.Contains(replica.Do("INFO", "replication"), "role:master")
	})
	n.isUp(2)
	later := n.keep(channel, "later")
	if later.Epoch != first.Epoch || later.Offset <= lost[4].Offset {
		t.Errorf("kept at %+v, behind %+v that is lost", later, lost[4])
	}
	for _, at := range append(lost, first) {
		if texts, complete := n.read(channel, at); !complete || strings.Join(texts, ",") != "later" {
			t.Errorf("behind %+v: %q, complete %v", at, texts, complete)
		}
	}
}
