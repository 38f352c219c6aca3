package presence

import "time"

// Room is who is present in a room, as this node knows it.
type Room struct {
	o  *Options
	up bool // the link to the others works

	people    map[string]*person
	changed   map[string]bool // keys, and whether those who watch may know of them
	lingering []lapse         // in order
	many      bool            // only the number was told last
	newcomers bool            // some were told another number since then, or have no list
	count     int             // which was told last
	tellAt    time.Duration   // not before

	mine     map[uint64]*entry
	version  uint64              // what was told last of mine
	unsent   map[uint64]struct{} // connections of which something is not told
	whole    bool                // all of mine is to be told, not unsent
	pending  bool                // something is
	sendAt   time.Duration       // not before
	digestAt time.Duration
	answers  []answer

	parts map[uint64]*part // by node
	askAt time.Duration    // when all others are asked

	out []Message
}

// New returns a Room in which nobody is known of. up says whether the link to other
// nodes works. Until Asks is called they are not asked who is there.
func New(o *Options, up bool, now time.Duration) *Room {
	r := &Room{o: o, up: up, people: make(map[string]*person), mine: make(map[uint64]*entry), askAt: Never, whole: true}
	if !o.Alone {
		r.version = o.Versions.Next() // nobody was told of it, so nobody takes what they know for it
		r.digestAt = now + o.Random(digesting)
	}
	return r
}

// Asks has all others asked who is there, within a time.
func (r *Room) Asks(now, within time.Duration) {
	if within > 0 {
		within = r.o.Random(within)
	}
	r.askAt = min(r.askAt, now+within)
}

// Up says that the link works, and may have lost messages before. All rooms ask, one
// sooner and one later.
func (r *Room) Up(now time.Duration) {
	r.up = true
	r.Asks(now, spread)
	for _, p := range r.parts {
		p.sure = now + sure
	}
}

// Down says that the link does not work. Nobody leaves for that.
func (r *Room) Down() {
	r.up, r.askAt = false, Never
}

// Turn does what is to be done now. It returns what those who watch are told, if there
// is something, and what other nodes are.
func (r *Room) Turn(now time.Duration) (d Delta, told bool, out []Message) {
	r.lapsed(now)
	if r.up {
		r.askParts(now)
	}
	d, told = r.tell(now)
	if r.up {
		if now >= r.sendAt {
			r.publish(now)
		}
		r.answer(now)
		switch {
		case now < r.digestAt:
		case len(r.mine) > 0:
			r.digest(now)
		default:
			r.digestAt = now + digesting
		}
		if r.askAt <= now {
			r.question(now)
		}
	}
	out, r.out = r.out, nil
	return d, told, out
}

// Due returns when Turn has something to do; Never, if nothing happens before.
func (r *Room) Due() time.Duration {
	due := Never
	if len(r.changed) > 0 {
		due = r.tellAt
	}
	if len(r.lingering) > 0 {
		due = min(due, r.lingering[0].at)
	}
	if !r.up {
		return due
	}
	if r.pending {
		due = min(due, r.sendAt)
	}
	if len(r.mine) > 0 {
		due = min(due, r.digestAt)
	}
	for _, a := range r.answers {
		due = min(due, a.at)
	}
	for _, p := range r.parts {
		if due = min(due, p.askAt); p.askAt == Never && len(p.entries) > 0 {
			due = min(due, p.sure) // who is being asked is asked again at askAt
		}
	}
	return min(due, r.askAt)
}

// Close returns what others are told last, when nobody is here any more. The Room is
// not used again.
func (r *Room) Close(now time.Duration) []Message {
	r.publish(now)
	return r.out
}
