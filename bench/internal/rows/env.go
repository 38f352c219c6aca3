// Package rows are the measurements: what is done to which servers, and what
// is written down.
package rows

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/proc"
	"github.com/wsgen/wsgen/bench/internal/result"
)

// Env is what rows run in.
type Env struct {
	Bin      string // folder of the Go programs
	NodeDir  string // folder of the JavaScript ones
	Node     string // the node program; "" if there is none
	NodeLack string // why there is none
	Kinds    []Kind // the servers to measure
	Rounds   int    // 0: as each row likes it
	Limit    int    // connections one process may open
	Source   string // the checkout whose runtime is measured
	Profiles string // folder for CPU profiles of wsgen; "" is none
	Record   func(result.Sample)
	Say      func(format string, args ...any)
	Versions map[string]string
}

// fixture is a server with its clients, connected and idle.
type fixture struct {
	label   string // the server's name in the results
	kind    Kind
	path    string // of its endpoint; "" is path
	session bool   // its clients speak wsgen.v1.json
	server  *proc.Server
	others  []*proc.Server // further nodes of a cluster
	engine  *proc.Server   // nil without one
	clients []*proc.Client
	counted control.Counted // what the last connect said
	turn    int             // which node pushes next
	end     control.Done    // where the last kept push is
}

// nodes are all servers.
func (f *fixture) nodes() []*proc.Server { return append([]*proc.Server{f.server}, f.others...) }

// values are a round's results by metric.
type values map[string]float64

// setup says how to make a fixture.
type setup struct {
	kind    Kind
	label   string // "" is the kind's name
	path    string // of the endpoint; "" is the kind's
	args    []string
	conns   int
	clients int   // processes that share conns; 0 is 1; each leads to a node of its own, if there are several
	spread  []int // or the connections of each
	rooms   int   // how many connections are in, one after the other; 0 is none
	deflate bool
	session bool // clients speak wsgen.v1.json
	quiet   bool // weigh it a while behind traffic, too
}

// path is where the WebSocket endpoint is.
const path = "/ws"

// open starts a server and its clients and connects them.
func (e *Env) open(ctx context.Context, s setup) (*fixture, error) {
	f := &fixture{label: s.label, kind: s.kind, path: cmp.Or(s.path, s.kind.Path), session: s.session}
	if f.label == "" {
		f.label = s.kind.Name
	}
	err := e.start(ctx, f, s)
	for i := range max(1, s.clients) {
		if err == nil {
			err = e.join(ctx, f, s.share(i), s.deflate)
		}
	}
	if err == nil && s.rooms > 0 {
		err = f.gather(ctx, s)
	}
	if err != nil {
		f.stop()
		return nil, err
	}
	return f, nil
}

// start runs the servers of f, and their engine.
func (e *Env) start(ctx context.Context, f *fixture, s setup) error {
	argv := []string{filepath.Join(e.Bin, s.kind.Binary)}
	dir := ""
	if s.kind.Script != "" {
		if e.Node == "" {
			return errors.New(e.NodeLack)
		}
		argv = []string{e.Node, "--expose-gc", s.kind.Script}
		dir = e.NodeDir
	}
	argv = append(append(argv, s.kind.Args...), s.args...)
	var err error
	if s.kind.Engine != "" {
		if f.engine, err = proc.StartServer(ctx, s.kind.Engine, "", filepath.Join(e.Bin, s.kind.Engine+"-engine")); err != nil {
			return err
		}
		e.Versions[engineName(s.kind.Engine)] = f.engine.Ready.Version
		argv = append(argv, "-engine", s.kind.Engine, "-engine-addr", f.engine.Ready.Addr)
		if s.kind.Script != "" { // its flags have two dashes
			argv = append(argv[:len(argv)-4], "--engine", s.kind.Engine, "--engine-addr", f.engine.Ready.Addr)
		}
	}
	for range max(1, s.kind.Nodes) {
		node, err := proc.StartServer(ctx, f.label, dir, argv...)
		if err != nil {
			return err
		}
		if f.server == nil {
			f.server = node
		} else {
			f.others = append(f.others, node)
		}
	}
	e.Versions[libraryName(s.kind.Name)] = f.server.Ready.Version
	return nil
}

