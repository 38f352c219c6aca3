package ws

import (
	"fmt"
	"os"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/internal/cluster"
)

// Broker carries messages between the nodes of a cluster. Those of NATS and Redis
// are in runtime/broker/nats and runtime/broker/redis, and package memory has one
// for Servers of one process, for tests. Who writes another reads package broker.
type Broker = broker.Broker

// Cluster makes a Server a node of a cluster: what is pushed by one node reaches
// the connections of all. The zero Cluster is a Server alone, which costs nothing.
//
// A push reaches the connections here at once, whatever the engine does, and those
// of other nodes once at most. The numbers that pushes return are of this node;
// Target.Across asks the others.
type Cluster struct {
	// Broker leads to the engine. Default nil: the Server is alone.
	Broker Broker

	// Name is the cluster's: nodes of one name hear each other. It has letters of
	// ASCII, digits, _ and -, and at most 64 of them; others become a dash.
	// Default "main".
	Name string

	// Node is this node's name for people, in logs and in Server.Nodes. It need
	// not be the only one of its kind. Default: the host's name and the process's
	// id.
	Node string

	// PublishOnly says that this process has no connections, and only pushes to
	// those of others (NewPublisher). Its gateways answer 503. Default: false.
	PublishOnly bool

	// ReadyAlone lets Readyz say that the node is ready before its link to the
	// engine was up for the first time. Default: false, since who connects to it
	// would hear nothing of other nodes. Later outages change nothing either way:
	// with one restart of the engine all nodes would be taken out of service.
	ReadyAlone bool

	// Heartbeat is how often a node says that it lives. It is gone when nothing of
	// it was heard for 3.5 of them; if nobody else was heard either the link is
	// made anew first, and that takes as long again. Default 2 s. It must be the
	// same on all nodes.
	Heartbeat time.Duration

	// JoinHold is how long a reply may wait until the room or user that its
	// connection has joined is heard from other nodes. Default 1 s, which an
	// engine that works is far from: it takes about a millisecond.
	JoinHold time.Duration

	// Linger is how long a room or user without connections here is heard still,
	// so that hopping and reconnecting do not reach the engine. Default 10 s; of
	// more than 32768 such rooms the first are given up before.
	Linger time.Duration

	// QueueMessages and QueueBytes bound what waits for the engine. A push beyond
	// that reaches this node's connections only, which is counted and logged.
	// Default 8192 messages and 16 MiB, about what a second of trouble takes.
	QueueMessages int
	QueueBytes    int

	// QueueTime is how long a push may wait for the engine. An older one is not
	// sent to other nodes any more, which is counted and logged. Default 5 s: what
	// was typed half a minute ago is no news.
	QueueTime time.Duration

	// UsersToAll sends what is pushed to users to all nodes, instead of having a
	// channel for each user on the engine. It saves the engine memory where there
	// are very many users and few pushes to them. Kept pushes go by the user's own
	// channel nevertheless, and reach those who follow (Push.FollowUser). Default:
	// false. It must be the same on all nodes.
	UsersToAll bool

	// MaxCatchUps is how many followers of kept pushes (Push.Follow) read from the
	// engine at a time, to catch up. The others wait for their turn, and those who
	// lack the same read together. Default 64.
	MaxCatchUps int

	// RecentBytes bounds what a node of a cluster remembers of the newest kept pushes
	// in the rooms that are followed here, 64 of each: who comes back after a moment
	// gets these without a question to the engine. Beyond it the rooms go first that
	// nobody has asked for longest. Default 32 MiB.
	RecentBytes int

	// HistoryBytes bounds what a Server that is alone remembers of kept pushes, in
	// all rooms together (NewKeptPush). Beyond it the rooms go first to which nothing
	// was pushed for longest; who comes back to one is told that something is
	// missing. Default 64 MiB, some 100 000 short messages.
	HistoryBytes int
}

const (
	defaultHeartbeat     = 2 * time.Second
	defaultJoinHold      = time.Second
	defaultLinger        = 10 * time.Second
	defaultQueueMessages = 8192
	defaultQueueBytes    = 16 << 20
	defaultQueueTime     = 5 * time.Second
	defaultMaxCatchUps   = 64
	defaultRecentBytes   = 32 << 20
	defaultHistoryBytes  = 64 << 20
)

// resolved returns c with every zero replaced by its default. There is no
// Unlimited here.
func (c Cluster) resolved() Cluster {
	c.Name = cluster.Name(c.Name)
	if c.Node == "" {
		host, _ := os.Hostname()
		c.Node = fmt.Sprintf("%s/%d", host, os.Getpid())
	}
	positive(&c.Heartbeat, defaultHeartbeat)
	positive(&c.JoinHold, defaultJoinHold)
	positive(&c.Linger, defaultLinger)
	positive(&c.QueueMessages, defaultQueueMessages)
	positive(&c.QueueBytes, defaultQueueBytes)
	positive(&c.QueueTime, defaultQueueTime)
	positive(&c.MaxCatchUps, defaultMaxCatchUps)
	positive(&c.RecentBytes, defaultRecentBytes)
	positive(&c.HistoryBytes, defaultHistoryBytes)
	return c
}

// positive gives a field that is not above zero its default.
func positive[N int | time.Duration](field *N, otherwise N) {
	if *field <= 0 {
		*field = otherwise
	}
}

// same reports whether two Clusters say the same, as far as can be compared:
// Brokers need not be comparable.
func (c Cluster) same(d Cluster) bool {
	brokers := (c.Broker == nil) == (d.Broker == nil)
	c.Broker, d.Broker = nil, nil
	return brokers && c == d
}

// ClusterStats is a node's state at one moment, and what it has counted since it
// began. All are zero for a Server alone. One whose Broker could not be opened has its
// Name, and is never Up.
type ClusterStats struct {
	Name string // the cluster's; "" for a Server alone

	Up       bool // the link to the engine works
	Nodes    int  // members of the cluster that this node knows, itself included if it is one
	Channels int  // that it is subscribed to: rooms, users, and some of its own
	Waiting  int  // messages that wait for the engine

	Outages          uint64 // how often the link has broken
	Resets           uint64 // links made anew because all others were silent
	Published        uint64 // messages that the engine took
	Received         uint64 // messages from other nodes that concern connections
	QueueShed        uint64 // messages that found no room in the queue to the engine
	QueueLate        uint64 // messages that waited there for longer than QueueTime
	QueueRefused     uint64 // messages that the engine did not want
	QueueUnsent      uint64 // messages that were left at Shutdown
	Lost             uint64 // messages that were dropped on the way from the engine
	Unknown          uint64 // messages that another release sent, and this one does not understand
	Malformed        uint64 // messages that no release sends
	JoinsUnconfirmed uint64 // joins whose reply went out before the engine knew of them
	QuestionsMissing uint64 // answers that did not come in time
}
