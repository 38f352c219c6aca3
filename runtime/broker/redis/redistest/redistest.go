// Package redistest starts Redis for tests: processes of their own, on free ports of
// the loopback and in temporary folders, which end with the test.
//
//	func TestNodes(t *testing.T) {
//		redis := redistest.Start(t)
//		b := redisbroker.New(redisbroker.Options{Client: redis.Client()})
//		one := ws.NewServer(ws.Options{Cluster: ws.Cluster{Broker: b}})
//		two := ws.NewServer(ws.Options{Cluster: ws.Cluster{Broker: b}})
//		// …
//	}
//
// It runs what the environment variable REDIS_SERVER names, or redis-server. Where
// there is none the test is skipped; with CI=true it fails.
package redistest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

// patience is how long a server may take to start.
const patience = 30 * time.Second

// Server is a process of Redis. Its methods fail the test when something goes
// wrong, and are called by one goroutine at a time.
type Server struct {
	t       testing.TB
	program string
	addr    string
	dir     string // of its files
	args    []string
	process *exec.Cmd
	output  *bytes.Buffer
	client  rueidis.Client
}

// Start starts a server that keeps nothing on disk. args are further options, such
// as "--maxclients", "100".
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	s := newServer(t, args...)
	s.Start()
	return s
}

func newServer(t testing.TB, args ...string) *Server {
	t.Helper()
	s := &Server{t: t, program: program(t), dir: t.TempDir()}
	port := freePort(t)
	s.addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	s.args = append([]string{
		"--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--dir", s.dir,
		"--save", "", "--appendonly", "no", "--daemonize", "no",
	}, args...)
	t.Cleanup(s.Kill)
	return s
}

// program returns the path of redis-server, or ends the test.
func program(t testing.TB) string {
	t.Helper()
	name := os.Getenv("REDIS_SERVER")
	if name == "" {
		name = "redis-server"
	}
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path
	case os.Getenv("CI") == "true":
		t.Fatalf("no Redis here, and with CI=true that is a failure: install it (Debian: apt-get install redis-server), or set REDIS_SERVER to its path: %v", err)
	default:
		t.Skipf("NOT TESTED, because there is no Redis here: install it (Debian: apt-get install redis-server), or set REDIS_SERVER to its path: %v", err)
	}
	return ""
}

// freePort returns a port that is free, and so is the one that the servers of a
// cluster use among themselves, which is 10000 higher.
func freePort(t testing.TB) int {
	t.Helper()
	for range 1000 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		_ = l.Close()
		if port+10000 > 65535 {
			continue
		}
		if bus, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port+10000))); err == nil {
			_ = bus.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// Addr returns the address that clients connect to.
func (s *Server) Addr() string { return s.addr }

// Client returns the options of a client of the server.
func (s *Server) Client() rueidis.ClientOption {
	return rueidis.ClientOption{InitAddress: []string{s.addr}}
}

// Start starts the server again, after Kill, at the same address. It returns when
// the server answers.
func (s *Server) Start() {
	s.t.Helper()
	if s.process != nil {
		return
	}
	s.output = &bytes.Buffer{}
	s.process = exec.Command(s.program, s.args...)
	s.process.Stdout, s.process.Stderr = s.output, s.output
	if err := s.process.Start(); err != nil {
		s.process = nil
		s.t.Fatalf("redis-server: %v", err)
	}
	limit := time.Now().Add(patience)
	for {
		c, err := rueidis.NewClient(own(s.addr))
		if err == nil {
			s.client = c
			return
		}
		if c != nil {
			c.Close()
		}
		if time.Now().After(limit) {
			s.Kill()
			s.t.Fatalf("redis-server does not answer at %s: %v\n%s", s.addr, err, s.output)
		}
		pause()
	}
}

// own returns the options of a client for commands to one server.
func own(addr string) rueidis.ClientOption {
	return rueidis.ClientOption{InitAddress: []string{addr}, ForceSingleClient: true, DisableCache: true, DisableRetry: true, PipelineMultiplex: -1}
}

// Kill ends the process at once, as a power cut does. Nothing is kept.
func (s *Server) Kill() {
	if s.process == nil {
		return
	}
	if s.client != nil {
		s.client.Close()
		s.client = nil
	}
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
	s.process = nil
}

// Stop has the process stand still, with its connections open, until Continue.
func (s *Server) Stop() { s.signal("STOP") }

// Continue has the process go on after Stop.
func (s *Server) Continue() { s.signal("CONT") }

// signal sends a signal by the tool for that, since not every system has all of
// them.
func (s *Server) signal(name string) {
	s.t.Helper()
	out, err := exec.Command("kill", "-s", name, strconv.Itoa(s.process.Process.Pid)).CombinedOutput()
	if err != nil {
		s.t.Fatalf("redis-server: %v: %s", err, out)
	}
}

// Do carries out a command and returns its answer as text.
func (s *Server) Do(command ...string) string {
	s.t.Helper()
	text, err := s.Try(command...)
	if err != nil {
		s.t.Fatalf("%q at %s: %v", command, s.addr, err)
	}
	return text
}

// Try carries out a command that may be refused.
func (s *Server) Try(command ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	m, err := s.client.Do(ctx, s.client.B().Arbitrary(command...).Build()).ToMessage()
	if err != nil {
		return "", err
	}
	if text, err := m.ToString(); err == nil {
		return text, nil
	}
	v, err := m.ToAny()
	return fmt.Sprint(v), err
}

// until waits for a condition.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !is(); pause() {
		if time.Now().After(limit) {
			t.Fatalf("in %v this has not come: %s", patience, what)
		}
	}
}

// pause is between two looks at what another process does.
func pause() { <-time.After(10 * time.Millisecond) }

// together calls f for each server at once.
func together(servers []*Server, f func(i int, s *Server)) {
	var all sync.WaitGroup
	for i, s := range servers {
		all.Go(func() { f(i, s) })
	}
	all.Wait()
}
