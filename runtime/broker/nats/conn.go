package natsbroker

import (
	"context"
	"io"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wsgen/wsgen/runtime/broker"
)

const (
	inbound  = 8192 // messages that may wait between the library's read loop and the Intake
	controls = 1024 // of the links' own
	// flushing is how long a flush may take if the caller's context says nothing.
	// A server that does not answer a Ping is given up before.
	flushing = time.Minute
)

// Names of the links' own subjects. No channel has a ~.
const (
	asksName   = "~ask"    // who hears this answers with its server
	answerName = "~answer" // to one link; its id and the number of the question follow
	serverName = "~server" // a link has come to a server, or leaves it; + or - and its id follow
)

// conn is one connection of a link.
type conn struct {
	l     *link
	nc    *nats.Conn
	pipe  *pipe
	peers *peers

	messages chan *nats.Msg // of all channels; full, the library drops and counts
	controls chan *nats.Msg
	stop     chan struct{} // closed by end
	losses   *losses
	window   *window
	calls    *calls             // to JetStream
	asks     *nats.Subscription // of questions
	answers  string             // the subject to which this connection's questions are answered, with a dot
	open     atomic.Bool        // Subscribe confirms

	seen error // guarded by link.mu; what denied has returned
}

func newConn(l *link) *conn {
	return &conn{
		l: l, peers: newPeers(),
		messages: make(chan *nats.Msg, inbound), controls: make(chan *nats.Msg, controls),
		stop: make(chan struct{}), losses: newLosses(), window: newWindow(), calls: newCalls(),
	}
}

// hasEnded reports whether nothing can be done with c any more.
func (c *conn) hasEnded() bool {
	select {
	case <-c.pipe.gone:
		return true
	default:
		return c.nc.IsClosed()
	}
}

// end ends the connection, and what hears it.
func (c *conn) end() {
	c.nc.Close()
	close(c.stop)
}

// cause says why the connection has ended, or could not be used.
func (c *conn) cause(err error) error {
	if err != nil && !c.hasEnded() {
		return err
	}
	if wrote := c.pipe.failed(); wrote != nil {
		return wrote
	}
	if said := c.nc.LastError(); said != nil && said != io.EOF {
		return said
	}
	return errEnded
}

// ---- channels; the caller holds link.mu, and c is link.conn

// subscribe subscribes to a channel, once. It costs a third of a kilobyte, where a
// subscription with a callback takes ten times that and a goroutine.
func (c *conn) subscribe(channel string) error {
	if c.l.asked[channel] != nil {
		return nil
	}
	sub, err := c.nc.ChanSubscribe(c.l.prefix+channel, c.messages)
	c.l.asked[channel] = sub // nil, if that has failed
	return err
}

func (c *conn) unsubscribe(channel string) error {
	sub := c.l.asked[channel]
	if sub == nil {
		return nil
	}
	c.losses.forget(sub, c.lost)
	return sub.Unsubscribe()
}

// ---- what comes in

// channel returns the channel of a subject.
func (c *conn) channel(subject string) string { return subject[len(c.l.prefix):] }

// deliver hands to the Intake what comes, until the end. It never waits, so the
// library drops only what comes faster than one goroutine is woken.
func (c *conn) deliver() {
	var look <-chan time.Time
	for {
		select {
		case m := <-c.messages:
			c.put(m)
			if len(c.messages) > 0 {
				continue // to look at losses for each would make a queue that is full stay so
			}
		case <-c.losses.wake:
		case <-look:
		case <-c.stop:
			for len(c.messages) > 0 {
				c.put(<-c.messages)
			}
			return
		}
		look = nil
		if c.losses.count(c.messages, c.lost) {
			again := lookAgain
			if len(c.messages) == 0 {
				again = lookSeldom // whoever was told of falls silent, maybe for ever
			}
			look = time.After(again)
		}
	}
}

func (c *conn) put(m *nats.Msg) {
	d := broker.Delivery{Channel: c.channel(m.Subject), Data: m.Data}
	if len(m.Header) > 0 {
		if kept, is := c.l.names.keptAt(d.Channel, m.Header); is {
			d.At, d.Prev = kept.at, kept.prev
			c.l.hears(kept)
		}
	}
	c.l.in.Hand(d)
	c.losses.arrived(m.Sub, c.lost)
}

// lost tells of messages that the library has dropped.
func (c *conn) lost(n int, subject string) { c.l.in.Lost(n, c.channel(subject)) }

// hasError takes what the library says beside all calls.
func (c *conn) hasError(sub *nats.Subscription, err error) {
	switch {
	case err == nats.ErrSlowConsumer:
		if sub != nil && !strings.HasPrefix(c.channel(sub.Subject), "~") { // those are asked again
			c.losses.add(sub)
		}
	case isPermission(err):
		if strings.Contains(err.Error(), "$JS.API.") {
			c.calls.deny(err)
		}
		c.l.log.denied(err)
	}
}

