package wsclient

import (
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// farewell is how long a server has to take what comes before a Close, and to answer
// that. When half of it is over the Close goes before what still waits.
const farewell = 2 * time.Second

// link is a socket in its time as the client's. One goroutine reads, and another
// writes: a reader that writes could wait for a server that waits for it, and a call
// that writes would miss the end of its context.
type link struct {
	c *Client
	s *socket

	// What follows is guarded by Client.mu.
	open   bool  // $connected has come
	drains bool  // $goaway has come: nothing new is sent
	over   bool  // it is not the client's any more
	why    error // it was ended here for this

	again   [][]byte // what the server has not had of another socket
	control [][]byte // of the protocol's own
	pong    []byte   // of the last Ping; nil: none
	bye     []byte   // payload of the Close that comes last; nil: none
	hurry   bool     // it does not wait for anything
	bade    bool     // it was written

	batch []outgoing // what is written, and memory for the next time. The goroutine that writes only

	timers []*time.Timer
	beat   *time.Timer // nil: the server does not want to be asked
	asked  bool        // nothing has come for a while, and the server was asked whether it lives
	pinged bool        // a $ping has no $pong yet
}

// serve speaks over the socket until it has ended, and returns why it has. $connected
// has to come within a time.
func (l *link) serve(token string, within time.Duration) *ws.Closed {
	c := l.c
	defer l.s.cut()
	says := connectData{Token: token, Schema: c.gateway.Contract, Client: "go"}
	c.mu.Lock()
	if c.closing {
		c.mu.Unlock()
		return &ws.Closed{Code: ws.CloseAbnormal, Err: ErrClosed}
	}
	if c.session.id != "" {
		says.Resume = &resume{c.session.id, c.session.had}
	}
	says.At = c.places.claims()
	text := own("$connect", says)
	if says.At != nil && c.tooLong(text) != nil { // sent, it would cost the connection
		says.At = nil
		text = own("$connect", says)
	}
	l.control = append(l.control, text)
	l.after(within, func() bool { return !l.open && !l.over && l.lose(errNoConnected) })
	c.link = l
	c.mu.Unlock()
	written := make(chan struct{})
	go func() {
		defer close(written)
		l.write()
	}()
	end := l.s.read()
	last := l.stop(&end)
	if !last {
		l.s.cut() // a write that waits ends
	}
	<-written
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range l.timers {
		t.Stop()
	}
	if l.why != nil {
		return &ws.Closed{Code: ws.CloseAbnormal, Err: l.why}
	}
	return &end.closed
}

// stop ends the time of the link when nothing more is read, and reports whether a
// Close is still to be written.
func (l *link) stop(end *ending) (last bool) {
	c := l.c
	c.mu.Lock()
	defer c.mu.Unlock()
	l.over, c.link = true, nil
	if l.bye, l.hurry = nil, false; l.why == nil && !l.bade && end.answer != nil {
		l.bye = end.answer
		l.after(farewell, func() bool { return true })
	}
	c.work.Broadcast()
	return l.bye != nil
}

// after has f called in d, with Client.mu held. If it returns true the socket is cut.
// The caller holds mu.
func (l *link) after(d time.Duration, f func() (cut bool)) *time.Timer {
	t := time.AfterFunc(d, func() {
		l.c.mu.Lock()
		cut := f()
		l.c.mu.Unlock()
		if cut {
			l.s.cut()
		}
	})
	l.timers = append(l.timers, t)
	return t
}

// lose notes that the socket is cut, for a reason of ours. It returns true. The caller
// holds mu.
func (l *link) lose(why error) bool {
	if l.why == nil {
		l.why = why
	}
	return true
}

// leave closes the socket behind what waits for it. The caller holds mu.
func (c *Client) leave(code ws.CloseCode) {
	l := c.link
	if l == nil || l.bye != nil || l.bade {
		return
	}
	l.bye = closing(code, "")
	l.after(farewell/2, func() bool {
		l.hurry = true
		c.work.Signal()
		return false
	})
	l.after(farewell, func() bool { return true })
	c.work.Signal()
}

// put queues a frame of the protocol's own. The caller holds mu.
func (l *link) put(text []byte) {
	l.control = append(l.control, text)
	l.c.work.Signal()
}
