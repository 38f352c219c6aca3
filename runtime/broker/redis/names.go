package redisbroker

import (
	"hash/fnv"
	"strconv"
	"strings"
)

// This file makes the names of channels on Redis.

// partitions is how many parts the channels of a cluster are spread over. More
// would be more commands for a node that subscribes, fewer would leave shards of
// a large Redis Cluster without work. All nodes must agree on it.
const partitions = 128

// slotCount is how many slots a Redis Cluster has.
const slotCount = 16384

// names are the beginnings of all channels of one cluster of nodes.
//
// On one server a channel is ws:main:r.p_lobby. With sharded pub/sub it is
// ws:{17}:main:r.p_lobby: Redis Cluster hashes what stands in braces, so each
// partition has a tag, and all its channels are in one slot.
type names struct {
	plain  string
	tagged [partitions]string
	slots  [partitions]int // of the tags
	open   string          // what stands in front of a tag
	close  string          // what stands behind it
}

func newNames(prefix, cluster string) *names {
	n := &names{plain: prefix + ":" + cluster + ":", open: prefix + ":{", close: "}:" + cluster + ":"}
	const width = slotCount / partitions
	for tag, missing := 0, partitions; missing > 0; tag++ {
		// Partition i takes the smallest number whose slot is in the i-th of equal
		// ranges: so each master of any Redis Cluster has its share.
		text := strconv.Itoa(tag)
		slot := int(crc16(text)) % slotCount
		if p := slot / width; n.tagged[p] == "" {
			n.tagged[p], n.slots[p] = n.open+text+n.close, slot
			missing--
		}
	}
	return n
}

// partition returns the part of a channel: that of FNV-1a of its name.
func partition(channel string) int {
	h := fnv.New64a()
	_, _ = h.Write([]byte(channel))
	return int(h.Sum64() % partitions)
}

// full returns what a channel is called on Redis.
func (n *names) full(channel string, sharded bool) string {
	if sharded {
		return n.tagged[partition(channel)] + channel
	}
	return n.plain + channel
}

// channel is the opposite of full.
func (n *names) channel(full string, sharded bool) (string, bool) {
	if !sharded {
		return strings.CutPrefix(full, n.plain)
	}
	rest, ok := strings.CutPrefix(full, n.open)
	if !ok {
		return "", false
	}
	_, rest, ok = strings.Cut(rest, "}")
	if !ok {
		return "", false
	}
	return strings.CutPrefix(rest, n.close[1:])
}

// crc16 is the sum by which Redis Cluster finds the slot of a key: polynomial
// 0x1021, from 0.
func crc16(text string) uint16 {
	var sum uint16
	for i := range len(text) {
		sum ^= uint16(text[i]) << 8
		for range 8 {
			if sum&0x8000 != 0 {
				sum = sum<<1 ^ 0x1021
			} else {
				sum <<= 1
			}
		}
	}
	return sum
}
