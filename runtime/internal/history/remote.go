package history

import (
	"math/rand/v2"
	"slices"
	"time"
)

// remote is the part of a tail whose messages an engine keeps. It is guarded by
// tail.mu; epoch also by remotes.index.
//
// A message follows on the last one if what was kept before it is not behind the last
// one. So a gap is seen, whatever numbers an engine gives.
type remote[P Peer] struct {
	channel string
	epoch   string // "" before the tail is open: its end is not known yet
	last    uint64 // the end, if nothing is missing: nothing up to here will be delivered any more
	quiet   uint64 // nothing was kept behind this offset, up to last
	heard   bool   // a message was delivered there
	known   uint64 // an offset that there is, as the engine has said; a replica may not have it yet

	reading bool      // something is missing, or may be: what comes is held
	running bool      // a goroutine reads that
	held    []Arrival // what has come meanwhile, in order
	size    int       // bytes of held
	again   bool      // there was too much of it: it has to be read, too

	shuts  time.Time // when it may be shut, if nobody follows by then
	idle   bool      // it is in watch.idle
	recent recent
}

// What is held at most. It has to be read if there is more.
const (
	maxHeld      = 64
	maxHeldBytes = 1 << 20
)

// Arrived takes a message from the engine. Those of one channel must come one at a
// time. It does not wait for the engine or for a peer.
func (t *Tails[P]) Arrived(k Key, a Arrival) {
	x := t.hold(k)
	defer t.release(x)
	var after chores
	defer after.do()
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.remote
	switch {
	case r == nil: // nobody follows: who is there gets it as it comes
		after.add(t.remote.o.Deliver(k, a, Followers[P]{t, x}))
	case r.reading:
		r.hold(a)
	case !t.accept(x, a, &after):
		t.read(x)
		r.hold(a)
	}
}

// chores are what is to be done when a lock is not held any more.
type chores []func()

func (c *chores) add(f func()) {
	if f != nil {
		*c = append(*c, f)
	}
}

func (c *chores) do() {
	for _, f := range *c {
		f()
	}
}

// hold keeps a message until what is missing before it is there.
func (r *remote[P]) hold(a Arrival) {
	if len(r.held) >= maxHeld || r.size+len(a.Entry.Frame) > maxHeldBytes {
		r.let(len(r.held))
		r.again = true
	}
	r.held = append(r.held, a)
	r.size += len(a.Entry.Frame)
}

// let lets go of the first n that are held.
func (r *remote[P]) let(n int) {
	for _, a := range r.held[:n] {
		r.size -= len(a.Entry.Frame)
	}
	if r.held = slices.Delete(r.held, 0, n); len(r.held) == 0 {
		r.held = nil // a burst's memory goes with the burst
	}
}

// letOthers lets go of what is of another epoch.
func (r *remote[P]) letOthers() {
	r.held = slices.DeleteFunc(r.held, func(a Arrival) bool {
		other := a.Epoch != r.epoch
		if other {
			r.size -= len(a.Entry.Frame)
		}
		return other
	})
}

// accept delivers a message that follows on the last one. It reports whether that was
// so, or the message was known. The caller holds x.mu, and does what it adds to after
// when it does not any more.
func (t *Tails[P]) accept(x *tail[P], a Arrival, after *chores) bool {
	r := x.remote
	switch {
	case a.Epoch != r.epoch:
		return false
	case a.Entry.Offset <= r.last:
		return true
	case a.Entry.Prev > r.last:
		return false
	}
	// What lay in between is lost if it was kept: followers have it nevertheless, so to
	// them this one comes behind that.
	a.Entry.Prev = r.quiet
	r.last, r.quiet, r.heard = a.Entry.Offset, a.Entry.Offset, true
	t.remote.recents.add(&r.recent, a.Entry)
	if a.Entry.Frame != nil {
		after.add(t.remote.o.Deliver(x.key, a, Followers[P]{t, x}))
	}
	return true
}

// open begins to hear a history that is followed now. The caller holds x.mu.
func (t *Tails[P]) open(x *tail[P]) {
	r := &remote[P]{channel: t.remote.engine.Channel(x.key), reading: true}
	x.id = x.key.ID()
	t.enter(x, r)
	t.keep(x) // until shut
	if !t.remote.engine.Want(r.channel, func(bool) { t.look(x, r.channel) }) {
		t.look(x, r.channel)
	}
}

// enter makes r the tail's part. The caller holds x.mu.
func (t *Tails[P]) enter(x *tail[P], r *remote[P]) {
	t.remote.index.Lock()
	defer t.remote.index.Unlock()
	x.remote = r
}

// begins says in which epoch the tail is, and where. The caller holds x.mu.
func (t *Tails[P]) begins(x *tail[P], at Position) {
	t.remote.index.Lock()
	defer t.remote.index.Unlock()
	r := x.remote
	r.epoch, r.last, r.known = at.Epoch, at.Offset, 0
	r.quiet, r.heard = at.Offset, false
}

// shut ends to hear a history that nobody has followed for a while. While it is read
// it waits for another time.
func (t *Tails[P]) shut(x *tail[P]) {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.remote
	if r == nil {
		return
	}
	switch r.idle = false; {
	case len(x.followers) > 0:
		return
	case time.Until(r.shuts) > 0: // it was followed again, for a while
		t.idles(x)
		return
	case r.running:
		t.lingers(x)
		return
	}
	t.remote.recents.forget(&r.recent)
	t.remote.engine.Drop(r.channel)
	t.enter(x, nil)
	t.release(x)
}

