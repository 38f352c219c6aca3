package history

import "sync"

// chase is a follower that is behind in one history, and how far it has got. It is
// used by one goroutine at a time: under the tail's lock, or while that waits for the
// peer, by its chaser.
type chase[P Peer] struct {
	peer P
	of   *tail[P]
	at   Position
	word []byte // what the peer is to be told first; nil: nothing
	next *Entry // what it had no room for, or what has to be asked about

	remote *remoteChase // nil: the Store keeps the messages
}

// chaser has one peer catch up with all histories in which it is behind, one after
// the other: they all have to fit into one outbox.
type chaser[P Peer] struct {
	queue []*chase[P] // guarded by Tails.mu
	runs  bool        // guarded by Tails.mu; a goroutine does it
}

// pursue has a peer catch up, when it is there. Locks of tails may be held.
func (t *Tails[P]) pursue(c *chase[P]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.chasers[c.peer]
	if r == nil {
		r = new(chaser[P])
		t.chasers[c.peer] = r
		t.catchUps.Add(1)
	}
	r.queue = append(r.queue, c)
	t.begin(c.peer, r)
}

// next returns the chase whose turn it is; nil if there is none, and the chaser is done
// with.
func (t *Tails[P]) next(p P, r *chaser[P]) *chase[P] {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(r.queue) == 0 {
		delete(t.chasers, p)
		return nil
	}
	c := r.queue[0]
	r.queue[0] = nil
	r.queue = r.queue[1:]
	return c
}

// run has a peer catch up until it is at the end of all that it follows.
func (t *Tails[P]) run(p P, r *chaser[P]) {
	for c := t.next(p, r); c != nil; c = t.next(p, r) {
		if t.turn(c) {
			t.pursue(c)
		}
	}
}

// turn takes a chase a few steps further, and reports whether it goes on.
func (t *Tails[P]) turn(c *chase[P]) (more bool) {
	c.of.mu.Lock()
	if c.of.followers[c.peer].chase != c { // it has left, and may have come back
		c.of.mu.Unlock()
		return false
	}
	to := t.advance(c)
	c.of.mu.Unlock()
	switch to {
	case atEnd, atGone:
		return false
	case atFull:
		return t.wait(c)
	case atRead:
		return t.fetch(c)
	case atRest:
		return t.rest(c)
	}
	return true
}

// wait waits until the peer has taken what it had no room for, if it is to get that.
// It returns false if the peer is gone.
func (t *Tails[P]) wait(c *chase[P]) bool {
	if c.word != nil {
		if !c.peer.WaitSay(c.word) {
			return false
		}
		c.word = nil
		return true
	}
	e := c.next
	c.next = nil
	if e.Frame != nil && c.peer.Gets(e.Except) && !t.elsewhere(c.peer, e.Copies) && !c.peer.Wait(e.Frame) {
		return false
	}
	c.at.Offset = e.Offset
	return true
}

// elsewhere reports whether a peer gets the same push as a message of another
// history, or has got it there.
func (t *Tails[P]) elsewhere(p P, copies []Copy) bool {
	for _, c := range copies {
		x := t.find(c.Key)
		if x == nil {
			continue
		}
		at, epoch, follows := t.placeOf(x, p)
		t.release(x)
		if follows && epoch == c.At.Epoch && at.from < c.At.Offset {
			return true
		}
	}
	return false
}

// reached says how far advance has got.
type reached uint8

const (
	atEnd   reached = iota // of the history: the peer hears what is new from now on
	atGone                 // the peer is
	atFull                 // the peer has no room for next, or for word; or others have to be asked about next
	atPause                // others want the lock
	atRead                 // the engine has to be read
	atRest                 // the engine has to be asked again, a moment later
)

// burst is how many messages are handed out under one lock at most.
const burst = 128

// bursts has the memory for one: thousands may come back at once.
var bursts = sync.Pool{New: func() any { return new([burst]*Entry) }}

// advance hands out what a follower lacks, as far as there is room. The caller holds
// the tail's lock: who gets to the end is live then, and nothing was pushed meanwhile.
func (t *Tails[P]) advance(c *chase[P]) reached {
	if t.remote != nil {
		return t.advanceRemote(c)
	}
	x := c.of
	if to := c.say(); to != atEnd {
		return to
	}
	b := bursts.Get().(*[burst]*Entry)
	defer func() {
		clear(b[:]) // it must not keep messages alive
		bursts.Put(b)
	}()
	page := t.store.readTo(b[:0], x.key, c.at, burst)
	if !page.Complete {
		c.at = Position{page.Epoch, page.Top}
		t.put(x, c.peer, place[P]{page.Top, c})
		c.word = t.words(Word{ID: x.id, At: c.at, Lost: true})
		t.lost.Add(1)
		return atPause
	}
	if to := c.hand(page.Entries); to != atEnd {
		return to
	}
	if c.at.Offset != page.Top {
		return atPause
	}
	t.put(x, c.peer, place[P]{x.followers[c.peer].from, nil})
	return atEnd
}

// say tells the peer what it is to be told first. atEnd says that it was.
func (c *chase[P]) say() reached {
	if c.word == nil {
		return atEnd
	}
	switch c.peer.Say(c.word) {
	case Full:
		return atFull
	case Gone:
		return atGone
	}
	c.word = nil
	return atEnd
}

// hand hands out messages, as far as there is room. atEnd says that all of them were.
func (c *chase[P]) hand(entries []*Entry) reached {
	for len(entries) > 0 {
		e := entries[0]
		switch {
		case len(e.Copies) > 0: // which takes other locks
			c.next = e
			return atFull
		case !c.gets(e):
			c.at.Offset, entries = e.Offset, entries[1:]
			continue
		}
		n := c.run(entries)
		taken, v := c.peer.Offer(entries[:n])
		if taken > 0 {
			c.at.Offset = entries[taken-1].Offset
		}
		switch v {
		case Full:
			c.next = entries[taken]
			return atFull
		case Gone:
			return atGone
		}
		entries = entries[n:]
	}
	return atEnd
}

// run returns how many messages at the front the peer gets without further ado. The
// first is one of them.
func (c *chase[P]) run(entries []*Entry) int {
	n := 1
	for n < len(entries) && len(entries[n].Copies) == 0 && c.gets(entries[n]) {
		n++
	}
	return n
}

// gets reports whether there is a message that the peer gets.
func (c *chase[P]) gets(e *Entry) bool { return e.Frame != nil && c.peer.Gets(e.Except) }
