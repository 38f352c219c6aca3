package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/wsgen/wsgen/chaos/internal/engine"
	"github.com/wsgen/wsgen/chaos/internal/kept"
	"github.com/wsgen/wsgen/chaos/internal/node"
	"github.com/wsgen/wsgen/chaos/internal/peer"
)

// World is a cluster with its engine and clients.
type World struct {
	Scale   Scale
	Engine  engine.Engine
	Nodes   []*Member
	Clients []*peer.Client
	Ledger  *peer.Ledger
	web     http.Client

	Followers []*peer.Follower
	Book      *kept.Book
	away      atomic.Bool   // followers are to be away
	back      time.Duration // how long a crowd of followers took, at most, until all had what they had missed

	mu       sync.Mutex
	lives    map[string]*Life // guarded by mu; by node id
	faults   []*Fault         // guarded by mu
	problems []string         // guarded by mu
	probes   []peer.Probe     // guarded by mu
	ends     chan struct{}
	runs     sync.WaitGroup
}

// Fault is what was done, and to whom, and when.
type Fault struct {
	What     string
	Engine   bool
	Members  []int
	Stops    bool // the members' processes stand still
	From, To time.Time
	Resumed  time.Time // when a process that stood still was let run again
}

// Scale is how much there is of everything.
type Scale struct {
	Nodes, Clients, Rate  int
	Before, During, After time.Duration
	Every                 time.Duration // between faults that come again
	Outage                time.Duration // how long one lasts
	Stops                 []time.Duration
	LocalRate, OthersRate float64       // shares of the rate before that must go on
	Call                  time.Duration // how long one call in a thousand may take
	Calls                 int           // how many a node makes at least
	Late                  time.Duration // how much later than its deadline a question may return
	Probers               int
	Churn                 int // joins and leaves of a node in a second
	Followers, Kept       int // those of kept pushes, and how many of these a node makes in a second
	Crowd, CrowdKept      int // as many, in C8
	Lazy, Torrent         int // followers that read little, and long pushes that a node makes for them in a second, in C7
	Logs                  io.Writer
	BinaryOfNext          string // a node of the next release
}

// Open starts an engine, nodes, and clients, and returns when all know each other.
func Open(name string, c *Case, s Scale) (w *World, err error) {
	w = &World{
		Scale: s, Ledger: peer.NewLedger(), Book: kept.NewBook(), web: http.Client{Timeout: 3 * time.Second},
		lives: make(map[string]*Life), ends: make(chan struct{}),
	}
	defer func() {
		if err != nil {
			w.Close()
		}
	}()
	if w.Engine, err = engine.New(name); err != nil {
		return w, err
	}
	if err = w.Engine.Start(); err != nil {
		return w, err
	}
	for i := range s.Nodes {
		proxy, err := engine.NewProxy(w.Engine.Addr(i % w.Engine.Servers()))
		if err != nil {
			return w, err
		}
		port, err := engine.FreePort()
		if err != nil {
			return w, err
		}
		m := &Member{Index: i, Proxy: proxy, addr: fmt.Sprintf("127.0.0.1:%d", port), Config: node.Config{
			Name: fmt.Sprintf("node%d", i), Engine: name, At: proxy.Addr(), Rate: s.Rate, Kept: s.Kept, Call: s.Call,
		}}
		if c.Crowd {
			m.Config.Kept, m.Config.Crowd = s.CrowdKept, true
		}
		if c.Churns {
			m.Config.Churn = s.Churn
		}
		if c.Deaf {
			m.Config.Flood, m.Config.Torrent = 50, s.Torrent
		}
		w.Nodes = append(w.Nodes, m)
		if err := w.Start(m); err != nil {
			return w, err
		}
	}
	if err := w.Until("all nodes know each other", 20*time.Second, w.complete); err != nil {
		return w, fmt.Errorf("%w: %s", err, w.known())
	}
	w.clients(c)
	if err := w.Until("all clients are there", 20*time.Second, w.served); err != nil {
		return w, err
	}
	w.follow(c)
	w.runs.Go(w.poll)
	for i := range s.Probers {
		w.runs.Go(func() { w.probe(i) })
	}
	return w, nil
}

