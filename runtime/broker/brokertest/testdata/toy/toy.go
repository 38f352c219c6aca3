// Package toy is an adapter as a third party writes one: it knows package broker
// and the standard library.
package toy

import (
	"bufio"
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
)

const maxMessage = 64 << 10

// Broker leads to an Engine.
type Broker struct {
	Addr string

	mu    sync.Mutex
	cut   bool           // guarded by mu
	conns map[*link]bool // guarded by mu
}

// Cut keeps the Links of b from the engine, until Heal.
func (b *Broker) Cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cut = true
	for l := range b.conns {
		l.Reset()
	}
}

// Heal lets them come back.
func (b *Broker) Heal() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cut = false
}

func (b *Broker) dial() (net.Conn, error) {
	b.mu.Lock()
	cut := b.cut
	b.mu.Unlock()
	if cut {
		return nil, errors.New("toy: cut off")
	}
	return net.Dial("tcp", b.Addr)
}

// Open implements broker.Broker.
func (b *Broker) Open(name string, r broker.Receiver) (broker.Link, error) {
	l := &link{broker: b, name: name, in: broker.NewIntake(r, broker.IntakeOptions{}), asked: make(map[string]bool), closed: make(chan struct{})}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conns == nil {
		b.conns = make(map[*link]bool)
	}
	b.conns[l] = true
	l.running.Go(l.run)
	return l, nil
}

// link is one connection after the other.
type link struct {
	broker  *Broker
	name    string
	in      *broker.Intake
	running sync.WaitGroup
	once    sync.Once
	closed  chan struct{}

	mu    sync.Mutex
	conn  net.Conn        // guarded by mu; nil while there is none
	up    bool            // guarded by mu
	asked map[string]bool // guarded by mu; channels
	waits []chan struct{} // guarded by mu; for K, in order
}

// run connects, and hears, until Close.
func (l *link) run() {
	for {
		conn, err := l.broker.dial()
		if err == nil {
			err = l.serve(conn)
		}
		l.in.Down(err)
		select {
		case <-l.closed:
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// serve subscribes to what was asked for, says Up, and hears until the connection
// ends.
func (l *link) serve(conn net.Conn) error {
	defer conn.Close()
	l.mu.Lock()
	if l.isClosed() {
		l.mu.Unlock()
		return broker.ErrClosed
	}
	l.conn = conn
	var channels []string
	for c := range l.asked {
		channels = append(channels, c)
	}
	l.mu.Unlock()
	heard := make(chan error, 1)
	l.running.Go(func() { heard <- l.hear(conn) })
	err := errors.New("toy: the connection has ended")
	if l.command("S", channels, func(done <-chan struct{}) error {
		select {
		case <-done:
			return nil
		case err = <-heard:
			return err
		}
	}) == nil {
		l.mu.Lock()
		l.up = true
		l.mu.Unlock()
		l.in.Up()
		err = <-heard
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn, l.up = nil, false
	for _, w := range l.waits {
		close(w)
	}
	l.waits = nil
	return err
}

// hear reads until the connection ends. It never waits for the Receiver.
func (l *link) hear(conn net.Conn) error {
	r := bufio.NewReader(conn)
	for {
		verb, channel, data, err := next(r)
		switch {
		case err != nil:
			return err
		case verb == "M":
			l.in.Put(broker.Delivery{Channel: channel[len(l.name)+1:], Data: data})
		case verb == "K":
			l.mu.Lock()
			if len(l.waits) > 0 {
				close(l.waits[0])
				l.waits = l.waits[1:]
			}
			l.mu.Unlock()
		}
	}
}

// command sends a command for each channel and has wait wait for the last answer.
func (l *link) command(verb string, channels []string, wait func(<-chan struct{}) error) error {
	if len(channels) == 0 {
		return nil
	}
	var text []byte
	var last chan struct{}
	l.mu.Lock()
	conn := l.conn
	if conn == nil {
		l.mu.Unlock()
		return broker.ErrDown
	}
	for _, c := range channels {
		text = append(text, verb+" "+l.name+"/"+c+"\n"...)
		last = make(chan struct{})
		l.waits = append(l.waits, last)
	}
	_, err := conn.Write(text)
	l.mu.Unlock()
	if err != nil {
		return err
	}
	return wait(last)
}

// change subscribes or unsubscribes.
func (l *link) change(ctx context.Context, verb string, channels []string) error {
	l.mu.Lock()
	up := l.up
	if !l.isClosed() {
		for _, c := range channels {
			l.asked[c] = true
			if verb == "U" {
				delete(l.asked, c)
			}
		}
	}
	l.mu.Unlock()
	switch {
	case l.isClosed():
		return broker.ErrClosed
	case !up:
		_ = l.command(verb, channels, func(<-chan struct{}) error { return nil }) // it may be about to be
		return broker.ErrDown
	}
	return l.command(verb, channels, func(done <-chan struct{}) error {
		select {
		case <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		switch {
		case l.isClosed():
			return broker.ErrClosed
		case !l.up:
			return broker.ErrDown
		}
		return nil
	})
}

// Subscribe implements broker.Link.
func (l *link) Subscribe(ctx context.Context, channels []string) error {
	return l.change(ctx, "S", channels)
}

// Unsubscribe implements broker.Link.
func (l *link) Unsubscribe(ctx context.Context, channels []string) error {
	return l.change(ctx, "U", channels)
}

// Publish implements broker.Link.
func (l *link) Publish(ctx context.Context, batch []broker.Outgoing) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.isClosed():
		return 0, broker.ErrClosed
	case !l.up:
		return 0, broker.ErrDown
	}
	var text []byte
	for i, out := range batch {
		if len(out.Data) > maxMessage {
			_, _ = l.conn.Write(text)
			return i, broker.ErrTooLarge
		}
		text = appendMessage(text, "P", l.name+"/"+out.Channel, out.Data)
	}
	_, _ = l.conn.Write(text) // who knows what was sent: Down follows
	return len(batch), nil
}

// MaxMessage implements broker.Link.
func (*link) MaxMessage() int { return maxMessage }

// Reset implements broker.Link.
func (l *link) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.up = false
		l.conn.Close()
	}
}

func (l *link) isClosed() bool {
	select {
	case <-l.closed:
		return true
	default:
		return false
	}
}

// Close implements broker.Link.
func (l *link) Close(ctx context.Context) error {
	l.once.Do(func() {
		l.broker.mu.Lock()
		delete(l.broker.conns, l)
		l.broker.mu.Unlock()
		l.mu.Lock()
		close(l.closed)
		if l.conn != nil { // the engine reads to the end, and closes
			_ = l.conn.(*net.TCPConn).CloseWrite()
			_ = l.conn.SetReadDeadline(time.Now().Add(time.Second))
		}
		l.mu.Unlock()
	})
	err := l.in.Close(ctx)
	if err == nil {
		l.running.Wait()
	}
	return err
}
