package history

// Follow has a peer follow a history: from its end on, or from where claim says, if
// all since then is kept. The peer is told where that is, gets what is missing, and
// then what is new; if an Engine keeps the messages, as soon as it has said what there
// is. claim is asked by the id of the history, and not if the peer follows it already:
// then nothing happens.
//
// enter makes the peer one of those to whom the history is pushed, unless it is nil:
// it is one already. The lock of the history is held, so nothing comes in between
// that it would get twice. The caller must hold a lock under which the peer enters
// and leaves.
func (t *Tails[P]) Follow(p P, k Key, claim func(id string) Claim, enter func()) {
	x := t.hold(k)
	x.mu.Lock()
	defer x.mu.Unlock()
	if enter != nil {
		enter()
	}
	if _, is := x.followers[p]; is {
		t.release(x)
		return
	}
	if t.remote != nil {
		t.followRemote(x, p, claim)
		return
	}
	t.start(t.followOwn(x, p, claim))
}

// followOwn makes a follower of a peer where the Store keeps the messages, and returns
// what has it catch up. The caller holds the tail's lock.
func (t *Tails[P]) followOwn(x *tail[P], p P, claim func(id string) Claim) *chase[P] {
	k := x.key
	var end Position
	if len(x.followers) == 0 {
		x.id, end = t.store.Pin(k)
	} else {
		end = t.store.End(k)
	}
	c := &chase[P]{peer: p, of: x, at: end}
	w := Word{ID: x.id, At: end}
	if claimed := claim(x.id); claimed.Made {
		w.Claimed = true
		if at, ok := ParsePosition(claimed.At); ok && t.store.Read(k, at, 0).Complete {
			w.Recovered, w.At, c.at = true, at, at
		}
		if w.Recovered {
			t.recovered.Add(1)
		} else {
			t.unrecovered.Add(1)
		}
	}
	c.word = t.words(w)
	t.put(x, p, place[P]{c.at.Offset, c})
	return c
}

// start hands out what is at hand, and has the peer catch up with the rest. The caller
// holds the tail's lock.
func (t *Tails[P]) start(c *chase[P]) {
	if t.isBehind(c.peer) { // what it waits with now may be of this history, from before it left
		t.pursue(c)
		return
	}
	if to := t.advance(c); to != atEnd && to != atGone {
		t.pursue(c)
	}
}

// isBehind reports whether a peer catches up somewhere.
func (t *Tails[P]) isBehind(p P) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.chasers[p] != nil
}

// Leave ends all that a peer follows of a room or user. The caller must hold the lock
// that it held at Follow.
func (t *Tails[P]) Leave(p P, user bool, name string) {
	for _, l := range t.declared() {
		if x := t.find(Key{l, user, name}); x != nil {
			t.leave(p, x)
			t.release(x)
		}
	}
}

// leave ends that a peer follows a history, if it does.
func (t *Tails[P]) leave(p P, x *tail[P]) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if _, is := x.followers[p]; !is {
		return
	}
	switch empty := t.take(x, p); {
	case !empty:
	case t.remote != nil:
		t.lingers(x)
	default:
		t.store.Unpin(x.key)
	}
	t.release(x) // which Follow has held
}