// share is how many connections the i-th client process has.
func (s setup) share(i int) int {
	if s.spread != nil {
		return s.spread[i]
	}
	return share(s.conns, i, max(1, s.clients))
}

// share is the i-th of n near-equal parts of all.
func share(all, i, n int) int { return all*(i+1)/n - all*i/n }

// join adds a client process with count connections to f.
func (e *Env) join(ctx context.Context, f *fixture, count int, deflate bool) error {
	if count > e.Limit {
		return fmt.Errorf("%d connections are wanted, and a process may open %d: raise ulimit -n (hard limit too)", count, e.Limit)
	}
	c, err := proc.StartClient(ctx, f.label, filepath.Join(e.Bin, "client"))
	if err != nil {
		return err
	}
	f.clients = append(f.clients, c)
	if count == 0 {
		return nil
	}
	all := f.nodes()
	t := f.connect(count, deflate)
	t.Addr = all[(len(f.clients)-1)%len(all)].Ready.Addr
	f.counted, err = c.Do(t)
	return err
}

// connect is the task that opens count connections to f.
func (f *fixture) connect(count int, deflate bool) control.Task {
	return control.Task{
		Do: "connect", Addr: f.server.Ready.Addr, Path: cmp.Or(f.path, path), Cert: f.server.Ready.Cert, Socket: f.kind.Socket, Central: f.kind.Central,
		Session: f.session, Deflate: deflate, Count: count, Limit: 60_000,
	}
}

func (f *fixture) stop() {
	for _, c := range f.clients {
		c.Stop()
	}
	for _, s := range append(f.nodes(), f.engine) {
		if s != nil {
			s.Stop()
		}
	}
}

// openAll makes fixtures; one that fails is noted and left out.
func (e *Env) openAll(ctx context.Context, row string, setups []setup) []*fixture {
	var out []*fixture
	for _, s := range setups {
		f, err := e.open(ctx, s)
		if err != nil {
			label := s.label
			if label == "" {
				label = s.kind.Name
			}
			e.lack(row, label, err)
			continue
		}
		out = append(out, f)
	}
	return out
}

// lack notes why a server has no values.
func (e *Env) lack(row, label string, err error) {
	e.Say("  %s: not measured: %v", label, err)
	first, _, _ := strings.Cut(err.Error(), "\n")
	e.Record(result.Sample{Row: row, Server: label, Note: first})
}

// interleave runs rounds A B C, A B C over the fixtures, writes down what each
// returns, then the memory of all; then it stops them.
func (e *Env) interleave(ctx context.Context, row string, rounds int, fixtures []*fixture, one func(*fixture) (values, error)) error {
	defer func() {
		for _, f := range fixtures {
			f.stop()
		}
	}()
	if e.Rounds > 0 {
		rounds = e.Rounds
	}
	alive := slices.Clone(fixtures)
	e.profile(row, alive, true)
	for round := 1; round <= rounds; round++ {
		for _, f := range slices.Clone(alive) {
			if err := ctx.Err(); err != nil {
				return err
			}
			v, err := one(f)
			if err != nil {
				e.lack(row, f.label, err)
				alive = slices.DeleteFunc(alive, func(g *fixture) bool { return g == f })
				continue
			}
			e.Record(result.Sample{Row: row, Server: f.label, Round: round, Values: v})
		}
	}
	e.profile(row, alive, false)
	for _, f := range alive {
		v, err := f.memory()
		if err != nil {
			e.lack(row, f.label, err)
			continue
		}
		v["log"] = float64(f.logged())
		e.Record(result.Sample{Row: row, Server: f.label, Values: v})
	}
	return ctx.Err()
}

