// Package natstest has servers of NATS in the process that uses them: for tests of
// what runs on many nodes, and for development. It is a module of its own, so that
// no program gets the server along with package natsbroker.
//
//	server := natstest.Run(t)
//	one := ws.NewServer(ws.Options{Cluster: ws.Cluster{Broker: server.Broker()}})
//	two := ws.NewServer(ws.Options{Cluster: ws.Cluster{Broker: server.Broker()}})
//
// A server is ready after some milliseconds, and cluster of three after some tens.
// They listen on 127.0.0.1 alone, on ports that are free. All have JetStream, whose
// files are in temporary folders; that of a cluster needs some seconds until it has
// elected a leader, and nodes wait for it where they keep messages.
package natstest

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/wsgen/wsgen/runtime/broker"
	natsbroker "github.com/wsgen/wsgen/runtime/broker/nats"
)

// patience is how long a server may take to be ready, and a cluster to be one.
const patience = 20 * time.Second

// Server is a server of NATS. Its methods are safe for concurrent use.
type Server struct {
	mu      sync.Mutex
	options *server.Options // guarded by mu; with the ports that it has got
	server  *server.Server  // guarded by mu
	files   string          // guarded by mu; the folder of JetStream; "" if it is not ours
}

// Start starts a server, which listens on a port of 127.0.0.1 that is free. Close
// ends it. The functions edit may change the server's own options: they are called
// before it starts. JetStream is on, unless they set JetStream to false, and has a
// folder of its own, unless they set StoreDir.
func Start(edit ...func(*server.Options)) (*Server, error) {
	o := &server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT,
		NoLog: true, NoSigs: true,
		NoFastProducerStall: true, // as the guide has it
		// What logs reserve is not what they take, so there is room for many.
		JetStream: true, JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 1 << 50,
	}
	for _, e := range edit {
		e(o)
	}
	s := &Server{options: o}
	if err := s.start(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// start starts the server, and keeps the ports that it has got.
func (s *Server) start() error {
	s.mu.Lock()
	if s.options.JetStream && (s.options.StoreDir == "" || s.files != "") {
		if s.files == "" {
			dir, err := os.MkdirTemp("", "natstest")
			if err != nil {
				s.mu.Unlock()
				return fmt.Errorf("natstest: %w", err)
			}
			s.files = dir
		}
		s.options.StoreDir = s.files
	}
	own := s.options.Clone()
	s.mu.Unlock()
	n, err := server.NewServer(own)
	if err != nil {
		return fmt.Errorf("natstest: %w", err)
	}
	n.Start()
	if !n.ReadyForConnections(patience) {
		n.Shutdown()
		return fmt.Errorf("natstest: the server was not ready in %v", patience)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.server = n
	s.options.Port = n.Addr().(*net.TCPAddr).Port // after Restart they are the same
	return nil
}

// StartCluster starts n servers that know each other, and returns when they do.
func StartCluster(n int, edit ...func(*server.Options)) (all []*Server, err error) {
	defer func() {
		if err != nil {
			for _, s := range all {
				s.Close()
			}
			all = nil
		}
	}()
	routes, err := freeRoutes(n)
	if err != nil {
		return nil, err
	}
	for i := range n {
		s, err := Start(append([]func(*server.Options){func(o *server.Options) {
			// JetStream knows servers by their names, and wants to know of the others.
			o.ServerName = fmt.Sprintf("natstest-%d", i)
			o.Cluster = server.ClusterOpts{Name: "natstest", Host: "127.0.0.1", Port: routes[i]}
			for k, port := range routes {
				if k != i {
					o.Routes = append(o.Routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", port)})
				}
			}
		}}, edit...)...)
		if err != nil {
			return all, err
		}
		all = append(all, s)
	}
	return all, Joined(all)
}

// freeRoutes returns ports that are free, at which servers hear each other.
func freeRoutes(n int) (ports []int, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("natstest: %w", err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// Joined waits until servers of StartCluster know each other.
func Joined(all []*Server) error {
	limit := time.Now().Add(patience)
	for _, s := range all {
		for !s.joined(len(all) - 1) {
			if time.Now().After(limit) {
				return errors.New("natstest: the servers did not find each other")
			}
			time.Sleep(time.Millisecond)
		}
	}
	return nil
}

// joined reports whether s has all routes to so many others.
func (s *Server) joined(others int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	// One route for the system's account, beside the pool's.
	return s.server.NumRoutes() == others*(server.DEFAULT_ROUTE_POOL_SIZE+1)
}

// URL returns where the server listens, for natsbroker.Options.URL. A server has the
// same after Restart.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("nats://127.0.0.1:%d", s.options.Port)
}

// Broker returns a Broker that leads to the server, and waits but 10 to 50
// milliseconds before it tries again to connect.
func (s *Server) Broker() broker.Broker {
	return natsbroker.New(natsbroker.Options{
		URL:     s.URL(),
		Connect: []nats.Option{nats.ReconnectWait(10 * time.Millisecond), nats.ReconnectJitter(40*time.Millisecond, 40*time.Millisecond)},
	})
}

// Restart ends the server, and starts another at the same address, which knows of
// nothing but of what JetStream has in its files.
func (s *Server) Restart() error {
	s.Stop()
	return s.start()
}

// Stop ends the server, and leaves its files, until Restart or Close.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server != nil {
		s.server.Shutdown()
		s.server.WaitForShutdown()
	}
}

// Close ends the server, and takes its files away. To close again does nothing.
func (s *Server) Close() {
	s.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files != "" {
		_ = os.RemoveAll(s.files) // it is a temporary folder
		s.files, s.options.StoreDir = "", ""
	}
}

// Save restarts servers, and remembers what JetStream has in their files. The function
// that it returns brings them back to that, with another restart: what was kept since
// is gone, as after a power cut.
func Save(all ...*Server) (restore func() error, err error) {
	copies := make([]string, len(all))
	for i, s := range all {
		s.Stop()
		if copies[i], err = os.MkdirTemp("", "natstest"); err != nil {
			return nil, fmt.Errorf("natstest: %w", err)
		}
		if err := os.CopyFS(copies[i], os.DirFS(s.folder())); err != nil {
			return nil, fmt.Errorf("natstest: %w", err)
		}
	}
	restore = func() error {
		for i, s := range all {
			s.Stop()
			files := s.folder()
			if err := errors.Join(os.RemoveAll(files), os.Rename(copies[i], files)); err != nil {
				return fmt.Errorf("natstest: %w", err)
			}
		}
		return startAll(all)
	}
	return restore, startAll(all)
}

func startAll(all []*Server) error {
	for _, s := range all {
		if err := s.start(); err != nil {
			return err
		}
	}
	if len(all) > 1 {
		return Joined(all)
	}
	return nil
}

// folder returns where the files of JetStream are.
func (s *Server) folder() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.files
}

// Run starts a server that ends with the test.
func Run(tb testing.TB, edit ...func(*server.Options)) *Server {
	tb.Helper()
	s, err := Start(edit...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// Cluster starts n servers that end with the test. What is published at one of them
// arrives at all.
func Cluster(tb testing.TB, n int, edit ...func(*server.Options)) []*Server {
	tb.Helper()
	all, err := StartCluster(n, edit...)
	if err != nil {
		tb.Fatal(err)
	}
	for _, s := range all {
		tb.Cleanup(s.Close)
	}
	return all
}
