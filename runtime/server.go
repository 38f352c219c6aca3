package ws

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/cluster"
	"github.com/wsgen/wsgen/runtime/internal/history"
	"github.com/wsgen/wsgen/runtime/internal/hub"
	"github.com/wsgen/wsgen/runtime/internal/kit"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
	"github.com/wsgen/wsgen/runtime/internal/rates"
	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// Server is a registry of live connections, shared by all gateways that are
// bound to it and by every service that pushes. Make one with NewServer, or
// let google/wire inject it. It needs no start, and Shutdown ends it. The zero
// Server has no connections, and pushes by it reach nobody: it may stand in for
// one in the test of a service.
//
// All methods are safe for concurrent use, and none but Shutdown blocks on a
// peer. A method that pushes returns how many outboxes took the frame, since
// no more can be known without an answer of the peers. Connections that are
// full or closing are not counted. A push that a full outbox lost is logged,
// within the limits of Options.Logger.
type Server struct {
	given      Options // as NewServer got them; gateways configure a copy
	opts       Options // resolved
	log        *slog.Logger
	peers      peerLog // bounds the log lines that peers can cause
	id         NodeID
	began      time.Time
	ids        ids
	hub        *hub.Hub
	engine     *socket.Engine
	principals rates.Principals
	deflating  atomic.Int64 // connections that take compressed frames
	draining   atomic.Bool  // Shutdown has begun
	stalls     atomic.Bool  // warnOfStalls has warned
	observed   atomic.Bool  // somebody wants to know of each message (listen)
	debugs     atomic.Bool  // the Logger does
	stats      counters
	sessions   sessions
	kept       *outbox.Budget // what sessions keep together
	history    keeper         // of kept pushes
	roll       roll           // who is seen in which rooms
	cluster    part           // nil: this Server is alone
	stray      bool           // it is to be in a cluster, and cannot
	recorder   kit.Recorder   // nil: no test wants to know of pushes. Set before anything is pushed
}

// part is a Server's part in a cluster, as what stands below it knows it.
type part interface {
	stats() ClusterStats
	clashes() bool             // another node hands out the same ids
	unready(alone bool) string // why nobody should connect; alone: before the others are known they may
	news()                     // has the others know soon of what has changed here
	keeps() bool               // the engine keeps messages
	keptStats(h *HistoryStats) // adds what the engine keeps of this node
	declares(l *history.Log)   // has it know of a history soon
	leave(ctx context.Context) error
}

// roll is who is seen in which rooms, as what stands below it knows it.
type roll interface {
	stats() PresenceStats
	close()                               // nothing is done later any more
	linkUp()                              // messages of other nodes come here, and some may have been lost
	linkDown()                            // they do not
	lostSome()                            // some of them were lost
	nodeJoined(node uint64, base uint32)  // one has come, or is back
	nodeGone(node uint64, left bool)      // one is gone; it has left, or was not heard any more
	take(channel string, v *cluster.View) // what another node tells
	answer(v *cluster.View) []byte        // to cluster.AskPresence
}

// clock returns the time since the Server was made.
func (s *Server) clock() time.Duration { return s.engine.Clock() }

// made reports whether s comes from NewServer. The zero Server, which tests use as
// a stand-in, has no connections.
func (s *Server) made() bool { return s != nil && s.hub != nil }

// ConnectionCount returns the number of open connections. A connection counts
// from before its connect hook until it begins to close. The result is that
// of All().Count(), without a walk over the connections. Stats().Connections
// may be higher: it counts a closing connection until its disconnect hook has
// returned.
func (s *Server) ConnectionCount() int {
	if !s.made() {
		return 0
	}
	return s.hub.Present()
}

// Stats is a Server's state at one moment, and what it has counted since it
// was made.
type Stats struct {
	Connections int   // registered now; one that closes counts until its disconnect hook has returned
	Rooms       int   // with members now
	Outboxes    int64 // bytes that count towards Options.OutboxTotalBytes now
	Admitted    int   // connections that count towards Options.MaxConnections now: also those that are being opened or closed
	Detached    int   // of Connections, sessions that have no socket now
	Draining    bool  // Shutdown has begun

	MaxConnections int   // Options.MaxConnections; 0: there is no limit
	MaxOutboxes    int64 // Options.OutboxTotalBytes; 0: there is no limit

	Opened   uint64 // connections registered
	Closed   uint64 // connections gone from the registry
	Received uint64 // messages read
	Accepted uint64 // frames that an outbox took
	Shed     uint64 // pushes to a connection that were lost to its full outbox, refused or taken and dropped later
	Replaced uint64 // pushes that an outbox took and that a later one with the same key replaced
	Slow     uint64 // connections closed because they did not read: by the write deadline, or by CloseSlow
	Silent   uint64 // connections given up because they were silent for IdleTimeout
	Dropped  uint64 // messages that had no handler yet when their connection ended
	Resumed  uint64 // sessions that went on with another socket
	// Unresumed counts those that a client would have gone on with, and could not.
	Unresumed uint64
	Refused   uint64 // handshakes, frames and messages refused
	Unopened  uint64 // those of Refused that were handshakes

	Cluster  ClusterStats  // of Options.Cluster
	History  HistoryStats  // of kept pushes
	Presence PresenceStats // of who is seen in rooms
}

// counters holds what Stats has counted since the Server was made.
type counters struct {
	opened, closed, received, accepted, shed, replaced, slow, silent, dropped, refused, turnedAway atomic.Uint64
}

// Stats returns the numbers. They are read one after the other, so they may
// be of slightly different moments.
func (s *Server) Stats() Stats {
	if !s.made() {
		return Stats{}
	}
	var inCluster ClusterStats
	kept := s.history.stats()
	switch {
	case s.cluster != nil:
		inCluster = s.cluster.stats()
		s.cluster.keptStats(&kept)
	case s.stray:
		inCluster.Name = s.opts.Cluster.Name
	}
	return Stats{
		Cluster:     inCluster,
		History:     kept,
		Presence:    s.roll.stats(),
		Connections: s.hub.Count(),
		Rooms:       s.hub.Rooms(),
		Admitted:    s.hub.Admitted(),
		Detached:    s.sessions.detached(),
		Resumed:     s.sessions.resumed.Load(),
		Unresumed:   s.sessions.unresumed.Load(),
		Draining:    s.draining.Load(),

		MaxConnections: limitOf(s.opts.MaxConnections),
		MaxOutboxes:    int64(limitOf(s.opts.OutboxTotalBytes)),

		Opened:   s.stats.opened.Load(),
		Closed:   s.stats.closed.Load(),
		Received: s.stats.received.Load(),
		Accepted: s.stats.accepted.Load() + s.engine.Replies(),
		Outboxes: s.engine.Waiting().Used(),
		Shed:     s.stats.shed.Load(),
		Replaced: s.stats.replaced.Load(),
		Slow:     s.stats.slow.Load(),
		Silent:   s.stats.silent.Load(),
		Dropped:  s.stats.dropped.Load(),
		Refused:  s.stats.refused.Load(),
		Unopened: s.stats.turnedAway.Load(),
	}
}

// limitOf returns a limit as Stats has it.
func limitOf(n int) int {
	if n == unlimited {
		return 0
	}
	return n
}
