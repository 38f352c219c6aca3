package ws

import (
	"log/slog"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// The door: nobody calls code of the user's but this file and door_gateway.go, and
// nobody asks the user's errors anything but package steady (arch_test.go holds
// both). Behind the door is whatever may panic or end its goroutine, and what it
// costs then is said here.
//
// What runs for a message, and the hooks, are called in place. A panic there is
// what it refuses with, and a runtime.Goexit ends the goroutine, of which
// deferred functions leave nothing but a connection that is closed with 1011.
// All else is called apart: it is seldom, and often called by those who must go
// on, such as the timer, a flush, or a job of the user's that pushes.
//
// Two ways in need no door. Configure and the making of interceptors run within
// NewEndpoint or Router.Intercept, and what a push encodes within the push: a
// panic there is the caller's, who is the user, and a gateway without what it
// was configured with shall not serve. What a middleware put around net/http's
// ResponseWriter is called on net/http's goroutine, as it expects.

// newLog returns what everything is logged to.
func newLog(o *Options) *slog.Logger {
	to := o.Logger
	if to == nil {
		to = slog.Default()
	}
	return slog.New(steady.Log(to.Handler()))
}

// What the Observer is told.

// observed reports whether it wants to know of messages.
func (s *Server) observed() bool { return s.opts.Observer.Handled != nil }

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

func (s *Server) tell(told func()) {
	if f := steady.Apart("Observer", told); f != nil {
		s.failed(f)
	}
}

// failed logs what nobody else is told of.
func (s *Server) failed(f *steady.Failure) {
	s.logPeer(nil, slog.LevelError, "ws: failed", "error", f.String(), "stack", f.Stack)
}