// profile begins or ends a CPU profile in every wsgen server.
func (e *Env) profile(row string, fixtures []*fixture, begin bool) {
	for _, f := range fixtures {
		if e.Profiles == "" || !strings.HasPrefix(f.kind.Name, "wsgen") {
			continue
		}
		o := control.Order{Do: "profile"}
		if begin {
			o.File = filepath.Join(e.Profiles, row+"-"+strings.ReplaceAll(f.label, " ", "-")+".pprof")
		}
		for i, node := range f.nodes() {
			if begin && len(f.others) > 0 {
				o.File = filepath.Join(e.Profiles, fmt.Sprintf("%s-%s-%d.pprof", row, strings.ReplaceAll(f.label, " ", "-"), i+1))
			}
			if _, err := node.Do(o); err != nil {
				e.Say("  %s: no profile: %v", f.label, err)
			}
		}
	}
}

// logged is how many lines all servers wrote to their logs.
func (f *fixture) logged() int {
	n := 0
	for _, node := range f.nodes() {
		n += node.Logged()
	}
	return n
}

// memory reads the resident memory before and after a garbage collection, and the
// size of the objects that the collection found alive; of several nodes that of the
// first.
func (f *fixture) memory() (values, error) {
	before, err := f.server.Memory()
	if err != nil {
		return nil, err
	}
	v, err := f.collected()
	if err != nil {
		return nil, err
	}
	v["rss"] = float64(before)
	return v, nil
}

// collected reads memory after a garbage collection.
func (f *fixture) collected() (values, error) {
	done, err := f.server.Do(control.Order{Do: "gc"})
	if err != nil {
		return nil, err
	}
	after, err := f.server.Memory()
	v := values{"rss_gc": float64(after), "heap": float64(done.Heap)}
	if done.Stack > 0 { // node does not tell
		v["stack"] = float64(done.Stack)
	}
	return v, err
}

// meter reads what a stretch of work costs.
type meter struct {
	f              *fixture
	begun          time.Time
	server, client time.Duration
	engine         time.Duration
	open, packets  int
}

func (f *fixture) meter() meter {
	open, packets := f.packets()
	return meter{f, time.Now(), f.serverCPU(), f.clientCPU(), f.engineCPU(), open, packets}
}

// serverCPU is that of all nodes, without their engine.
func (f *fixture) serverCPU() time.Duration {
	var all time.Duration
	for _, s := range f.nodes() {
		all += s.CPU()
	}
	return all
}

func (f *fixture) engineCPU() time.Duration {
	if f.engine == nil {
		return 0
	}
	return f.engine.CPU()
}

// packets returns how many connections the clients have, and how many packets
// with data have come on them. On the loopback that is how often the server
// wrote, or less: a packet holds 64 KiB, and the kernel joins small ones that
// come faster than it sends.
func (f *fixture) packets() (open, n int) {
	for _, c := range f.clients {
		if counted, err := c.Do(control.Task{Do: "packets"}); err == nil {
			open += counted.Open
			n += counted.Packets
		}
	}
	return open, n
}

func (f *fixture) clientCPU() time.Duration {
	var all time.Duration
	for _, c := range f.clients {
		all += c.CPU()
	}
	return all
}

// stop adds to v what n units of work cost the server each, in µs and in
// packets, which share of all CPU the client had, and how busy its one thread
// was: near 1, it is the client that was measured.
func (m meter) stop(v values, n int) {
	server, client := m.f.serverCPU()-m.server, m.f.clientCPU()-m.client
	if m.f.engine != nil {
		v["engine"] = float64((m.f.engineCPU() - m.engine).Nanoseconds()) / 1000 / float64(max(n, 1))
	}
	v["cpu"] = float64(server.Nanoseconds()) / 1000 / float64(max(n, 1))
	v["client"] = float64(client) / float64(max(server+client, 1))
	v["busy"] = float64(client) / float64(max(time.Since(m.begun), 1)) / float64(max(len(m.f.clients), 1))
	if open, packets := m.f.packets(); open == m.open {
		v["packets"] = float64(packets-m.packets) / float64(max(n, 1))
	}
}
