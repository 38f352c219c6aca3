package wstest

import (
	"io"
	"net/http"
	"time"
)

// link is a socket of a Conn, with the goroutines that read and write it.
type link struct {
	c      *Conn
	site   *site
	header http.Header // of the handshake's answer
	in     io.Reader
	have   []byte // of what was read, what begins no whole frame. Read goroutine only

	wake     chan struct{} // something is to be sent; it has room for one
	ending   chan struct{} // closed when nothing is to be sent any more
	readEnd  chan struct{} // closed when nothing more comes
	writeEnd chan struct{} // closed when nothing more leaves

	// Guarded by Conn.mu.
	queue  [][]byte  // to be sent
	held   bool      // nothing is sent
	deaf   *deafness // nil: it is read
	closed *Frame    // the server's Close; nil: it has sent none
	left   bool      // a Close was sent, or is about to be
	over   bool      // nothing more comes
}

// deafness is how a link is not read.
type deafness struct {
	begun chan struct{} // closed when nothing is read any more
	ended chan struct{} // closed when it is read again
}

// use has the Conn use a socket from now on, whose handshake is done. have is
// what was read behind that. The caller holds c.mu.
func (c *Conn) use(s *site, in io.Reader, have []byte, header http.Header) *link {
	c.link = &link{
		c: c, site: s, header: header, in: in, have: have,
		wake: make(chan struct{}, 1), ending: make(chan struct{}), readEnd: make(chan struct{}), writeEnd: make(chan struct{}),
	}
	return c.link
}

// run begins to read and write.
func (l *link) run() {
	go l.read()
	go l.write()
}

// end closes the socket, and waits until nobody uses it.
func (l *link) end() {
	_ = l.site.client.Close()
	close(l.ending)
	l.hear()
	<-l.readEnd
	<-l.writeEnd
}

// read takes what comes.
func (l *link) read() {
	defer close(l.readEnd)
	c := l.c
	room := make([]byte, 4096)
	for {
		for {
			f, rest, whole := split(l.have)
			if !whole {
				break
			}
			l.have = rest
			c.arrive(l, f)
		}
		n, err := l.in.Read(room)
		l.have = append(l.have, room[:n]...)
		if n > 0 {
			continue // an error comes again
		}
		if l.deafen() {
			continue // err is that of the deadline that made it so
		}
		if err != nil {
			c.mu.Lock()
			l.over = true
			c.said.add(c.since(), "*", "the connection is over")
			c.change()
			c.mu.Unlock()
			return
		}
	}
}

// deafen waits for as long as the link is deaf, and reports whether it was.
func (l *link) deafen() bool {
	l.c.mu.Lock()
	deaf := l.deaf
	l.c.mu.Unlock()
	if deaf == nil {
		return false
	}
	close(deaf.begun)
	<-deaf.ended
	return true
}

// stop makes the link deaf, and reports whether it was not. When it returns
// nothing is read any more.
func (l *link) stop() bool {
	l.c.mu.Lock()
	if l.deaf != nil || l.over {
		l.c.mu.Unlock()
		return false
	}
	deaf := &deafness{begun: make(chan struct{}), ended: make(chan struct{})}
	l.deaf = deaf
	l.c.mu.Unlock()
	_ = l.site.client.SetReadDeadline(time.Unix(1, 0)) // wakes the reader
	select {
	case <-deaf.begun:
	case <-l.readEnd:
	}
	return true
}

// hear ends what stop began, and reports whether it had.
func (l *link) hear() bool {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	if l.deaf == nil {
		return false
	}
	_ = l.site.client.SetReadDeadline(time.Time{})
	close(l.deaf.ended)
	l.deaf = nil
	return true
}

// putBytes queues what is sent as it is. The caller holds Conn.mu.
func (l *link) putBytes(b []byte) {
	l.queue = append(l.queue, b)
	l.stir()
}

// stir has the writer look for what is to be sent.
func (l *link) stir() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// write sends what is queued.
func (l *link) write() {
	defer close(l.writeEnd)
	for {
		if b, is := l.next(); is {
			if _, err := l.site.client.Write(b); err != nil {
				return // reading says that the connection is over
			}
			continue
		}
		select {
		case <-l.wake:
		case <-l.ending:
			return
		}
	}
}

// next takes what is to be sent next.
func (l *link) next() (b []byte, is bool) {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	if l.held || len(l.queue) == 0 {
		return nil, false
	}
	b, l.queue = l.queue[0], l.queue[1:]
	return b, true
}
