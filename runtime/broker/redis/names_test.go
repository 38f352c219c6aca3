package redisbroker

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/runtime/broker/redis/redistest"
)

// TestPartitions: each partition has a slot of its own part of all slots, as Redis
// counts them, so that masters have equal shares of the channels.
func TestPartitions(t *testing.T) {
	t.Parallel()
	redis := redistest.StartCluster(t, 1)
	n := newNames("ws", "main")
	for p, tagged := range n.tagged {
		slot, err := strconv.Atoi(redis.Masters[0].Do("CLUSTER", "KEYSLOT", tagged+"r.p_lobby"))
		if err != nil || slot != n.slots[p] || slot/(slotCount/partitions) != p {
			t.Errorf("partition %d: slot %d, want %d, in the %d. of %d parts", p, slot, n.slots[p], p, partitions)
		}
	}
	for _, masters := range []int{2, 3, 16, 64, 128} {
		share := make([]int, masters)
		for i := range 128 * 500 {
			share[n.slots[partition(fmt.Sprint("r.p_room", i))]*masters/slotCount]++
		}
		for i, has := range share {
			if mean := 128 * 500 / masters; has < mean*7/10 || has > mean*13/10 {
				t.Errorf("master %d of %d has %d channels, and the mean is %d", i, masters, has, mean)
			}
		}
	}
}

// TestNames: a channel comes back from its name, and from no other.
func TestNames(t *testing.T) {
	t.Parallel()
	n := newNames("ws", "main")
	for _, sharded := range []bool{false, true} {
		for _, c := range []string{"a", "n.00ff00", "r.p_lobby", "r.b_", strings.Repeat("x", 200)} {
			if got, ok := n.channel(n.full(c, sharded), sharded); got != c || !ok {
				t.Errorf("%s, sharded %v: %q, %v", c, sharded, got, ok)
			}
		}
	}
	for _, full := range []string{"", "ws:", "ws:main", "ws:main2:a", "ws:other:a", "x:main:a", "ws:{17}:main:a"} {
		if got, ok := n.channel(full, false); ok {
			t.Errorf("%q is taken for channel %q", full, got)
		}
	}
	for _, full := range []string{"", "ws:main:a", "ws:{", "ws:{17", "ws:{17}", "ws:{17}:other:a", "ws:{17}:main", "ws:{}x:main:a"} {
		if got, ok := n.channel(full, true); ok {
			t.Errorf("%q is taken for channel %q of a shard", full, got)
		}
	}
	if got := n.full("r.p_lobby", true); n.tagged[partition("r.p_lobby")]+"r.p_lobby" != got || !strings.HasPrefix(got, "ws:{") {
		t.Errorf("%q", got)
	}
}
