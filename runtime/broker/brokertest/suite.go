package brokertest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
)

// suite is one check at work: its engine, its cluster, and its nodes.
type suite struct {
	*testing.T
	engine Engine
	name   string // of the cluster
	ctx    context.Context

	mu      sync.Mutex
	changed chan struct{} // guarded by mu; closed when any node hears something
	nodes   []*node
	given   map[place]string // guarded by mu; where messages are kept
	works   int              // calls of work
	tidies  bool             // the engine is emptied at the end
}

// place is a position in a channel. Logs differ by their epochs.
type place struct {
	channel string
	at      broker.Position
}

// node is a Link with a Receiver that remembers what it hears.
type node struct {
	*suite
	number int
	link   broker.Link

	heard  map[string][]message     // guarded by mu; by channel
	said   []bool                   // guarded by mu; Up and Down
	lost   int                      // guarded by mu
	busy   map[string]bool          // guarded by mu; channels that are being delivered
	saying bool                     // guarded by mu; Up or Down runs
	closed bool                     // guarded by mu; Close has returned nil
	stuck  map[string]chan struct{} // guarded by mu; Deliver of these channels waits for that
}

// message is what was heard: as it was, the memory that it came in, and where it is
// kept, if it is.
type message struct {
	text string
	data []byte
	at   broker.Position
	prev uint64
}

func newSuite(t *testing.T, engine Engine) *suite {
	if engine.Patience <= 0 {
		engine.Patience = 20 * time.Second
	}
	s := &suite{
		T: t, engine: engine, name: newName(), ctx: t.Context(),
		changed: make(chan struct{}), given: make(map[place]string),
	}
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for _, n := range s.nodes {
			n.shut()
			n.checkData()
		}
		if s.tidies {
			engine.Empty()
		}
		s.noneLeft(before)
	})
	return s
}

// newName returns a name for a cluster that nobody has used.
func newName() string { return fmt.Sprintf("t-%016x", rand.Uint64()) }

// open adds a node, and waits until it is up.
func (s *suite) open() *node {
	s.Helper()
	n := s.openAs(s.name)
	n.isUp()
	return n
}

// openAs adds a node to the cluster of a name.
func (s *suite) openAs(name string) *node {
	s.Helper()
	n := &node{
		suite: s, number: len(s.nodes),
		heard: make(map[string][]message), busy: make(map[string]bool), stuck: make(map[string]chan struct{}),
	}
	s.nodes = append(s.nodes, n)
	link, err := s.engine.Broker(n.number).Open(name, n)
	if err != nil {
		s.Fatalf("Open: %v", err)
	}
	n.link = link
	return n
}

// happens notes that something was heard. The caller holds mu.
func (s *suite) happens() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// until waits for a condition, which is asked with mu held.
func (s *suite) until(what string, is func() bool) {
	s.Helper()
	limit := time.After(s.engine.Patience)
	for {
		s.mu.Lock()
		ok, changed := is(), s.changed
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-limit:
			s.Fatalf("in %v this has not come: %s", s.engine.Patience, what)
		}
	}
}

// soon fails if f does not return within Patience, divided by 4: it is for what
// must not wait.
func (s *suite) soon(what string, f func()) {
	s.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(s.engine.Patience / 4):
		s.Fatalf("this waits: %s", what)
	}
}

// busily does something again and again beside the check, until stop is called
// or the check ends. Each call of f gets its number.
func (s *suite) busily(f func(i int)) (stop func()) {
	done := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
				f(i)
			}
		}
	})
	stop = sync.OnceFunc(func() {
		close(done)
		work.Wait()
	})
	s.Cleanup(stop)
	return stop
}

// ahead is how many messages a load may be ahead of a node that hears it.
const ahead = 256

// flood publishes counted messages to a channel beside the check, until stop is
// called or the check ends: as fast as the node pace hears them. Without that an
// engine queues whatever is faster than its subscribers, and each call that waits
// for the engine waits behind all of it.
func (s *suite) flood(from, pace *node, channel string) (stop func()) {
	pace.subscribe(channel)
	return s.busily(func(i int) {
		_, _ = from.link.Publish(s.ctx, []broker.Outgoing{{Channel: channel, Data: []byte(counted(0, i))}})
		limit := time.After(s.engine.Patience / 20) // some may be lost
		for {
			s.mu.Lock()
			behind, changed := i-len(pace.heard[channel])-pace.lost, s.changed
			s.mu.Unlock()
			if behind < ahead {
				return
			}
			select {
			case <-changed:
			case <-limit:
				return
			}
		}
	})
}