// ended takes the end of a history, as the engine says it.
func (t *Tails[P]) ended(x *tail[P], at Position) {
	var after chores
	defer after.do()
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.remote
	switch {
	case r == nil: // shut meanwhile
	case r.epoch == "":
		t.begins(x, at)
		t.settled(x, Found{Epoch: at.Epoch, Top: at.Offset, Complete: true}, &after)
		for _, place := range x.followers { // all wait for this
			t.locate(place.chase)
			t.start(place.chase)
		}
	case at.Epoch != r.epoch:
		t.read(x)
	case at.Offset > r.last:
		r.known = max(r.known, at.Offset)
		t.read(x)
	}
}

// settled is settle, and reads on if that was not all. The caller holds x.mu.
func (t *Tails[P]) settled(x *tail[P], found Found, after *chores) {
	if !t.settle(x, found, after) {
		t.read(x)
	}
}

// settle takes what was read behind the last message, and then what has come
// meanwhile. It reports whether nothing is missing any more. The caller holds x.mu.
func (t *Tails[P]) settle(x *tail[P], found Found, after *chores) bool {
	r := x.remote
	if found.Epoch != r.epoch || !found.Complete {
		t.reset(x, Position{found.Epoch, found.Top})
	} else {
		for _, a := range found.Arrivals {
			t.accept(x, a, after)
		}
		if len(found.Arrivals) == 0 { // nodes can tell how far a silent history is by nothing else
			r.last = max(r.last, found.Top)
		}
		if found.Top > r.last {
			return false // there are more pages
		}
	}
	for i, a := range r.held {
		if !t.accept(x, a, after) {
			r.let(i)
			return false
		}
	}
	r.let(len(r.held))
	if r.again || r.last < r.known {
		r.again = false
		return false
	}
	r.reading = false
	return true
}

// reset has a tail go on behind a gap: the engine has lost what it had, or this node
// has missed more than is kept. All who were at the end are told so; who is behind
// finds out. The caller holds x.mu.
func (t *Tails[P]) reset(x *tail[P], at Position) {
	r := x.remote
	if at.Epoch == r.epoch {
		at.Offset = max(at.Offset, r.last)
	}
	t.begins(x, at)
	t.remote.recents.forget(&r.recent)
	r.letOthers()
	t.resets.Add(1)
	var told []*chase[P]
	for p, place := range x.followers {
		if place.chase == nil {
			told = append(told, &chase[P]{peer: p, of: x, remote: new(remoteChase)})
		}
	}
	for _, c := range told {
		t.lose(c)
		t.start(c)
	}
}

// maxTries is how often a tail is read without getting on until what it waits for is
// given up: it is of an epoch that is over, or the engine has lost it.
const maxTries = 8

// Pauses after a read that has brought nothing, at first and at most; it doubles.
const (
	shortPause = 5 * time.Millisecond
	longPause  = time.Second
)

// read has a goroutine read what the tail lacks, and what comes be held meanwhile. The
// caller holds x.mu.
func (t *Tails[P]) read(x *tail[P]) {
	r := x.remote
	if r.reading = true; r.running {
		return
	}
	r.running = true
	t.keep(x)
	go t.catchUp(x)
}

// catchUp reads until nothing is missing.
func (t *Tails[P]) catchUp(x *tail[P]) {
	defer t.release(x)
	pause := shortPause
	for tries := 0; ; tries++ {
		more, moved := t.readOn(x, tries)
		if !more {
			return
		}
		if moved {
			tries, pause = 0, shortPause
			continue
		}
		if !t.remote.pause(pause) {
			return // closed
		}
		pause = min(2*pause, longPause)
	}
}

// tailPage is how many messages a tail reads at once.
const tailPage = 256

// readOn reads a page. It reports whether there is more to read, and whether this one
// has led on.
func (t *Tails[P]) readOn(x *tail[P], tries int) (more, moved bool) {
	before := x.end()
	found, err := t.readTail(x.key, before)
	for err == nil && found.Complete && len(found.Arrivals) > atOnce {
		t.acceptSome(x, &found)
	}
	var after chores
	defer after.do()
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.remote
	switch {
	case err == nil && t.settle(x, found, &after):
		r.running = false
		return false, true
	case len(x.followers) == 0 && err != nil: // who follows next begins again
		r.running = false
		return false, false
	}
	if tries >= maxTries {
		r.letOthers()
		r.known = 0
	}
	silent := found.Complete && len(found.Arrivals) == 0 // so who has answered may lag
	return true, !silent && before != Position{r.epoch, r.last}
}

// atOnce is how many messages that were read are delivered under one lock, which those
// wait for that bring what is new.
const atOnce = 16

// acceptSome accepts the first messages that were read.
func (t *Tails[P]) acceptSome(x *tail[P], found *Found) {
	var after chores
	defer after.do()
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, a := range found.Arrivals[:atOnce] {
		t.accept(x, a, &after)
	}
	found.Arrivals = found.Arrivals[atOnce:]
}

// end returns where the tail is.
func (x *tail[P]) end() Position {
	x.mu.Lock()
	defer x.mu.Unlock()
	return Position{x.remote.epoch, x.remote.last}
}

// readTail reads a page for a tail, when it is its turn.
func (t *Tails[P]) readTail(k Key, after Position) (Found, error) {
	r := t.remote
	select {
	case r.reads <- struct{}{}:
		defer func() { <-r.reads }()
	case <-r.ctx.Done():
		return Found{}, r.ctx.Err()
	}
	return r.find(k, after, tailPage)
}

// jitter returns about d, at most a quarter more or less.
func jitter(d time.Duration) time.Duration {
	return d*3/4 + rand.N(d/2+1)
}
