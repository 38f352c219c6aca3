package wsclient

import (
	"bytes"
	"log/slog"
	"slices"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// callbacks are what is to be called, in order.
type callbacks struct {
	list   []callback
	pushes int // of list, those that may be shed
	shed   int // pushes that were dropped in front of list, and nobody was told yet

	lost map[string]*History // by Log; those of list that OnLost is to be told
}

// callback is one of them: f, or a push to those who listen, or what OnShed or OnLost is
// told.
type callback struct {
	sheds bool // it may be shed
	f     func()
	to    []*listener
	event string
	data  []byte
	kept  History  // where the push is kept; zero: nowhere
	lost  int      // pushes that the server has shed
	gone  *History // of which pushes are missing
}

// tell queues a callback that is not shed. The caller holds mu.
func (c *Client) tell(f func()) {
	c.callbacks.list = append(c.callbacks.list, callback{f: f})
	c.told.Signal()
}

// shed tells of pushes that the server has shed. The caller holds mu.
func (c *Client) shed(pushes int) {
	list := c.callbacks.list
	if last := len(list) - 1; last >= 0 && list[last].lost > 0 {
		list[last].lost += pushes
		return
	}
	c.callbacks.list = append(list, callback{lost: pushes})
	c.told.Signal()
}

// lose tells that pushes of a history are missing, once for those that OnLost has not
// been told of yet. The caller holds mu.
func (c *Client) lose(of History) {
	if c.o.OnLost == nil {
		return
	}
	if gone := c.callbacks.loses(of); gone != nil {
		c.callbacks.list = append(c.callbacks.list, callback{gone: gone})
		c.told.Signal()
	}
}

// loses notes that OnLost has to be told of a history; nil: it is to be told already, or
// there are more such histories than a client follows.
func (q *callbacks) loses(of History) *History {
	if known := q.lost[of.Log]; known != nil {
		known.At = of.At
		return nil
	}
	if len(q.lost) == maxPlaces {
		return nil
	}
	if q.lost == nil {
		q.lost = make(map[string]*History)
	}
	q.lost[of.Log] = &of
	return &of
}

// offer queues a callback that may be shed, and sheds the oldest of those if there are
// too many. The caller holds mu.
func (c *Client) offer(x callback) {
	if c.callbacks.pushes == c.o.PushBuffer {
		c.shedOldest()
	}
	q := &c.callbacks
	x.sheds = true
	q.list = append(q.list, x)
	q.pushes++
	c.told.Signal()
}

// shedOldest drops the oldest push that waits. Of one that is kept OnLost is told in its
// place: the server does not send it again, and what this client has had of the history
// is behind it. The caller holds mu, and there is such a push.
func (c *Client) shedOldest() {
	q := &c.callbacks
	oldest := slices.IndexFunc(q.list, func(x callback) bool { return x.sheds })
	q.pushes--
	q.shed++
	if kept := q.list[oldest].kept; kept.Log != "" && c.o.OnLost != nil {
		if gone := q.loses(kept); gone != nil {
			q.list[oldest] = callback{gone: gone}
			return
		}
	}
	if oldest == 0 {
		_ = pop(&q.list)
	} else {
		q.list = slices.Delete(q.list, oldest, oldest+1)
	}
}

// callBack calls callbacks, until the client is closed and all have been called.
func (c *Client) callBack() {
	over := false
	defer func() {
		if !over { // a callback has ended the goroutine
			c.runs.Go(c.callBack)
		}
	}()
	for {
		next, ok := c.nextCallback()
		switch {
		case !ok:
			over = true
			return
		case next.lost > 0:
			c.guard("OnShed", func() { c.o.OnShed(next.lost) })
		case next.gone != nil:
			c.guard("OnLost", func() { c.o.OnLost(*next.gone) })
		case next.f != nil:
			c.guard("a callback of Options", next.f)
		}
		for _, l := range next.to {
			c.guard("a listener of "+next.event, func() { l.heard(next.data) })
		}
	}
}

// nextCallback waits for a callback. ok is false when there will be none.
func (c *Client) nextCallback() (next callback, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := &c.callbacks
	for len(q.list) == 0 && c.state != Closed {
		c.told.Wait()
	}
	switch {
	case len(q.list) == 0:
		return callback{}, false
	case q.shed > 0 && c.o.OnShed != nil:
		next.lost, q.shed = q.shed, 0
		return next, true
	}
	next = pop(&q.list)
	switch {
	case next.sheds:
		q.pushes--
	case next.gone != nil:
		delete(q.lost, next.gone.Log)
	}
	return next, true
}

// listener is told of a push.
type listener struct{ heard func(data []byte) }

// push queues a push to those who listen, and notes where it is kept. The caller holds
// mu.
func (c *Client) push(m *incoming) {
	if m.log != "" {
		c.places.note(m.log, m.at)
	}
	event := string(m.event)
	if to := c.listeners[event]; len(to) > 0 {
		c.offer(callback{to: to, event: event, data: bytes.Clone(m.data), kept: History{m.log, m.at}})
	}
}

// guard calls a callback. A panic of it is logged, and costs nobody else anything.
func (c *Client) guard(what string, f func()) {
	returned := false
	defer steady.Ended(&returned, what, "", c.failed)
	f()
	returned = true
}

// failed logs a call of user code that did not return.
func (c *Client) failed(f *steady.Failure) {
	c.o.Logger.LogAttrs(c.ctx, slog.LevelError, "wsclient: a callback has failed", slog.String("error", f.String()), slog.String("stack", f.Stack))
}