// noneLeft waits until there are not more goroutines than before.
func (s *suite) noneLeft(before int) {
	limit := time.After(s.engine.Patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for runtime.NumGoroutine() > before {
		select {
		case <-tick.C:
		case <-limit:
			stacks := make([]byte, 1<<20)
			s.Errorf("%d goroutines, and %d before the first Link:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
			return
		}
	}
}

// ---- a node's Receiver

// Up implements broker.Receiver.
func (n *node) Up() { n.says(true) }

// Down implements broker.Receiver.
func (n *node) Down(cause error) {
	if cause == nil {
		n.Errorf("node %d: Down without a cause", n.number)
	}
	n.says(false)
}

func (n *node) says(up bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.notClosed("Up or Down")
	if n.saying {
		n.Errorf("node %d: Up and Down run at once", n.number)
	}
	if last := len(n.said) - 1; last >= 0 && n.said[last] == up {
		n.Errorf("node %d: Up and Down do not alternate: %v twice", n.number, up)
	}
	n.said = append(n.said, up)
	n.saying = true
	n.mu.Unlock()
	runtime.Gosched()
	n.mu.Lock()
	n.saying = false
	n.happens()
}

// Deliver implements broker.Receiver.
func (n *node) Deliver(d broker.Delivery) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.notClosed("Deliver")
	if n.busy[d.Channel] {
		n.Errorf("node %d: messages of one channel come at once: %s", n.number, d.Channel)
	}
	n.busy[d.Channel] = true
	n.heard[d.Channel] = append(n.heard[d.Channel], message{string(d.Data), d.Data, d.At, d.Prev})
	n.isGiven(d.Channel, d.At, string(d.Data))
	stuck := n.stuck[d.Channel]
	n.happens()
	n.mu.Unlock()
	runtime.Gosched()
	if stuck != nil {
		<-stuck
	}
	n.mu.Lock()
	n.busy[d.Channel] = false
}

// Lost implements broker.Receiver.
func (n *node) Lost(lost int, _ ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.notClosed("Lost")
	if lost < 1 {
		n.Errorf("node %d: Lost(%d)", n.number, lost)
	}
	n.lost += lost
	n.happens()
}

// notClosed complains about a call after Close. The caller holds mu.
func (n *node) notClosed(what string) {
	if n.closed {
		n.Errorf("node %d: %s is called after Close", n.number, what)
	}
}

// ---- what checks do with a node

func (n *node) isUp() {
	n.Helper()
	n.until(fmt.Sprintf("Up of node %d", n.number), n.knowsUp)
}

func (n *node) isDown() {
	n.Helper()
	n.until(fmt.Sprintf("Down of node %d", n.number), func() bool { return len(n.said) > 0 && !n.knowsUp() })
}

// knowsUp reports whether the last word was Up. The caller holds mu.
func (n *node) knowsUp() bool { return len(n.said) > 0 && n.said[len(n.said)-1] }

// subscribe subscribes, in batches, and fails if that fails.
func (n *node) subscribe(channels ...string) {
	n.Helper()
	for len(channels) > 0 {
		batch := channels[:min(len(channels), broker.MaxBatch)]
		channels = channels[len(batch):]
		if err := n.link.Subscribe(n.within(), batch); err != nil {
			n.Fatalf("node %d: Subscribe: %v", n.number, err)
		}
	}
}

// publish publishes texts to a channel, and fails if that fails.
func (n *node) publish(channel string, texts ...string) {
	n.Helper()
	for len(texts) > 0 {
		batch := make([]broker.Outgoing, min(len(texts), broker.MaxBatch))
		for i := range batch {
			batch[i] = broker.Outgoing{Channel: channel, Data: []byte(texts[i])}
		}
		texts = texts[len(batch):]
		if sent, err := n.link.Publish(n.within(), batch); err != nil || sent != len(batch) {
			n.Fatalf("node %d: Publish of %d messages: %d, %v", n.number, len(batch), sent, err)
		}
	}
}

// within returns a context that ends with Patience.
func (s *suite) within() context.Context {
	ctx, cancel := context.WithTimeout(s.ctx, s.engine.Patience)
	s.Cleanup(cancel)
	return ctx
}

// hears waits until n has heard a text on a channel.
func (n *node) hears(channel, text string) {
	n.Helper()
	n.until(fmt.Sprintf("%q on %s at node %d", text, channel, n.number), func() bool { return n.times(channel, text) > 0 })
}

// hearsAgain has messages published to n until one arrives: after an outage or a
// flood the first ones may be lost still.
func (n *node) hearsAgain(from *node, channel string, publisher int) {
	n.Helper()
	limit := time.Now().Add(n.engine.Patience)
	for i := 0; ; i++ {
		text := counted(publisher, i)
		from.publish(channel, text)
		wait := time.After(50 * time.Millisecond)
		for waits := true; waits; {
			n.mu.Lock()
			heard, changed := n.times(channel, text) > 0, n.changed
			n.mu.Unlock()
			if heard {
				return
			}
			select {
			case <-changed:
			case <-wait:
				waits = false
			}
		}
		if time.Now().After(limit) {
			n.Fatalf("in %v nothing of %d messages on %s has arrived at node %d", n.engine.Patience, i, channel, n.number)
		}
	}
}

// times returns how often n has heard a text. The caller holds mu.
func (n *node) times(channel, text string) int {
	count := 0
	for _, m := range n.heard[channel] {
		if m.text == text {
			count++
		}
	}
	return count
}

// texts returns what n has heard on a channel.
func (n *node) texts(channel string) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := make([]string, 0, len(n.heard[channel]))
	for _, m := range n.heard[channel] {
		out = append(out, m.text)
	}
	return out
}

// fence has messages go from one node to another, after which what was published
// before would have arrived.
func (n *node) fence(from *node) {
	n.Helper()
	channel := fmt.Sprintf("fence.%d-%d-%d", from.number, n.number, rand.Uint32())
	n.subscribe(channel)
	for i := range 20 {
		text := fmt.Sprint(i)
		from.publish(channel, text)
		n.hears(channel, text)
	}
}

// shut closes the link.
func (n *node) shut() {
	n.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(n.ctx), n.engine.Patience)
	defer cancel()
	if n.link == nil {
		return
	}
	if err := n.link.Close(ctx); err != nil {
		n.Errorf("node %d: Close: %v", n.number, err)
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
}

// checkData complains if the memory of a message has changed.
func (n *node) checkData() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for channel, all := range n.heard {
		for i, m := range all {
			if m.text != string(m.data) {
				n.Errorf("node %d: the memory of message %d on %s has changed since it was delivered", n.number, i, channel)
			}
		}
	}
}
