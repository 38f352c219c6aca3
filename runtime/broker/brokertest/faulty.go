package brokertest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
)

// Why a Link of a FaultyBroker is down, as its Receiver is told.
var (
	errCut    = errors.New("brokertest: the link was cut")
	errBroken = errors.New("brokertest: the link has broken")
	errReset  = errors.New("brokertest: the link was reset, and leads nowhere")
	errPart   = errors.New("brokertest: only a part was sent")
)

// Faults is what a FaultyBroker does to the messages and Links of the Broker
// behind it. All that engines and networks do within the promises of package
// broker can be had, and one thing beyond, Silent. The zero Faults does nothing.
type Faults struct {
	// Seed makes the faults: with the same, the same messages are lost and the
	// same Links break. It depends on the order in which Links were opened, and
	// for each message on its number in its channel at its Link, not on how
	// goroutines run. In a bubble of testing/synctest delays and outages are the
	// same, too.
	Seed uint64

	// Loss is the share of arriving messages that are dropped, and told as Lost.
	Loss float64
	// Silent is the share that are dropped without a word. No engine may do
	// that; recovery is tested so.
	Silent float64
	// Delay is how long each message takes.
	Delay time.Duration
	// Jitter is how much longer than that it takes at most. Messages of one
	// channel keep their order, those of different channels overtake each other.
	Jitter time.Duration
	// Echo gives back to a node what it publishes to a channel that it is
	// subscribed to, as some engines do.
	Echo bool

	// Slow is how long each call of Subscribe, Unsubscribe and Publish takes at
	// most.
	Slow time.Duration
	// Partial is the share of calls of Publish that send only a part of their
	// messages, and say so.
	Partial float64

	// Unsure is the share of the messages of Keep whose outcome nobody learns. Half
	// of them are kept. This and what follows is for a Broker whose Links are
	// Keepers; those of Faulty are Keepers then, too.
	Unsure float64
	// Unread is the share of calls of Declare, Read and Ends that fail.
	Unread float64
	// Stale is the share of calls of Read and Ends that a replica answers which lags:
	// without the newest messages.
	Stale float64

	// Every is how long a Link works until it breaks, on average; zero is for
	// ever. Down is how long it is down then, on average.
	Every, Down time.Duration
}

// Counts is what happened at a FaultyBroker, at all of its Links together.
type Counts struct {
	Arrived   int // messages from the Broker behind it, and echoes
	Delivered int // handed to the Receiver's Intake
	Lost      int // dropped for Loss, or since too many waited, and told
	Silent    int // dropped for Silent
	Missed    int // dropped since the Link was down or hung
	Swallowed int // published to a Link that hung
	Breaks    int // times that a Link broke by itself
	Unsure    int // messages of Keep whose outcome was not told
	Unread    int // calls that have failed for Unread
	Stale     int // calls that were answered for Stale
}

// FaultyBroker is a Broker with faults; Faulty makes one. Give each node one of
// its own around the same Broker to cut nodes off one by one. Its methods are
// safe for concurrent use.
type FaultyBroker struct {
	to     broker.Broker
	faults atomic.Pointer[Faults]

	mu     sync.Mutex
	mode   mode                     // guarded by mu
	opened uint64                   // guarded by mu
	links  map[*faultyLink]struct{} // guarded by mu
	counts Counts                   // guarded by mu
}

// mode is what was done to a FaultyBroker by hand.
type mode uint8

const (
	whole mode = iota
	cut        // the links are down
	hung       // they seem to be up, and nothing passes
)

// Faulty wraps a Broker, so that what stands above it can be tested with faults.
func Faulty(b broker.Broker, f Faults) *FaultyBroker {
	fb := &FaultyBroker{to: b, links: make(map[*faultyLink]struct{})}
	fb.faults.Store(&f)
	return fb
}

// Set changes the faults from now on. What is delayed already stays so, and a
// Link that has broken by itself is up again if no more of them shall break.
func (b *FaultyBroker) Set(f Faults) {
	b.faults.Store(&f)
	b.each(func(l *faultyLink) { l.weatherChanges() })
}

// Cut takes all Links down, until Heal. What is under way to them is gone.
func (b *FaultyBroker) Cut() { b.turn(cut) }

// Hang makes all Links lead nowhere without a word, until Heal, as when packets
// vanish and nothing is closed: what is published is taken and gone, nothing
// arrives, and Subscribe waits. A Link that is Reset meanwhile is down.
func (b *FaultyBroker) Hang() { b.turn(hung) }

// Heal ends Cut and Hang.
func (b *FaultyBroker) Heal() { b.turn(whole) }

// Counts returns what has happened so far.
func (b *FaultyBroker) Counts() Counts {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts
}

// Open opens a Link of the Broker behind b.
func (b *FaultyBroker) Open(name string, r broker.Receiver) (broker.Link, error) {
	b.mu.Lock()
	b.opened++
	l := newFaultyLink(b, r, b.opened)
	l.mode = b.mode
	b.links[l] = struct{}{}
	b.mu.Unlock()
	to, err := b.to.Open(name, l)
	if err != nil {
		_ = l.Close(context.Background())
		return nil, err
	}
	l.opened(to)
	if k, is := to.(broker.Keeper); is {
		return &faultyKeeper{faultyLink: l, keeper: k, ends: make(map[[2]string]broker.Position)}, nil
	}
	return l, nil
}

func (b *FaultyBroker) turn(m mode) {
	b.mu.Lock()
	b.mode = m
	b.mu.Unlock()
	b.each(func(l *faultyLink) { l.turn(m) })
}

func (b *FaultyBroker) each(f func(*faultyLink)) {
	b.mu.Lock()
	all := make([]*faultyLink, 0, len(b.links))
	for l := range b.links {
		all = append(all, l)
	}
	b.mu.Unlock()
	for _, l := range all {
		f(l)
	}
}

func (b *FaultyBroker) count(f func(*Counts)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(&b.counts)
}

func (b *FaultyBroker) forget(l *faultyLink) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.links, l)
}
