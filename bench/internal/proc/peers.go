package proc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/wsgen/wsgen/bench/internal/control"
)

// Server is a server process.
type Server struct {
	*Process
	Ready control.Ready
}

// StartServer runs a server and waits until it listens.
func StartServer(ctx context.Context, name, dir string, argv ...string) (*Server, error) {
	p, err := Start(ctx, name, dir, nil, argv...)
	if err != nil {
		return nil, err
	}
	s := &Server{Process: p}
	err = p.Receive(&s.Ready, 0)
	if err == nil && s.Ready.Error != "" {
		err = fmt.Errorf("%s: %s", name, s.Ready.Error)
	}
	if err != nil {
		p.Stop()
		return nil, err
	}
	if s.Ready.Pid != 0 {
		p.pid = s.Ready.Pid
	}
	return s, nil
}

// Do orders the server and waits for its answer.
func (s *Server) Do(o control.Order) (control.Done, error) {
	var done control.Done
	if err := s.Send(o); err != nil {
		return done, err
	}
	limit := time.Duration(o.Count*o.Gap) * time.Microsecond
	if err := s.Receive(&done, limit); err != nil {
		return done, err
	}
	if done.Error != "" {
		return done, fmt.Errorf("%s: %s: %s", s.name, o.Do, done.Error)
	}
	return done, nil
}

// Client is a process of the raw client.
type Client struct{ *Process }

// StartClient runs the raw client. Its runtime gets one thread for Go code.
func StartClient(ctx context.Context, name, binary string) (*Client, error) {
	p, err := Start(ctx, "client of "+name, "", []string{"GOMAXPROCS=1"}, binary)
	return &Client{p}, err
}

// Do gives the client a task and waits for its answer.
func (c *Client) Do(t control.Task) (control.Counted, error) {
	var counted control.Counted
	if err := c.Send(t); err != nil {
		return counted, err
	}
	limit := time.Duration(t.Limit+t.Span) * time.Millisecond
	if err := c.Receive(&counted, limit); err != nil {
		return counted, err
	}
	if counted.Error != "" {
		return counted, fmt.Errorf("%s: %s", c.name, counted.Error)
	}
	return counted, nil
}

// reserve is how many files a process needs besides its connections.
const reserve = 100

// Connections raises this process's limit of open files, which its children
// inherit, as far as it may, and returns how many connections that is.
func Connections() (int, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	limit.Cur = limit.Max
	// It fails only if this process may not raise the limit: then the old one counts.
	_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	return int(min(limit.Cur, 1<<20)) - reserve, nil
}

// Leftover is an error if processes of the binaries in dir still run.
func Leftover(dir string) error {
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		return err
	}
	var all []error
	for _, l := range links {
		if target, err := os.Readlink(l); err == nil && filepath.Dir(target) == dir {
			all = append(all, fmt.Errorf("%s still runs %s", filepath.Dir(l), target))
		}
	}
	return errors.Join(all...)
}
