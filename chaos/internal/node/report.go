package node

import (
	"slices"
	"sync"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// Report is what a node says of itself.
type Report struct {
	Node, Name string
	At         time.Time
	Stats      ws.Stats
	Pushed     uint64
	Joins      int64             // of the room Churn
	Last       map[string]uint64 // by stream: the last push
	People     map[string]int    // who is in the room Seen, as the node knows, and by how many connections
	Heap       uint64
	Goroutines int
	Waiting    int // the most messages that have waited for the engine
	Calls      Times
	Idle       Times // of the same goroutines, for work that has nothing to do with the runtime
	Questions  []Question
	Events     []Event
}

// Question is one that was asked of all nodes.
type Question struct {
	At      time.Time
	Took    time.Duration
	Limit   time.Duration // its deadline
	Nodes   int           // that have answered
	Missing []string
	Known   []string // the members before it
	Since   []string // the members after it
	Counted int      // connections
}

// Event is a change of the cluster that a node was told of.
type Event struct {
	At    time.Time
	What  string
	Node  string // whom it is about
	Count int
}

// Times are how long calls took.
type Times struct {
	Calls      int
	Slow       int // longer than Config.Call
	P50        time.Duration
	P999, Most time.Duration
	MostCall   string // the slowest
}

// stopwatch measures calls.
type stopwatch struct {
	limit time.Duration

	mu   sync.Mutex
	all  []time.Duration
	slow int
	most time.Duration
	what string
}

// note takes that a call took so long.
func (s *stopwatch) note(what string, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, took)
	if took > s.limit {
		s.slow++
	}
	if took > s.most {
		s.most, s.what = took, what
	}
}

func (s *stopwatch) times() Times {
	s.mu.Lock()
	all := slices.Clone(s.all)
	t := Times{Calls: len(all), Slow: s.slow, Most: s.most, MostCall: s.what}
	s.mu.Unlock()
	if len(all) > 0 {
		slices.Sort(all)
		t.P50, t.P999 = all[len(all)/2], all[len(all)*999/1000]
	}
	return t
}
