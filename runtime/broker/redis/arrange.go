package redisbroker

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
)

// This file keeps the servers that a link needs.

// run connects and subscribes, and does so again when something breaks, until the
// link is closed.
func (l *link) run() {
	defer close(l.done)
	defer l.cancel()
	defer l.end()
	var since time.Time // when the link came up
	fails := 0
	for !l.isClosed() {
		if err := l.arrange(); err == nil {
			since = time.Now()
			if !l.watch() {
				return
			}
			// What breaks again at once is not tried for as long as what works.
			if fails = min(fails, 2); time.Since(since) > l.times.most {
				fails = 0
			}
		} else {
			l.mu.Lock()
			l.turn(false, err)
			l.mu.Unlock()
		}
		if !l.pause(fails) {
			return
		}
		fails++
	}
}

// watch returns true when the servers have to be arranged anew, and false when the
// link is closed.
func (l *link) watch() bool {
	tick := time.NewTicker(l.times.look)
	defer tick.Stop()
	for {
		select {
		case <-l.open.Done():
			return false
		case <-l.wake:
			return true
		case <-tick.C:
			// A server that was made a replica, or a partition that has moved, shows
			// itself mostly by what breaks. This is for when it does not.
			if lay, s, _ := l.ask(); s != nil && !l.same(lay) {
				l.mu.Lock()
				l.broken(errMoved)
				l.mu.Unlock()
			}
		}
	}
}

// pause waits before the next try: not at all at first, then for longer and longer.
// It returns false when the link is closed.
func (l *link) pause(fails int) bool {
	wait := time.Duration(0)
	if fails > 0 {
		wait = min(l.times.first<<min(fails-1, 16), l.times.most)
		wait = wait/2 + rand.N(wait)
	}
	l.mu.Lock()
	if l.deaf > 1 {
		wait = min(time.Duration(l.deaf-1), 10) * l.times.probe
	}
	l.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.reset:
	case <-l.open.Done():
		return false
	}
	return true
}

// arrange connects to all servers that are needed and subscribes to whatever was
// asked for. It ends with Up, or returns why that could not be.
func (l *link) arrange() error {
	l.mu.Lock()
	l.cause = nil
	for len(l.wake) > 0 {
		<-l.wake
	}
	l.mu.Unlock()
	lay, asked, err := l.survey()
	if err != nil {
		return err
	}
	err = l.connect(lay, asked)
	l.assign(lay)
	if broken := l.settle(); err == nil {
		err = broken
	}
	return err
}

// connect makes the connections that are missing, and returns the first error. A
// server that cannot be reached keeps nobody from the others.
func (l *link) connect(lay layout, asked *server) (first error) {
	want := lay.addrs()
	if !lay.sharded {
		want = []string{asked.addr}
	}
	for _, addr := range want {
		l.mu.Lock()
		s := l.servers[addr]
		l.mu.Unlock()
		if s != nil && s.sharded == lay.sharded {
			continue
		}
		var err error
		if s = asked; addr != asked.addr || asked.kept {
			s, err = l.dial(addr)
		}
		if err == nil {
			err = s.listen(lay)
		}
		if err != nil && first == nil {
			first = err
		}
	}
	// What is not needed any more goes, and so does who was asked only, because it
	// goes by another name in the cluster or has no slots.
	if !asked.kept {
		asked.shut()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for addr, s := range l.servers {
		if !slices.Contains(want, addr) || s.sharded != lay.sharded {
			s.stop()
		}
	}
	return first
}

// assign gives each partition to its server, and each channel that is not there yet.
func (l *link) assign(lay layout) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sharded = lay.sharded
	for p := range l.owners {
		l.owners[p] = nil
		if lay.sharded {
			l.owners[p] = l.servers[lay.owners[p]]
		} else {
			for _, s := range l.servers {
				l.owners[p] = s
			}
		}
	}
	for c, at := range l.asked {
		to := l.owner(c)
		if at == to && to != nil {
			continue
		}
		// Nothing is taken from where it was, or what is published from now on
		// could come twice.
		// Redis ends subscriptions in slots that move, and a server without slots is
		// left, so nothing has to be given up.
		l.asked[c] = nil
		if to != nil {
			to.mark(c)
		}
	}
}

// settle waits until all subscriptions are in place, and says Up then.
func (l *link) settle() error {
	for {
		l.mu.Lock()
		if l.cause != nil {
			defer l.mu.Unlock()
			return l.cause
		}
		var wait *round
		for _, s := range l.owners {
			switch {
			case s == nil || s.dead:
				defer l.mu.Unlock()
				return errMoved
			case s.next != nil:
				wait = s.next
			case s.now != nil:
				wait = s.now
			}
			if wait != nil {
				break
			}
		}
		if wait == nil {
			l.turn(true, nil)
			l.mu.Unlock()
			return nil
		}
		l.mu.Unlock()
		select {
		case <-wait.done:
			if wait.err != nil {
				return wait.err
			}
		case <-l.open.Done():
			return broker.ErrClosed
		}
	}
}

// end sends what Publish and Keep have taken, and closes all connections.
func (l *link) end() {
	for _, token := range []chan struct{}{l.publishing, l.keeping} {
		select {
		case token <- struct{}{}: // and it stays there
		case <-l.ctx.Done():
		}
	}
	l.mu.Lock()
	for _, s := range l.servers {
		s.stop()
	}
	l.mu.Unlock()
	l.working.Wait()
}

// within returns a context for questions to a server.
func (l *link) within(wait time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(l.open, wait)
}
