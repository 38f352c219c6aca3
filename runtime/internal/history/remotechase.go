package history

import (
	"math"
	"time"
)

// remoteChase is what a chase has besides, if an engine keeps the messages.
type remoteChase struct {
	claim  Claim    // what the peer has said
	joins  bool     // it is not told yet what becomes of that
	found  *Page    // read, and not looked at yet
	page   []*Entry // read, and not all handed out yet
	ahead  since    // the peer seems to be ahead of this node
	stuck  since    // the engine seems not to have what this node has delivered
	paused time.Duration
}

// followRemote is Follow for a peer that does not follow yet. The caller holds x.mu.
func (t *Tails[P]) followRemote(x *tail[P], p P, claim func(id string) Claim) {
	if x.remote == nil {
		t.open(x)
	}
	r := x.remote
	c := &chase[P]{peer: p, of: x, remote: &remoteChase{claim: claim(x.id)}}
	from := uint64(math.MaxUint64) // nobody knows where it begins before the tail is open
	if at, ok := ParsePosition(c.remote.claim.At); ok {
		c.at, from = at, at.Offset
	}
	t.put(x, p, place[P]{from, c})
	switch {
	case r.epoch == "":
		t.look(x, r.channel)
		return
	case r.reading: // perhaps nobody has read since the last one left
		t.read(x)
	}
	t.locate(c)
	t.start(c)
}

// locate decides where a follower begins: at the end, or where it says that it is. The
// caller holds the tail's lock, and the tail is open.
func (t *Tails[P]) locate(c *chase[P]) {
	x, r := c.of, c.of.remote
	claimed := c.remote.claim
	at, ok := ParsePosition(claimed.At)
	switch {
	case !claimed.Made:
		c.at = Position{r.epoch, r.last}
		c.word = t.words(Word{ID: x.id, At: c.at})
	case ok && at.Epoch == r.epoch: // what it is told is seen when that is read
		c.at, c.remote.joins = at, true
	default:
		c.remote.joins = true
		t.lose(c)
		return
	}
	t.put(x, c.peer, place[P]{c.at.Offset, c})
}

// lose has a follower go on at the end, and be told that something is missing. The
// caller holds the tail's lock.
func (t *Tails[P]) lose(c *chase[P]) {
	x, r, h := c.of, c.of.remote, c.remote
	c.at, c.next = Position{r.epoch, r.last}, nil
	w := Word{ID: x.id, At: c.at}
	if h.joins {
		w.Claimed = true
		t.unrecovered.Add(1)
	} else {
		w.Lost = true
		t.lost.Add(1)
	}
	c.word = t.words(w)
	*h = remoteChase{}
	t.put(x, c.peer, place[P]{c.at.Offset, c})
}

// recover notes that nothing is missing of what came behind the claim of a follower.
func (t *Tails[P]) recover(c *chase[P]) {
	c.remote.joins = false
	c.word = t.words(Word{ID: c.of.id, At: c.at, Claimed: true, Recovered: true})
	t.recovered.Add(1)
}

// doubtFor is how long a peer may be ahead of this node, since another one has told it
// more, or the engine behind it, since a replica lags. Then it has said what never was,
// or the engine has lost something.
const doubtFor = 2 * time.Second

// since is when something began; zero: it is not so.
type since time.Time

// tooLong notes that something is so, and reports whether it is for too long.
func (s *since) tooLong() bool {
	if time.Time(*s).IsZero() {
		*s = since(time.Now())
	}
	return time.Since(time.Time(*s)) > doubtFor
}

// advanceRemote is advance for a tail whose messages an engine keeps.
func (t *Tails[P]) advanceRemote(c *chase[P]) reached {
	x, r, h := c.of, c.of.remote, c.remote
	if found := h.found; found != nil {
		if h.found = nil; !t.consider(c, found) {
			return atRest
		}
	}
	for handed := 0; ; {
		if to := c.say(); to != atEnd {
			return to
		}
		switch {
		case c.at.Epoch != r.epoch:
			t.lose(c)
			continue
		case c.at.Offset > r.last:
			if h.ahead.tooLong() && !r.reading {
				t.lose(c)
				continue
			}
			t.read(x)
			return atRest
		case handed >= burst:
			return atPause
		}
		h.ahead = since{}
		entries, ok := t.atHand(c)
		switch {
		case !ok:
			return atRead
		case h.joins:
			t.recover(c)
			continue
		case len(entries) == 0:
			t.put(x, c.peer, place[P]{x.followers[c.peer].from, nil})
			return atEnd
		}
		h.paused, handed = 0, handed+len(entries)
		if to := c.hand(entries); to != atEnd {
			return to
		}
	}
}

// atHand returns what a follower lacks, as far as it was read or is remembered; false
// if that has to be read.
func (t *Tails[P]) atHand(c *chase[P]) (entries []*Entry, ok bool) {
	h, r := c.remote, c.of.remote
	for len(h.page) > 0 && h.page[0].Offset <= c.at.Offset {
		h.page = h.page[1:]
	}
	switch {
	case len(h.page) > 0:
		return h.page, true
	case c.at.Offset >= r.quiet:
		h.page = nil
		return nil, true
	}
	return t.remote.recents.after(&r.recent, c.at.Offset, burst)
}

// consider looks at what was read for a follower. It reports whether that leads on; if
// not the engine has to be asked again a moment later.
func (t *Tails[P]) consider(c *chase[P], found *Page) bool {
	r := c.of.remote
	switch {
	case c.at.Epoch != r.epoch: // which the follower is told in any case
	case found.Epoch != r.epoch: // the tail has to find out first
		t.read(c.of)
		return false
	case !found.Complete:
		t.lose(c)
	case len(found.Entries) > 0:
		c.remote.page, c.remote.stuck = found.Entries, since{}
		r.known = max(r.known, found.Entries[len(found.Entries)-1].Offset)
	case c.at.Offset >= r.quiet:
	case c.at.Offset < found.Top && !(r.heard && r.quiet <= found.Top): // nothing is missing up to there
		if c.remote.joins {
			t.recover(c)
		}
		c.at.Offset, c.remote.stuck = min(found.Top, r.last), since{}
	case !c.remote.stuck.tooLong(): // a replica does not know it yet
		return false
	default:
		t.lose(c)
	}
	return true
}

// fetch reads what a follower lacks. It returns false after Close. No lock is held.
func (t *Tails[P]) fetch(c *chase[P]) bool {
	page, err := t.remote.page(c.of.key, c.at)
	if err != nil {
		return t.rest(c)
	}
	c.remote.found = page
	return true
}

// rest has a follower wait, longer each time, until something was read. It returns
// false after Close. No lock is held.
func (t *Tails[P]) rest(c *chase[P]) bool {
	h := c.remote
	h.paused = min(max(2*h.paused, shortPause), longPause)
	return t.remote.pause(h.paused)
}
