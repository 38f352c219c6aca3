package ws

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/cluster"
	"github.com/wsgen/wsgen/runtime/internal/history"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// node is a Server's part in a cluster.
type node struct {
	server  *Server
	in      *cluster.Node
	missing atomic.Uint64         // answers
	clash   atomic.Int64          // until when another node, which is older, has the same first bits of ids; by Server.clock
	lostHow coalesced             // what was lost on the way here
	unkept  coalesced             // what was to be kept, and is not
	why     atomic.Pointer[error] // the last time

	histories histories // that the engine keeps
	oddOnes   rarely    // whose messages make no sense
}

// node returns the Server's part in its cluster; nil if it is alone.
func (s *Server) node() *node {
	if s.cluster == nil {
		return nil
	}
	return s.cluster.(*node)
}

// joinCluster makes the Server a node of the cluster that its options name.
func (s *Server) joinCluster() error {
	o := &s.opts.Cluster
	n := &node{server: s}
	n.histories = histories{server: s, odd: n.odd}
	in, err := cluster.Open(o.Broker, cluster.NodeOptions{
		Cluster: o.Name, Guest: o.PublishOnly,
		Self: cluster.Self{
			ID: uint64(s.id), Name: o.Node, Began: s.began,
			Base: s.ids.first,
			Load: func() (connections, rooms uint64) { return uint64(s.hub.Present()), uint64(s.hub.Rooms()) },
			State: func() cluster.State {
				if s.draining.Load() {
					return cluster.Draining
				}
				return 0
			},
		},
		Heartbeat: o.Heartbeat, Hold: o.JoinHold, Linger: o.Linger,
		QueueTime: o.QueueTime, QueueMessages: o.QueueMessages, QueueBytes: o.QueueBytes,
		Take: n.take, Kept: n.histories.kept, Light: n.light, Rebase: n.rebase,
		Up: n.up, Down: n.down, Joined: n.joined, Gone: n.gone, BaseTaken: n.baseTaken,
		Dropped: n.dropped, Lost: n.lost, Unkept: n.notKept, Failed: n.failed, Odd: n.odd, Reset: n.reset,
	})
	if err != nil {
		return err
	}
	n.in, s.cluster = in, n
	s.hub.JoinCluster(in.Interest(), o.UsersToAll)
	n.histories.in = in
	n.histories.begin()
	in.Begin()
	return nil
}

// unready says why nobody should connect; alone lifts that others are not known yet.
func (n *node) unready(alone bool) string {
	switch {
	case n.clashes():
		return "another node has the ids of this one"
	case !n.in.Fits():
		return "an older node does not understand this release"
	case !alone && !n.in.Settled():
		return "not in the cluster yet"
	}
	return ""
}

func (n *node) clashes() bool { return time.Duration(n.clash.Load()) > n.server.clock() }

// rebase gives this node, which has no connections, ids that begin otherwise.
func (n *node) rebase() {
	n.server.ids.renew()
	n.clash.Store(0)
}

func (n *node) news() { n.in.Tell() }

// leave ends a Server's part in its cluster.
func (n *node) leave(ctx context.Context) error {
	until, ends := ctx.Deadline()
	if ctx.Err() != nil || ends && time.Until(until) < cutGrace { // connections took all of the time: what is queued, and the bye, have as much as sockets have
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), cutGrace)
		defer cancel()
	}
	unsent, err := n.in.Close(ctx)
	n.lostHow.flush()
	n.unkept.flush()
	if unsent != nil {
		unsent = steady.Wrap("ws: shutdown: not all that was pushed has left for other nodes", unsent)
	}
	if err != nil {
		err = steady.Wrap("ws: shutdown: the link to the cluster's engine", err)
	}
	return errors.Join(unsent, err)
}

// stats returns what Stats has of a cluster.
func (n *node) stats() ClusterStats {
	c := n.in.Numbers()
	nodes := c.Others
	if !n.server.opts.Cluster.PublishOnly {
		nodes++
	}
	return ClusterStats{
		Name: n.server.opts.Cluster.Name,
		Up:   c.Up, Nodes: nodes, Channels: c.Channels, Waiting: int(c.Carried.Waiting) + c.Kept.Waiting,
		Outages: c.Outages, Resets: c.Resets, Published: c.Carried.Published, Received: c.Received,
		QueueShed: c.Carried.Shed, QueueLate: c.Carried.Late, QueueRefused: c.Carried.Refused, QueueUnsent: c.Carried.Unsent,
		Lost: c.Lost, Unknown: c.Unknown, Malformed: c.Malformed, JoinsUnconfirmed: c.Unconfirmed, QuestionsMissing: n.missing.Load(),
	}
}

// keeps reports whether the engine keeps messages.
func (n *node) keeps() bool { return n.histories.there() }

// declares has the engine know of a log, which is told of all with each Up.
func (n *node) declares(l *history.Log) { n.histories.declares(l) }

// keptStats adds what the engine keeps of this node to what the node counts itself.
func (n *node) keptStats(h *HistoryStats) {
	kept := n.in.Numbers().Kept
	h.Kept, h.Duplicates, h.KeepFailed = kept.Kept, kept.Duplicates, kept.Failed
}

// What follows is told of by package cluster, and passed on to the log and to the
// Observer.

func (n *node) up() {
	n.histories.up()
	n.server.roll.linkUp()
	n.tell(ClusterEvent{Change: ClusterUp}, slog.LevelInfo, "ws: the link to the cluster's engine works")
}

