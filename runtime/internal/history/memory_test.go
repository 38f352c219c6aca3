package history

import (
	"runtime"
	"testing"
	"time"
)

// TestFollowerWeight: a follower at the end weighs no more than its place in a map.
func TestFollowerWeight(t *testing.T) {
	const followers = 20_000
	tails := NewTails[*simPeer](NewStore(1<<20), func(Word) []byte { return nil })
	defer tails.Close()
	l, _ := tails.Declare(Log{Name: "test", Size: 10, TTL: time.Hour})
	k := Key{Log: l, Name: "room"}
	peers := make([]*simPeer, followers)
	for i := range peers {
		peers[i] = newSimPeer(uint64(i), 1)
		peers[i].queue = make([][]byte, 0, 1)
	}
	heap := func() int {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	before := heap()
	for _, p := range peers {
		tails.Follow(p, k, func(string) Claim { return Claim{} }, nil)
	}
	each := (heap() - before) / followers
	t.Logf("%d bytes each", each)
	if each > 64 {
		t.Errorf("%d bytes each, at most 64", each)
	}
	runtime.KeepAlive(peers)
	if n := len(tails.All(k)); n != followers {
		t.Errorf("%d follow", n)
	}
}
