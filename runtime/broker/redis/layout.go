package redisbroker

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/rueidis"
)

// This file finds out which servers there are.

// Why a server cannot be used.
var (
	errOld       = errors.New("redisbroker: the server is too old: it needs Redis 6.2 or newer, or Valkey")
	errSentinel  = errors.New("redisbroker: the server is a Sentinel: put its address into Options.Client.InitAddress together with Options.Client.Sentinel.MasterSet")
	errNotMaster = errors.New("redisbroker: the server is a replica, where what is published stays: name the master in Options.Client.InitAddress, or use Options.Client.Sentinel")
	errNoCluster = errors.New("redisbroker: Options.Sharded is ShardedOn, and the server is not part of a Redis Cluster")
)

// layout says who has which partitions.
type layout struct {
	sharded bool
	owners  [partitions]string // addresses, if sharded
}

// addrs returns the addresses of all servers that have a partition.
func (lay *layout) addrs() []string {
	all := make(map[string]struct{})
	for _, addr := range lay.owners {
		if addr != "" {
			all[addr] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// first returns a partition of a server.
func (lay *layout) first(addr string) int { return max(slices.Index(lay.owners[:], addr), 0) }

// survey asks one server after the other for the layout, and returns the first that
// knows: one that works, or else a new one.
func (l *link) survey() (layout, *server, error) {
	lay, s, first := l.ask()
	if s != nil {
		return lay, s, nil
	}
	addrs := slices.Clone(l.o.Client.InitAddress)
	if l.o.Client.Sentinel.MasterSet != "" {
		addrs = []string{""}
	}
	rand.Shuffle(len(addrs), func(i, j int) { addrs[i], addrs[j] = addrs[j], addrs[i] })
	for _, addr := range addrs {
		s, err := l.dial(addr)
		if err == nil {
			if lay, err = s.look(); err == nil {
				return lay, s, nil
			}
			s.shut()
		}
		if first == nil {
			first = err
		}
	}
	return layout{}, nil, first
}

// ask asks those that work. One that must not be used ends.
func (l *link) ask() (layout, *server, error) {
	l.mu.Lock()
	live := slices.Collect(maps.Values(l.servers))
	l.mu.Unlock()
	rand.Shuffle(len(live), func(i, j int) { live[i], live[j] = live[j], live[i] })
	var first error
	for _, s := range live {
		lay, err := s.look()
		switch {
		case err == nil:
			return lay, s, nil
		case first == nil:
			first = err
		}
		if err == errNotMaster || err == errNoCluster {
			l.mu.Lock()
			s.die(err)
			l.mu.Unlock()
		}
	}
	return layout{}, nil, first
}

// same reports whether a layout is what the link has.
func (l *link) same(lay layout) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if lay.sharded != l.sharded {
		return false
	}
	for p, addr := range lay.owners {
		if s := l.owners[p]; lay.sharded && (s == nil || s.addr != addr) {
			return false
		}
	}
	return true
}

// look asks a server what it is a part of.
func (s *server) look() (layout, error) {
	var lay layout
	o := s.l.o
	ctx, cancel := s.l.within(s.l.times.answer)
	defer cancel()
	hello, err := s.client.Do(ctx, s.client.B().Arbitrary("HELLO").Build()).AsMap()
	if err != nil {
		if _, refused := rueidis.IsRedisErr(err); refused {
			return lay, errOld
		}
		return lay, fmt.Errorf("redisbroker: %s: %w", s.name(), err)
	}
	said := func(key string) string {
		m := hello[key]
		text, _ := m.ToString()
		return text
	}
	proto := hello["proto"]
	version, _, _ := strings.Cut(said("version"), ".")
	major, _ := strconv.Atoi(version)
	switch n, _ := proto.AsInt64(); {
	case n < 3:
		return lay, errOld
	case said("mode") == "sentinel":
		return lay, errSentinel
	case said("mode") != "cluster" && o.Sharded == ShardedOn:
		return lay, errNoCluster
	case said("mode") != "cluster" && said("role") != "master":
		return lay, errNotMaster
	case said("mode") != "cluster", o.Sharded == ShardedOff, o.Sharded == ShardedAuto && major < 7:
		return lay, nil
	}
	slots, err := s.client.Do(ctx, s.client.B().Arbitrary("CLUSTER", "SLOTS").Build()).ToArray()
	if err != nil {
		return lay, fmt.Errorf("redisbroker: %s: CLUSTER SLOTS: %w", s.name(), err)
	}
	lay.sharded = true
	for _, row := range slots {
		from, to, addr := s.row(row)
		for p, slot := range s.l.names.slots {
			if addr != "" && from <= int64(slot) && int64(slot) <= to {
				lay.owners[p] = addr
			}
		}
	}
	return lay, nil
}

// row reads one of CLUSTER SLOTS: a range of slots, and their master first among
// the servers that have it.
func (s *server) row(m rueidis.RedisMessage) (from, to int64, addr string) {
	row, err := m.ToArray()
	if err != nil || len(row) < 3 {
		return 0, -1, ""
	}
	from, _ = row[0].AsInt64()
	to, _ = row[1].AsInt64()
	master, err := row[2].ToArray()
	if err != nil || len(master) < 2 {
		return 0, -1, ""
	}
	host, _ := master[0].ToString()
	port, _ := master[1].AsInt64()
	if host == "" { // it does not know its own name: the one by which we came
		host, _, _ = net.SplitHostPort(s.addr)
	}
	if host == "?" {
		return 0, -1, ""
	}
	return from, to, net.JoinHostPort(host, strconv.FormatInt(port, 10))
}