// clients makes them: each in two rooms, some with the same user.
func (w *World) clients(c *Case) {
	add := func(p *peer.Client) {
		p.Ledger = w.Ledger
		w.Clients = append(w.Clients, p)
		p.Begin()
	}
	for i := range w.Scale.Clients {
		p := &peer.Client{
			Name: fmt.Sprint("client", i), User: node.User(i / 3),
			Rooms: []string{node.Room(i), node.Room(i + 1 + i/node.Rooms%5), node.Seen},
			Where: func(attempt int) string { return w.Nodes[(i+attempt)%len(w.Nodes)].Addr() },
		}
		if c.Deaf && i%10 == 0 {
			p.Deaf, p.Rooms = true, []string{node.Flood}
		}
		add(p)
	}
	if !c.Churns {
		return
	}
	for _, m := range w.Nodes {
		add(&peer.Client{
			Name: "churner of " + m.Config.Name, User: node.Churner + m.Config.Name, Rooms: []string{}, Churns: true,
			Where: func(int) string { return m.Addr() },
		})
	}
}

// Look renews the reports of all nodes that answer.
func (w *World) Look(collect bool) {
	var all sync.WaitGroup
	for _, m := range w.Nodes {
		life := m.Life()
		if life == nil {
			continue
		}
		all.Go(func() {
			if r, err := w.report(m, collect); err == nil && r.Node == life.ID {
				w.mu.Lock()
				life.Report = r
				w.mu.Unlock()
			}
		})
	}
	all.Wait()
}

func (w *World) poll() {
	for {
		select {
		case <-w.ends:
			return
		case <-time.After(500 * time.Millisecond):
			w.Look(false)
		}
	}
}

// complete reports whether all nodes know each other and have their links.
func (w *World) complete() bool {
	w.Look(false)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.Nodes {
		life := m.Life()
		if life == nil || !life.Report.Stats.Cluster.Up || life.Report.Stats.Cluster.Nodes != len(w.Nodes) {
			return false
		}
	}
	return true
}

// known says whom each node knows.
func (w *World) known() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, m := range w.Nodes {
		if life := m.Life(); life != nil {
			c := life.Report.Stats.Cluster
			all = append(all, fmt.Sprintf("%s knows %d, link up: %v, outages %d", m.Config.Name, c.Nodes, c.Up, c.Outages))
		}
	}
	return strings.Join(all, "; ")
}

// served reports whether all clients are at a node.
func (w *World) served() bool {
	for _, c := range w.Clients {
		if c.At() == "" && !c.Deaf {
			return false
		}
	}
	return true
}

// Until waits for a condition.
func (w *World) Until(what string, patience time.Duration, is func() bool) error {
	limit := time.Now().Add(patience)
	for !is() {
		if time.Now().After(limit) {
			return fmt.Errorf("not in %v: %s", patience, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

// Problem notes something that does not hold.
func (w *World) Problem(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.problems = append(w.problems, fmt.Sprintf(format, args...))
}

// Fault notes that one begins; the function that it returns, that it is over.
func (w *World) Fault(f Fault) (over func()) { return w.Begin(&f) }

// Begin is Fault; f is kept.
func (w *World) Begin(f *Fault) (over func()) {
	f.From = time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, f)
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		f.To = time.Now()
	}
}

// probe joins and has others push to it, all the time.
func (w *World) probe(which int) {
	probers := make([]*peer.Prober, len(w.Nodes))
	for i := range probers {
		probers[i] = new(peer.Prober)
		defer probers[i].Close()
	}
	for n := which; ; n += w.Scale.Probers {
		select {
		case <-w.ends:
			return
		case <-time.After(5 * time.Millisecond):
		}
		here, there := n%len(w.Nodes), (n+1+n/len(w.Nodes)%(len(w.Nodes)-1))%len(w.Nodes)
		if w.Nodes[here].Life() == nil || w.Nodes[there].Life() == nil {
			continue
		}
		for _, i := range []int{here, there} {
			probers[i].Addr = w.Nodes[i].Addr()
		}
		p := peer.ProbeJoin(probers[here], probers[there], n, 2*time.Second)
		w.mu.Lock()
		w.probes = append(w.probes, p)
		w.mu.Unlock()
	}
}

// Close ends everything, whatever state it is in.
func (w *World) Close() {
	select {
	case <-w.ends:
	default:
		close(w.ends)
	}
	w.runs.Wait()
	w.goodbye()
	for _, m := range w.Nodes {
		if m.Life() != nil {
			m.Signal(syscall.SIGCONT)
			w.Kill(m)
		}
		m.Proxy.Heal()
		m.Proxy.Close()
	}
	w.Nodes = nil
	if w.Engine != nil {
		w.Engine.Close()
	}
}

// goodbye ends all clients.
func (w *World) goodbye() {
	var all sync.WaitGroup
	for _, c := range w.Clients {
		all.Go(c.End)
	}
	for _, f := range w.Followers {
		all.Go(f.End)
	}
	all.Wait()
	w.Clients, w.Followers = nil, nil
}
