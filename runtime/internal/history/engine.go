package history

import (
	"context"
	"sync"
	"time"
)

// This file is about histories that an engine keeps for all nodes of a cluster. What
// is kept comes back from there, to the node that has pushed it as to all others, and
// what did not come is read.

// Engine keeps the histories of a cluster, as a node knows it. Read and Ends wait for
// it, until ctx ends. The others never wait, and may be called under locks.
type Engine interface {
	// Channel returns by which channel messages of a history come.
	Channel(k Key) string
	// Want has what is kept in a channel's histories come to Tails.Arrived, until
	// Drop. It reports whether that takes a moment: then settled is called when it is
	// so (live), or is not known to be.
	Want(channel string, settled func(live bool)) (wait bool)
	Drop(channel string)
	// Live reports whether all that is kept comes here, as far as is known.
	Live(channel string) bool

	// Read returns what a history has after a position, oldest first.
	Read(ctx context.Context, k Key, after Position, limit int) (Found, error)
	// Ends returns the ends of histories of one log, by their channels.
	Ends(ctx context.Context, l *Log, channels []string) ([]Position, error)
}

// Arrival is a kept message as the engine hands it over. Its Entry has no Frame if
// nobody is to get it: it is of another release, or makes no sense, and has its place
// all the same.
type Arrival struct {
	Entry *Entry
	Epoch string
	Note  any // what RemoteOptions.Deliver needs besides
}

// Found is what Engine.Read has found; as Page.
type Found struct {
	Epoch    string
	Top      uint64
	Complete bool
	Arrivals []Arrival
}

// RemoteOptions say how Tails goes about histories that an Engine keeps.
type RemoteOptions[P Peer] struct {
	CatchUps int           // how many followers read at a time
	Recent   int           // bytes of the newest messages that are remembered here
	Linger   time.Duration // how long a history is heard that nobody follows any more
	// Deliver hands a message to all members of the room or user: f says who follows,
	// and whether they are behind. The lock of the history is held, so it must not
	// wait. What it returns is called when the lock is not held any more; nil is
	// nothing.
	Deliver func(k Key, a Arrival, f Followers[P]) (after func())
}

// remotes is what Tails has besides, if an Engine keeps the messages.
type remotes[P Peer] struct {
	engine Engine
	o      RemoteOptions[P]
	ctx    context.Context // ends with Close
	cancel context.CancelFunc

	recents  recents
	catchUps chan struct{} // a place for each follower that reads
	reads    chan struct{} // a place for each tail that does
	shared   sharedReads
	watch    watch[P]

	// index is held, besides tail.mu, by who changes tail.followers, tail.remote, or
	// remote.epoch. So these can be read under either: one who has a tail's lock may
	// ask about another tail. It is the last lock of all.
	index sync.RWMutex
}

// maxReads is how many tails read at a time. Followers have places of their own.
const maxReads = 16

// KeptBy has an Engine keep the messages from now on, instead of the Store. It must be
// called before all else. Arrived takes what comes from there, Up says that its link
// works, and Missed that messages were lost on the way.
func (t *Tails[P]) KeptBy(e Engine, o RemoteOptions[P]) {
	r := &remotes[P]{
		engine: e, o: o,
		recents:  recents{most: o.Recent},
		catchUps: make(chan struct{}, max(o.CatchUps, 1)), reads: make(chan struct{}, maxReads),
		shared: sharedReads{by: make(map[readAt]*sharedRead)},
		watch: watch[P]{
			queued: make(map[*tail[P]]struct{}), missed: make(map[string]struct{}),
			wake: make(chan struct{}, 1), upped: make(chan struct{}, 1),
		},
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	t.remote = r
}

// Log returns the log of a name; nil if nobody has declared one.
func (t *Tails[P]) Log(name string) *Log {
	for _, l := range t.declared() {
		if l.Name == name {
			return l
		}
	}
	return nil
}

// Logs returns all logs that were declared.
func (t *Tails[P]) Logs() []*Log { return t.declared() }

// put notes where a follower is. The caller holds the tail's lock.
func (t *Tails[P]) put(x *tail[P], p P, at place[P]) {
	if t.remote != nil {
		t.remote.index.Lock()
		defer t.remote.index.Unlock()
	}
	if x.followers == nil {
		x.followers = make(map[P]place[P])
	}
	x.followers[p] = at
}

// take forgets a follower, and reports whether nobody is left. The caller holds the
// tail's lock.
func (t *Tails[P]) take(x *tail[P], p P) (empty bool) {
	if t.remote != nil {
		t.remote.index.Lock()
		defer t.remote.index.Unlock()
	}
	if delete(x.followers, p); len(x.followers) > 0 {
		return false
	}
	x.followers = nil // a crowd's memory goes with the crowd
	return true
}

// placeOf returns where a peer is in a history, and in which epoch that counts. The
// lock of another tail may be held if an Engine keeps the messages.
func (t *Tails[P]) placeOf(x *tail[P], p P) (at place[P], epoch string, follows bool) {
	r := t.remote
	if r == nil {
		x.mu.Lock()
		defer x.mu.Unlock()
		at, follows = x.followers[p]
		return at, t.store.epoch, follows
	}
	r.index.RLock()
	defer r.index.RUnlock()
	at, follows = x.followers[p]
	if x.remote != nil {
		epoch = x.remote.epoch
	}
	if epoch == "" && at.chase != nil { // nobody changes it before the tail is open
		epoch = at.chase.at.Epoch
	}
	return at, epoch, follows
}

// pause waits, with some jitter, and reports whether there is still something to do.
func (r *remotes[P]) pause(d time.Duration) bool {
	timer := time.NewTimer(jitter(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.ctx.Done():
		return false
	}
}
