package history

import (
	"sync"
	"sync/atomic"
)

// Peer is a connection that may follow histories, and what leads to it. No method may
// call one of Tails.
type Peer interface {
	comparable
	// Offer queues messages that nothing may drop later, one after the other as long
	// as there is room, and never waits. It returns how many it has taken, and the
	// verdict on the next one; Taken if there is none. The lock of the history is
	// held. The slice is the caller's again afterwards.
	Offer(entries []*Entry) (taken int, v Verdict)
	// Wait queues one as soon as there is room. It returns false if there never is.
	Wait(frame []byte) bool
	// Say is Offer for what Tails itself has to say.
	Say(frame []byte) Verdict
	// WaitSay is Wait for that.
	WaitSay(frame []byte) bool
	// Gets reports whether the peer is none of those that are left out.
	Gets(except []uint64) bool
}

// Verdict says what became of a frame that was offered.
type Verdict uint8

// The verdicts.
const (
	Taken Verdict = iota
	Full          // there is no room
	Gone          // there never will be
)

// Word is what a follower is told of a history.
type Word struct {
	ID string
	At Position // what it is told goes on behind that
	// Lost says that messages before At are missing, to who has followed; else the
	// peer follows from now on.
	Lost bool
	// Claimed says that it has said what it had, and Recovered that nothing of what
	// came after that is missing.
	Claimed, Recovered bool
}

// Claim is what a peer says that it has had of a history, as it was told.
type Claim struct {
	Made bool
	At   string
}

// Tails is who follows which histories of a Store. All methods may be called from any
// goroutine. None waits for a peer.
//
// Each history that is followed, or pushed to, has a lock, under which a message gets
// its place and goes to all who follow. A peer that has got as far as the end comes
// among these under the same lock. So between what was kept and what is new there is
// neither a gap nor anything twice, and nothing to merge.
//
// Locks are taken in this order: the caller's, tail.mu, and then Tails.mu, that of the
// Store, or those of peers. If an Engine keeps the messages (KeptBy), remotes.index
// comes behind Tails.mu, and those of watch and recents are taken alone or last. No
// lock is held while an engine is waited for.
type Tails[P Peer] struct {
	store  *Store
	words  func(Word) []byte
	away   func(P) bool // nil: nobody ever is
	remote *remotes[P]  // nil: the Store keeps the messages

	kept, duplicates, catchUps, recovered, unrecovered, lost, resets atomic.Uint64

	mu      sync.Mutex
	logs    []*Log
	by      map[Key]*tail[P]
	chasers map[P]*chaser[P] // of the peers that are behind somewhere
}

// tail is the end of one history, for as long as it is followed or used.
type tail[P Peer] struct {
	key  Key
	uses int // guarded by Tails.mu

	mu        sync.Mutex
	id        string         // guarded by mu; set while it is followed
	followers map[P]place[P] // guarded by mu
	remote    *remote[P]     // guarded by mu; nil: the Store keeps the messages, or nobody follows
}

// place is where a follower is: at the end, unless it has a chase.
type place[P Peer] struct {
	from  uint64    // it has or will get all after this offset, or be told
	chase *chase[P] // nil: it is at the end
}

// NewTails returns the Tails of a Store that nobody follows yet. words makes a frame
// of what followers are told; it may be called under locks.
func NewTails[P Peer](s *Store, words func(Word) []byte) *Tails[P] {
	return &Tails[P]{store: s, words: words, by: make(map[Key]*tail[P]), chasers: make(map[P]*chaser[P])}
}

// Declare returns the Log of a name, which is as the first to declare it said. same
// reports whether that is what l says.
func (t *Tails[P]) Declare(l Log) (of *Log, same bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, of := range t.logs {
		if of.Name == l.Name {
			return of, *of == l
		}
	}
	t.logs = append(t.logs, &l)
	return &l, true
}

// declared returns all Logs.
func (t *Tails[P]) declared() []*Log {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.logs
}

// hold returns the tail of a history, made if need be, until release.
func (t *Tails[P]) hold(k Key) *tail[P] {
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.by[k]
	if x == nil {
		x = &tail[P]{key: k}
		t.by[k] = x
	}
	x.uses++
	return x
}

// keep is hold for a tail that is held.
func (t *Tails[P]) keep(x *tail[P]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	x.uses++
}

// find is hold for a tail that is there; nil if there is none.
func (t *Tails[P]) find(k Key) *tail[P] {
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.by[k]
	if x != nil {
		x.uses++
	}
	return x
}

