// Package natstest has servers of NATS in the process that uses them: for tests of
// what runs on many nodes, and for development. It is a module of its own, so that
// no program gets the server along with package natsbroker.
//
//	server := natstest.Run(t)
//	one := ws.NewServer(ws.Options{Cluster: ws.Cluster{Broker: server.Broker()}})
//	two := ws.NewServer(ws.Options{Cluster: ws.Cluster{Broker: server.Broker()}})
//
// A server is ready after some milliseconds, and cluster of three after some tens.
// They listen on 127.0.0.1 alone, on ports that are free.
package natstest

import (
	"errors"
	"fmt"
	"net"
	"net/url"
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
}

// Start starts a server, which listens on a port of 127.0.0.1 that is free. Close
// ends it. The functions edit may change the server's own options: they are called
// before it starts.
func Start(edit ...func(*server.Options)) (*Server, error) {
	o := &server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT,
		NoLog: true, NoSigs: true,
		NoFastProducerStall: true, // as the guide has it
	}
	for _, e := range edit {
		e(o)
	}
	s := &Server{options: o}
	if err := s.start(); err != nil {
		return nil, err
	}
	return s, nil
}

// start starts the server, and keeps the ports that it has got.
func (s *Server) start() error {
	s.mu.Lock()
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
	if s.options.Cluster.Name != "" {
		s.options.Cluster.Port = n.ClusterAddr().Port
	}
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
	for range n {
		s, err := Start(append([]func(*server.Options){func(o *server.Options) {
			o.Cluster = server.ClusterOpts{Name: "natstest", Host: "127.0.0.1", Port: server.RANDOM_PORT}
			for _, other := range all {
				o.Routes = append(o.Routes, &url.URL{Scheme: "nats", Host: other.route()})
			}
		}}, edit...)...)
		if err != nil {
			return all, err
		}
		all = append(all, s)
	}
	return all, Joined(all)
}

// route returns where the server listens for others.
func (s *Server) route() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("127.0.0.1:%d", s.options.Cluster.Port)
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
// nothing.
func (s *Server) Restart() error {
	s.Close()
	return s.start()
}

// Close ends the server. To close again does nothing.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.server.Shutdown()
	s.server.WaitForShutdown()
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
