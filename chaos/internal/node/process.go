package node

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/redis/rueidis"
	"go.uber.org/goleak"

	natsbroker "github.com/wsgen/wsgen/runtime/broker/nats"
	redisbroker "github.com/wsgen/wsgen/runtime/broker/redis"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/front"
)

// Config is what a node is told when it starts.
type Config struct {
	Name   string
	Addr   string // where it listens; a port of 0 is any
	Engine string // nats or redis
	At     string // the engine's address
	Rate   int    // pushes a second
	Churn  int    // joins and leaves a second
	Flood  int    // long pushes a second, to those that read nothing
	Kept   int    // pushes a second that are kept

	Call    time.Duration // calls that take longer are slow
	Torrent int           // long ones, in a room of their own
	Crowd   bool          // there are too many connections to push to all of them all the time
}

// Run is a node's process: it serves until its standard input ends, or it is told to
// shut down. It says where it listens on its standard output.
func Run(text string) error {
	var c Config
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return err
	}
	var events eventList
	log := slog.New(slog.NewTextHandler(os.Stderr, nil)).With("node", c.Name)
	server := ws.NewServer(ws.Options{
		Logger: log, Observer: ws.Observer{Cluster: events.add},
		OutboxFrames: 4096,
		Cluster:      ws.Cluster{Broker: c.broker(log), Node: c.Name, Linger: c.linger()},
	})
	push, records := NewEventsPush(server), NewRecordsPush(server)
	here := ws.NewPresence[string](server, ws.PresenceSpec{Name: "node.Events", Event: "here", Linger: 2 * time.Second}, nil, nil)
	w := &worker{
		config: c, server: server, push: push, here: here, churn: new(churners), id: ID(server),
		calls: stopwatch{limit: c.Call}, idle: stopwatch{limit: c.Call},
		rate: c.Rate, last: make(map[string]uint64), ends: make(chan struct{}),
	}
	w.scribe = newScribe(w, records)
	endpoint := NewGatewayEndpoint(server, &Gateway{Push: push, Records: records, Here: here, Server: server, Name: c.Name, churn: w.churn}, &Door{})
	listener, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return err
	}
	ended := make(chan struct{})
	mux := http.NewServeMux()
	mux.Handle("/ws", ws.NewRouter(endpoint.Endpoint))
	mux.Handle("/readyz", ws.Readyz(server))
	mux.HandleFunc("/report", func(rw http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(rw).Encode(w.report(&events, r.URL.Query().Get("gc") != ""))
	})
	mux.HandleFunc("/rate", func(_ http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		w.set(n)
	})
	mux.HandleFunc("/finish", func(rw http.ResponseWriter, _ *http.Request) {
		ends, err := w.scribe.finish()
		if err != nil {
			http.Error(rw, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_ = json.NewEncoder(rw).Encode(ends)
	})
	mux.HandleFunc("/shutdown", func(rw http.ResponseWriter, _ *http.Request) {
		defer close(ended)
		left := w.shutdown()
		_ = json.NewEncoder(rw).Encode(left)
	})
	web := &http.Server{Handler: mux, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	go func() { _ = front.Serve(web, listener) }()
	fmt.Println("ready", listener.Addr())
	w.begin()
	go endWithParent()
	<-ended
	return web.Shutdown(context.Background())
}

// endWithParent ends the process when whoever has started it is gone.
func endWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(3)
}

// broker returns the Broker to the node's engine.
func (c *Config) broker(log *slog.Logger) ws.Broker {
	if c.Engine == "redis" {
		return redisbroker.New(redisbroker.Options{Client: rueidis.ClientOption{InitAddress: []string{c.At}}})
	}
	return natsbroker.New(natsbroker.Options{
		URL: "nats://" + c.At, Logger: log,
		History: natsbroker.History{MaxBytes: -1}, // the servers have little room, so that it can be filled
	})
}

// linger is short where a room is left all the time, so that the engine sees it.
func (c *Config) linger() time.Duration {
	if c.Churn > 0 {
		return time.Millisecond
	}
	return 0
}

// Left is what was left behind Shutdown.
type Left struct {
	Stats      ws.Stats
	Error      string // of Shutdown
	Goroutines string
}

// shutdown ends the Server as a program does, and looks what is left.
func (w *worker) shutdown() (left Left) {
	w.end()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := w.server.Shutdown(ctx); err != nil {
		left.Error = err.Error()
	}
	left.Stats = w.server.Stats()
	// What belongs to this process, and not to the Server, is left out.
	if err := goleak.Find(
		goleak.IgnoreAnyFunction("net/http.(*Server).Serve"),
		goleak.IgnoreAnyFunction("github.com/wsgen/wsgen/runtime/front.(*listener).run"), // as Serve, which it accepts for
		goleak.IgnoreAnyFunction("net/http.(*conn).serve"),
		goleak.IgnoreAnyFunction("net/http.(*connReader).backgroundRead"),
		goleak.IgnoreAnyFunction("github.com/wsgen/wsgen/chaos/internal/node.Run"),
		goleak.IgnoreAnyFunction("github.com/wsgen/wsgen/chaos/internal/node.endWithParent"),
	); err != nil {
		left.Goroutines = err.Error()
	}
	return left
}

func (w *worker) report(events *eventList, collect bool) Report {
	if collect {
		runtime.GC()
		runtime.GC() // what sync.Pools have kept over the first
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	r := Report{
		Node: w.id, Name: w.config.Name, At: time.Now(), Stats: w.server.Stats(),
		Heap: mem.HeapAlloc, Goroutines: runtime.NumGoroutine(),
		Calls: w.calls.times(), Idle: w.idle.times(), Events: events.all(), Last: make(map[string]uint64), People: make(map[string]int),
	}
	for _, p := range w.here.In(Seen).Joined {
		r.People[p.Key] = len(p.Metas)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	r.Joins = w.joins.Load()
	r.Pushed, r.Waiting, r.Questions = w.number, w.waiting, w.questions
	for stream, last := range w.last {
		r.Last[stream] = last
	}
	return r
}

// eventList keeps what the Observer is told.
type eventList struct {
	mu   sync.Mutex
	list []Event
}

func (l *eventList) add(e ws.ClusterEvent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, Event{time.Now(), e.Change.String(), e.Node.ID.String(), e.Count})
}

func (l *eventList) all() []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Event(nil), l.list...)
}