// ---- what the servers know

// join takes part in the links' questions.
func (c *conn) join() error {
	c.peers.own = c.nc.ConnectedServerId()
	id := nats.NewInbox()[len(nats.InboxPrefix):]
	c.answers = c.l.prefix + answerName + "." + id + "."
	c.calls.subject = c.l.prefix + repliesName + "." + id + "."
	if _, err := c.nc.ChanSubscribe(c.calls.subject+"*", c.calls.messages); err != nil {
		return err
	}
	if _, err := c.nc.ChanSubscribe(c.answers+"*", c.controls); err != nil {
		return err
	}
	if _, err := c.nc.ChanSubscribe(c.l.prefix+serverName, c.controls); err != nil {
		return err
	}
	// The group is the server: each question is answered by one link at each.
	asks, err := c.nc.ChanQueueSubscribe(c.l.prefix+asksName, c.peers.own, c.controls)
	if err != nil {
		return err
	}
	c.asks = asks
	return c.nc.Publish(c.l.prefix+serverName, []byte("+"+c.peers.own))
}

// leave says that this link does not answer any more. Others at its server do.
func (c *conn) leave() {
	_ = c.asks.Unsubscribe()
	_ = c.nc.Publish(c.l.prefix+serverName, []byte("-"+c.peers.own)) // else the connection has ended
}

// control answers questions, and asks one every second, until the end: so a link
// knows which servers have nodes.
func (c *conn) control() {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		select {
		case m := <-c.controls:
			c.controlled(m)
		case <-tick.C:
			if c.open.Load() {
				_, _ = c.ask() // the connection has ended
			}
		case <-c.stop:
			return
		}
	}
}

func (c *conn) controlled(m *nats.Msg) {
	switch name := c.channel(m.Subject); {
	case name == asksName:
		if strings.HasPrefix(m.Reply, c.l.prefix+answerName+".") && c.l.closing.Err() == nil { // a link's
			_ = c.nc.Publish(m.Reply, []byte(c.peers.own)) // else the connection has ended
		}
	case name == serverName:
		text := string(m.Data)
		if server, came := strings.CutPrefix(text, "+"); came {
			c.peers.came(server, time.Now())
		} else if server, left := strings.CutPrefix(text, "-"); left {
			c.peers.left(server, time.Now())
			_, _ = c.ask() // others there answer
		}
	default:
		if n, err := strconv.ParseUint(m.Subject[len(c.answers):], 10, 64); err == nil {
			c.peers.answered(string(m.Data), n, time.Now())
		}
	}
}

// ask puts a question to every server, and returns its number.
func (c *conn) ask() (uint64, error) {
	n := c.peers.next()
	return n, c.nc.PublishRequest(c.l.prefix+asksName, c.answers+strconv.FormatUint(n, 10), nil)
}

// flush returns when the server has read all that was sent so far.
func (c *conn) flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, flushing)
	defer cancel()
	return c.nc.FlushWithContext(ctx)
}

// confirm returns when every server with a node knows of all subscriptions that were
// made before.
func (c *conn) confirm(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.l.closing, cancel)()
	first, err := c.ask()
	if err != nil {
		return err
	}
	if err := c.flush(ctx); err != nil { // the server at the other end
		return err
	}
	again := time.NewTicker(askAgain)
	defer again.Stop()
	for {
		all, changed := c.peers.haveAnswered(first, time.Now())
		if all {
			return nil
		}
		select {
		case <-changed:
		case <-again.C: // a question may be lost: a node is stopped, or its queue is full
			if _, err := c.ask(); err != nil {
				return err
			}
		case <-c.pipe.gone:
			return broker.ErrDown
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// settle asks for servers that are not known yet, if there may be any, and listens
// for a while each time. It asks again and again, and waits for its own server in
// between: on a machine that is busy, a single wait may be over before an answer that
// has come is read.
func (c *conn) settle(ctx context.Context) error {
	if c.nc.ConnectedClusterName() == "" {
		return nil
	}
	t := time.NewTimer(settling)
	defer t.Stop()
	for range settlings {
		if _, err := c.ask(); err != nil {
			return err
		}
		if err := c.flush(ctx); err != nil {
			return err
		}
		t.Reset(settling / settlings)
		select {
		case <-t.C:
		case <-c.pipe.gone:
			return broker.ErrDown
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// denied returns what the server has refused to subscribe to since it was called
// last. The server says so before it answers a flush.
func (c *conn) denied() error {
	err := c.nc.LastError()
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	if err == nil || err == c.seen || !isPermission(err) || !strings.Contains(strings.ToLower(err.Error()), "subscription") {
		return nil
	}
	c.seen = err
	return withCure(err)
}