// release ends hold.
func (t *Tails[P]) release(x *tail[P]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if x.uses--; x.uses == 0 {
		delete(t.by, x.key)
	}
}

// Message is one that is to be kept.
type Message struct {
	Key    string // the same within two minutes: kept and handed out once; "" is none
	Except []uint64
	Copies []Copy
	// Build returns the message's frame, when its place is known.
	Build func(id string, at Position) []byte
}

// Publish keeps a message and calls deliver, which hands it to all who are at the end
// of the history. The lock of the history is held, so deliver must not wait. A
// duplicate of an earlier one is not delivered.
func (t *Tails[P]) Publish(k Key, m Message, deliver func(e *Entry, f Followers[P])) (at Position, duplicate bool) {
	x := t.hold(k)
	defer t.release(x)
	x.mu.Lock()
	defer x.mu.Unlock()
	e, duplicate := t.store.Append(k, m.Key, Entry{Except: m.Except, Copies: m.Copies}, m.Build)
	if duplicate {
		t.duplicates.Add(1)
	} else {
		t.kept.Add(1)
		deliver(e, Followers[P]{t, x})
	}
	return Position{t.store.epoch, e.Offset}, duplicate
}

// Followers are who follows a history, while its lock is held.
type Followers[P Peer] struct {
	all *Tails[P]
	of  *tail[P]
}

// Has reports whether a peer follows, and whether it is behind: then it gets what is
// new in its turn.
func (f Followers[P]) Has(p P) (follows, behind bool) {
	at, follows := f.of.followers[p]
	return follows, at.chase != nil
}

// Behind says that a follower that was at the end had no room for e.
func (f Followers[P]) Behind(p P, e *Entry) {
	c := &chase[P]{peer: p, of: f.of, at: Position{f.all.store.epoch, e.Prev}}
	if f.of.remote != nil {
		c.at.Epoch, c.remote = f.of.remote.epoch, new(remoteChase)
	}
	f.all.put(f.of, p, place[P]{f.of.followers[p].from, c})
	f.all.pursue(c)
}

// Elsewhere reports whether a follower gets the same push, or has got it, in a history
// before this one. It is for messages that an Engine keeps.
func (f Followers[P]) Elsewhere(p P, e *Entry) bool {
	return len(e.Copies) > 0 && f.all.elsewhere(p, e.Copies)
}

// Follows reports whether a peer follows one of other histories. It is for messages
// that an Engine keeps.
func (f Followers[P]) Follows(p P, others []Key) bool {
	for _, k := range others {
		x := f.all.find(k)
		if x == nil {
			continue
		}
		_, _, follows := f.all.placeOf(x, p)
		f.all.release(x)
		if follows {
			return true
		}
	}
	return false
}

// All returns who follows a history.
func (t *Tails[P]) All(k Key) (all []P) {
	x := t.find(k)
	if x == nil {
		return nil
	}
	defer t.release(x)
	x.mu.Lock()
	defer x.mu.Unlock()
	for p := range x.followers {
		all = append(all, p)
	}
	return all
}

// Stats are what Tails has counted, and what its Store has now.
type Stats struct {
	Numbers

	Kept, Duplicates, CatchUps, Recovered, Unrecovered, Lost uint64
	// Resets is how often a history that is followed here went on behind a gap, since
	// the engine had lost it, or since more was missed than is kept.
	Resets uint64
}

// Stats returns the numbers.
func (t *Tails[P]) Stats() Stats {
	return Stats{
		Numbers: t.numbers(), Resets: t.resets.Load(),
		Kept: t.kept.Load(), Duplicates: t.duplicates.Load(), CatchUps: t.catchUps.Load(),
		Recovered: t.recovered.Load(), Unrecovered: t.unrecovered.Load(), Lost: t.lost.Load(),
	}
}

// numbers are what the Store has, or what is remembered of what an Engine keeps.
func (t *Tails[P]) numbers() (n Numbers) {
	if t.remote == nil {
		return t.store.Numbers()
	}
	n.Entries, n.Bytes = t.remote.recents.size()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.remote.index.RLock()
	defer t.remote.index.RUnlock()
	for _, x := range t.by {
		if x.remote != nil {
			n.Logs++
		}
	}
	return n
}

// Close ends what the Store does later, and what is read of an Engine.
func (t *Tails[P]) Close() {
	t.store.Close()
	if t.remote != nil {
		t.remote.cancel()
	}
}