func (n *node) down(cause error) {
	n.server.roll.linkDown()
	n.tell(ClusterEvent{Change: ClusterDown, Err: cause}, slog.LevelWarn, "ws: the link to the cluster's engine does not work; connections of this node hear each other, and not those of others", "error", cause)
}

func (n *node) joined(p cluster.Peer) {
	n.server.roll.nodeJoined(p.ID, p.Base)
	peer := newNode(&p)
	n.tell(ClusterEvent{Change: ClusterNodeJoined, Node: peer}, slog.LevelInfo, "ws: a node has joined the cluster", "peer", peer.ID, "name", peer.Name)
	if !n.in.Understands(&p) {
		n.server.logPeer(nil, slog.LevelError, "ws: this node and another have no version of their messages in common, and the younger is not ready: take the release between the two first", "peer", peer.ID, "name", peer.Name)
	}
}

func (n *node) gone(p cluster.Peer, left bool) {
	n.clash.Store(0) // if it was not this one the next heartbeat says so
	n.server.roll.nodeGone(p.ID, left)
	peer := newNode(&p)
	level, how := slog.LevelInfo, "it said so"
	if !left {
		level, how = slog.LevelWarn, "it was not heard any more"
	}
	n.tell(ClusterEvent{Change: ClusterNodeGone, Node: peer, Left: left}, level, "ws: a node has left the cluster", "peer", peer.ID, "name", peer.Name, "because", how)
}

func (n *node) baseTaken(other cluster.Peer) {
	n.clash.Store(int64(n.server.clock() + 3*n.server.opts.Cluster.Heartbeat)) // it is called again with each of them
	n.server.logPeer(nil, slog.LevelError, "ws: another node gives its connections the same ids, so this one takes no more until that one is gone, and Readyz says so: restart one of them", "peer", NodeID(other.ID), "name", other.Name)
}

func (n *node) dropped(why cluster.Drop, count int, events map[string]int, err error) {
	args := []any{"messages", count, "events", eventList(events), "because", dropReason(why)}
	if err != nil {
		args = append(args, "error", err)
	}
	n.tell(ClusterEvent{Change: ClusterShed, Count: count, Err: err}, slog.LevelWarn, "ws: pushes did not leave for other nodes", args...)
}

func (n *node) lost(count int, channels []string) {
	n.histories.missed(channels)
	n.server.roll.lostSome()
	n.lostHow.add(count, n.tellLost)
}

func (n *node) tellLost(count int) {
	n.tell(ClusterEvent{Change: ClusterLost, Count: count}, slog.LevelWarn, "ws: messages of other nodes were lost on the way here", "messages", count)
}

func (n *node) failed(count int, err error) {
	n.server.logPeer(nil, slog.LevelWarn, "ws: the engine did not confirm channels, so pushes of other nodes may not come here for a while", "channels", count, "error", err)
}

func (n *node) odd(from uint64, err error) {
	if !n.oddOnes.may(from) {
		return
	}
	n.server.logPeer(nil, slog.LevelWarn, "ws: a message of another node was dropped", "peer", NodeID(from), "error", err)
}

func (n *node) reset() {
	n.tell(ClusterEvent{Change: ClusterReset}, slog.LevelWarn, "ws: no other node is heard any more, so the link to the cluster's engine is made anew")
}

// notKept takes that a push is not kept, or perhaps not.
func (n *node) notKept(_ string, err error) {
	n.why.Store(&err)
	n.unkept.add(1, n.tellUnkept)
}

func (n *node) tellUnkept(count int) {
	err := *n.why.Load()
	n.tell(ClusterEvent{Change: ClusterShed, Count: count, Err: err}, slog.LevelWarn, "ws: pushes that were to be kept are not, or perhaps not, so followers may not get them", "messages", count, "error", err)
}

// tell logs a change, and tells the Observer.
func (n *node) tell(e ClusterEvent, level slog.Level, text string, args ...any) {
	n.server.logPeer(nil, level, text, args...)
	n.server.tellCluster(e)
}

// dropReason says why messages did not leave.
func dropReason(why cluster.Drop) string {
	switch why {
	case cluster.Full:
		return "the queue to the engine is full"
	case cluster.Late:
		return "they waited for too long"
	case cluster.Refused:
		return "the engine does not take them"
	default:
		return "the Server ended before"
	}
}

// eventList writes events and their numbers, the most first.
func eventList(events map[string]int) string {
	names := slices.SortedFunc(maps.Keys(events), func(a, b string) int {
		return cmp.Or(cmp.Compare(events[b], events[a]), cmp.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d", name, events[name])
	}
	return strings.Join(names, ", ")
}

// Nodes returns the members of the cluster that this node knows, itself first and
// the others by their ids. A Server alone is the only one. One that only publishes
// is no member, and knows nobody before it has asked for the first time.
func (s *Server) Nodes() []Node {
	if !s.made() {
		return nil
	}
	var all []Node
	o := &s.opts.Cluster
	if !o.PublishOnly {
		all = append(all, Node{
			ID: s.id, Name: o.Node, Conns: s.ids.node(), Connections: s.hub.Present(), Rooms: s.hub.Rooms(),
			Draining: s.draining.Load(), Began: s.began, Heard: time.Now(),
		})
	}
	if n := s.node(); n != nil {
		for _, p := range n.in.Others() {
			all = append(all, newNode(&p))
		}
	}
	return all
}
