package ws

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// This file and door_gateway.go are the door: no other file calls code of the
// user's. Only package steady asks the user's errors anything. TestArchitecture
// holds both.
//
// Code that runs for a message, and the hooks, are called in place. A panic
// there becomes the error of the call. A runtime.Goexit ends the goroutine,
// and deferred functions close the connection with 1011. Observer.Sent is
// called in place, too, on the goroutine that pushed. All other code of the
// user's is called apart, on a goroutine of its own: it is called seldom,
// and often by callers that must go on, such as the timer, a flush, or a job
// of the user's that pushes.
//
// Three kinds of code need no such care. Configure and the making of
// interceptors run within NewEndpoint or Router.Intercept, and the encoding
// of a value within the push. A panic there is the caller's, who is the user:
// a gateway without its configuration shall not serve. A ResponseWriter of a
// middleware's is called on net/http's goroutine, as it expects.

// newLog returns the Logger for all lines: Options.Logger or slog.Default(),
// which a panic of its Handler does not get out of.
func newLog(o *Options) *slog.Logger {
	to := o.Logger
	if to == nil {
		to = slog.Default()
	}
	return slog.New(steady.Log(to.Handler()))
}

// listen asks whether somebody wants to know of each message: the Observer, or
// a Logger for debugging. That one is asked now and then, since its level may
// change.
func (s *Server) listen() {
	o := &s.opts.Observer
	debugs := s.log.Enabled(context.Background(), slog.LevelDebug)
	set(&s.debugs, debugs)
	set(&s.observed, debugs || o.Starting != nil || o.Handled != nil)
}

// set sets a flag that is read much more often than it changes: a write costs those
// who read.
func set(flag *atomic.Bool, to bool) {
	if flag.Load() != to {
		flag.Store(to)
	}
}

func (s *Server) tellOpened(c *Client) {
	if tell := s.opts.Observer.Opened; tell != nil {
		s.tell(func() { tell(c) })
	}
}

func (s *Server) tellClosed(c *Client, cause Closed) {
	if tell := s.opts.Observer.Closed; tell != nil {
		s.tell(func() { tell(c, cause) })
	}
}

func (s *Server) tellDetached(c *Client, cause Closed) {
	if tell := s.opts.Observer.Detached; tell != nil {
		s.tell(func() { tell(c, cause) })
	}
}

func (s *Server) tellResumed(c *Client) {
	if tell := s.opts.Observer.Resumed; tell != nil {
		s.tell(func() { tell(c) })
	}
}

// tellSent tells the Observer of a push, in place, after it: the goroutine is
// the user's.
func (s *Server) tellSent(sent Sent) {
	tell := s.opts.Observer.Sent
	if tell == nil {
		return
	}
	returned := false
	defer steady.Ended(&returned, "Observer", "", s.failed)
	tell(sent)
	returned = true
}

// maxTrace bounds the id of a trace that an Observer knows, in bytes. That of
// traceparent has 32.
const maxTrace = 64

// askTrace asks the Observer for the trace of a context.
func (s *Server) askTrace(ctx context.Context) (id string) {
	ask := s.opts.Observer.Trace
	if ask == nil {
		return ""
	}
	s.tell(func() { id = ask(ctx) })
	if len(id) > maxTrace {
		return ""
	}
	return id
}

// tellsRefused reports whether somebody wants to know of refusals.
func (s *Server) tellsRefused() bool { return s.opts.Observer.Refused != nil }

func (s *Server) tellRefused(r Refusal) {
	if tell := s.opts.Observer.Refused; tell != nil {
		s.tell(func() { tell(r) })
	}
}

func (s *Server) tellShed(shed Shed) {
	if tell := s.opts.Observer.Shed; tell != nil {
		s.tell(func() { tell(shed) })
	}
}

func (s *Server) tellCluster(e ClusterEvent) {
	if tell := s.opts.Observer.Cluster; tell != nil {
		s.tell(func() { tell(e) })
	}
}

func (s *Server) tell(told func()) {
	if f := steady.Apart("Observer", told); f != nil {
		s.failed(f)
	}
}

// failed logs a failure of user code that no caller is told of.
func (s *Server) failed(f *steady.Failure) {
	s.logPeer(nil, slog.LevelError, "ws: failed", "error", f.String(), "stack", f.Stack)
}
