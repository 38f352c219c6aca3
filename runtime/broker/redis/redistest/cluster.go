package redistest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/rueidis"
)

// slots is how many a Redis Cluster has.
const slots = 16384

// Cluster is a Redis Cluster. Its methods fail the test
// when something goes wrong, and are called by one goroutine at a time.
type Cluster struct {
	t       testing.TB
	Masters []*Server
	nodes   int // with replicas
}

// StartCluster starts a Redis Cluster of version 7 or later with so many masters,
// each with its share of the slots. args are further options.
func StartCluster(t testing.TB, masters int, args ...string) *Cluster {
	t.Helper()
	c := &Cluster{t: t}
	for i := range masters {
		s := newServer(t, append([]string{
			"--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "2000",
		}, args...)...)
		s.Start()
		s.Do("CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1))
		s.Do("CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(slots*i/masters), strconv.Itoa(slots*(i+1)/masters-1))
		c.Masters = append(c.Masters, s)
		c.nodes++
	}
	for _, s := range c.Masters[1:] {
		c.meet(s)
	}
	c.Wait()
	return c
}

// Add starts another master, which has no slots yet, and returns it.
func (c *Cluster) Add(args ...string) *Server {
	c.t.Helper()
	s := c.join(args...)
	c.Masters = append(c.Masters, s)
	return s
}

// AddReplica starts a replica of a master, and returns it when it can take the
// master's place: CLUSTER FAILOVER does that.
func (c *Cluster) AddReplica(of *Server, args ...string) *Server {
	c.t.Helper()
	s := c.join(args...)
	s.Do("CLUSTER", "REPLICATE", of.Do("CLUSTER", "MYID"))
	until(c.t, "the replica is connected", func() bool {
		info, err := s.Try("INFO", "replication")
		return err == nil && strings.Contains(info, "master_link_status:up")
	})
	return s
}

// join starts a server that all others know.
func (c *Cluster) join(args ...string) *Server {
	c.t.Helper()
	s := newServer(c.t, append([]string{
		"--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "2000",
	}, args...)...)
	s.Start()
	c.meet(s)
	c.nodes++
	c.Wait()
	for _, other := range c.Masters { // by their own ids, which a server learns after their addresses
		id := other.Do("CLUSTER", "MYID")
		until(c.t, "the new server knows the others", func() bool {
			known, err := s.Try("CLUSTER", "NODES")
			return err == nil && strings.Contains(known, id)
		})
	}
	return s
}

func (c *Cluster) meet(s *Server) {
	c.t.Helper()
	host, port, _ := strings.Cut(c.Masters[0].addr, ":")
	s.Do("CLUSTER", "MEET", host, port)
}

// Client returns the options of a client of the cluster.
func (c *Cluster) Client() rueidis.ClientOption {
	var o rueidis.ClientOption
	for _, s := range c.Masters {
		o.InitAddress = append(o.InitAddress, s.addr)
	}
	return o
}

// Wait returns when all masters know each other, and serve all slots.
func (c *Cluster) Wait() {
	c.t.Helper()
	for _, s := range c.Masters {
		until(c.t, "the cluster is complete at "+s.addr, func() bool {
			info, err := s.Try("CLUSTER", "INFO")
			return err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_slots_ok:16384") &&
				strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d\r", c.nodes)) && c.linked(s)
		})
	}
}

// linked reports whether a master has a connection to each other: what is published
// before that does not reach all.
func (c *Cluster) linked(s *Server) bool {
	nodes, err := s.Try("CLUSTER", "NODES")
	return err == nil && !strings.Contains(nodes, "disconnected") && !strings.Contains(nodes, "handshake") && !strings.Contains(nodes, "fail")
}

// Move gives slots to another master, as a resharding does: from and to are the
// first and the last of them. They must hold no keys.
func (c *Cluster) Move(from, to int, owner *Server) {
	c.t.Helper()
	id := owner.Do("CLUSTER", "MYID")
	set := func(s *Server, state, id string, which func(slot int) bool) {
		c.t.Helper()
		var all []rueidis.Completed
		for slot := from; slot <= to; slot++ {
			if which(slot) {
				all = append(all, s.client.B().Arbitrary("CLUSTER", "SETSLOT", strconv.Itoa(slot), state, id).Build())
			}
		}
		for _, r := range s.client.DoMulti(context.Background(), all...) {
			if _, err := r.ToMessage(); err != nil {
				c.t.Fatalf("CLUSTER SETSLOT … %s at %s: %v", state, s.addr, err)
			}
		}
	}
	every := func(int) bool { return true }
	// Who imports a slot gets a new epoch with it, and so is believed.
	for _, s := range c.Masters {
		if s != owner {
			had := s.slots()
			set(owner, "IMPORTING", s.Do("CLUSTER", "MYID"), had)
			set(s, "MIGRATING", id, had)
		}
	}
	set(owner, "NODE", id, every)
	for _, s := range c.Masters {
		if s != owner {
			set(s, "NODE", id, every)
		}
	}
}

// slots returns a function that reports whether a master has a slot, as it says
// itself.
func (s *Server) slots() func(slot int) bool {
	s.t.Helper()
	var has [slots]bool
	for line := range strings.Lines(s.Do("CLUSTER", "NODES")) {
		fields := strings.Fields(line)
		if len(fields) < 8 || !strings.Contains(fields[2], "myself") {
			continue
		}
		for _, part := range fields[8:] {
			first, last, _ := strings.Cut(part, "-")
			from, err := strconv.Atoi(first)
			if err != nil {
				continue // it is being moved
			}
			to, _ := strconv.Atoi(last)
			for slot := from; slot <= max(from, to); slot++ {
				has[slot] = true
			}
		}
	}
	return func(slot int) bool { return has[slot] }
}

// Kill ends all masters at once.
func (c *Cluster) Kill() {
	together(c.Masters, func(_ int, s *Server) { s.Kill() })
}

// Start starts all masters again, after Kill, and returns when the cluster serves.
func (c *Cluster) Start() {
	c.t.Helper()
	for _, s := range c.Masters {
		s.Start()
	}
	c.Wait()
}
