package ws

import (
	"time"

	"github.com/wsgen/wsgen/runtime/internal/history"
	"github.com/wsgen/wsgen/runtime/internal/hub"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// NewServer returns an empty Server with the limits of o. It logs each
// problem that Options.Problems finds as one error, with its cure, and uses
// the option nevertheless. One with a Cluster does not wait for the engine.
func NewServer(o Options) *Server {
	given := o
	o = o.resolved()
	s := &Server{given: given, opts: o, log: newLog(&o), id: newNodeID(), began: time.Now()}
	s.ids.renew()
	s.engine = socket.NewEngine(o.OutboxTotalBytes)
	s.kept = outbox.NewBudget(o.ResumeTotalBytes)
	s.hub = hub.New(s.engine, shutdownCause.socket())
	s.history.tails = history.NewTails[*hub.Member](history.NewStore(o.Cluster.HistoryBytes), historyWord)
	s.hub.Keep(s.history.tails)
	s.roll = newPresences(s)
	s.listen()
	s.complain("", given.problems())
	if o.Cluster.Broker != nil {
		if err := s.joinCluster(); err != nil {
			s.log.Error("ws: this Server is not in its cluster, and Readyz says so: mend Options.Cluster.Broker", "cluster", o.Cluster.Name, "error", err)
			s.stray = true
		}
	}
	if given.pingsOffAlone() {
		s.log.Info("ws: Options.PingInterval is Unlimited, so IdleTimeout is, too: who vanishes without a word is noticed when something is written to them, or by Lifetime")
	}
	return s
}

// NewPublisher returns a Server for a process without connections, which pushes to
// those of a cluster's other nodes: a job, a queue's consumer, a command. It is
// NewServer with a Cluster of this Broker and PublishOnly, and whatever takes a
// Server takes it. Numbers that pushes return are 0; Target.Across asks the nodes.
//
// What is pushed leaves a moment later: a process must call Shutdown before it
// ends, which waits for that. Otherwise the last pushes are lost.
func NewPublisher(b Broker) *Server {
	return NewServer(Options{Cluster: Cluster{Broker: b, PublishOnly: true}})
}
