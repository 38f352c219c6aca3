package history

import (
	"container/list"
	"crypto/rand"
	"sync"
	"time"
)

// Store keeps the histories of a Server that is alone, in memory. All methods may be
// called from any goroutine, but calls of Append for one key must come one at a time.
//
// An offset is given once: a history that was forgotten and comes back goes on behind
// the largest offset of all that were forgotten. So nobody takes its new messages for
// those that they have had.
type Store struct {
	epoch string
	most  int // bytes
	began time.Time

	mu      sync.Mutex
	logs    map[Key]*log
	orders  map[*Log]*list.List // of logs that have messages or keys, by their last message
	empties list.List           // of logs that have neither and nobody follows, by when that came
	floor   uint64              // what a history begins behind
	bytes   int                 // of all
	entries int                 // of all
	pressed uint64              // entries that went before their time, for want of room
	timer   *time.Timer         // calls sweep; nil: nothing is to be swept
	planned time.Duration       // when it does
	closed  bool
}

// log is the history of one room or user.
type log struct {
	key   Key
	id    string
	list  []*Entry // oldest first; their offsets follow on each other
	last  uint64   // offset
	bytes int      // of entries and keys
	keys  map[string]uint64
	marks []mark // of keys, oldest first
	pins  int    // while it is not 0 the log is not forgotten

	touched time.Duration // its last message, or when it became empty
	in      *list.List    // of orders, or empties; nil: neither
	place   *list.Element // there
}

// mark is a key that a message was kept with.
type mark struct {
	key  string
	kept time.Duration
}

// keyWindow is for how long a key is known.
const keyWindow = 2 * time.Minute

// rest is how long a log is remembered that has nothing left. Until then it knows its
// last offset, so who comes back to a silent room has missed nothing.
const rest = 48 * time.Hour

// What things weigh, besides their bytes.
const (
	logBytes   = 384
	entryBytes = 176 // with what peers make of it
	copyBytes  = 56
	keyBytes   = 96
)

// NewStore returns an empty Store that takes about most bytes.
func NewStore(most int) *Store {
	return &Store{
		epoch: rand.Text()[:8], most: most, began: time.Now(),
		logs: make(map[Key]*log), orders: make(map[*Log]*list.List),
	}
}

// clock returns the time since the Store was made.
func (s *Store) clock() time.Duration { return time.Since(s.began) }

// open returns the log of a key, made if need be. The caller holds mu.
func (s *Store) open(k Key) *log {
	l := s.logs[k]
	if l == nil {
		l = &log{key: k, id: k.ID(), last: s.floor, touched: s.clock()}
		s.logs[k] = l
		s.bytes += logBytes + 2*len(k.Name)
		s.rank(l)
	}
	return l
}

// Pin has a history remembered until Unpin, as long as somebody follows it, and
// returns its id and its end.
func (s *Store) Pin(k Key) (id string, end Position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.open(k)
	l.pins++
	s.rank(l)
	s.fit(l)
	return l.id, Position{s.epoch, l.last}
}

// Unpin ends Pin.
func (s *Store) Unpin(k Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.logs[k]
	l.pins--
	if len(l.list) == 0 && len(l.marks) == 0 {
		l.touched = s.clock()
	}
	s.rank(l)
	s.plan()
}

// End returns the position of the last message of a history.
func (s *Store) End(k Key) Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.logs[k]; l != nil {
		return Position{s.epoch, l.last}
	}
	return Position{s.epoch, s.floor}
}

// Append keeps a message: e without frame and offsets, and the frame that build
// returns, which must not keep Append waiting. If a message with the same key, unless
// that is "", was kept in the history within two minutes, nothing is done, and the
// Entry has no more than its offset.
func (s *Store) Append(k Key, key string, e Entry, build func(id string, at Position) []byte) (kept *Entry, duplicate bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	l := s.open(k)
	s.expire(l, now)
	if offset, known := l.keys[key]; known {
		return &Entry{Offset: offset}, true
	}
	at := l.last + 1
	l.pins++
	s.rank(l)
	s.mu.Unlock() // the frame may be long
	e.Frame = build(l.id, Position{s.epoch, at})
	s.mu.Lock()
	l.pins--
	e.Offset, e.Prev, e.kept = at, l.last, now
	l.last, l.touched = at, now
	l.list = append(l.list, &e)
	s.weigh(l, e.weight())
	s.entries++
	if key != "" {
		if l.keys == nil {
			l.keys = make(map[string]uint64)
		}
		l.keys[key] = at
		l.marks = append(l.marks, mark{key, now})
		s.weigh(l, keyBytes+len(key))
	}
	for len(l.list) > k.Log.Size {
		s.dropFirst(l)
	}
	s.rank(l)
	s.fit(l)
	s.plan()
	return &e, false
}

// weight returns what an entry counts.
func (e *Entry) weight() int {
	return entryBytes + len(e.Frame) + 8*len(e.Except) + copyBytes*len(e.Copies)
}

// Read returns what a history has after a position, oldest first, at most limit.
func (s *Store) Read(k Key, after Position, limit int) Page {
	return s.readTo(nil, k, after, limit)
}

// readTo is Read that appends the entries to a slice.
func (s *Store) readTo(to []*Entry, k Key, after Position, limit int) Page {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.logs[k]
	if l == nil {
		return Page{Epoch: s.epoch, Top: s.floor, Complete: after == Position{s.epoch, s.floor}}
	}
	s.expire(l, s.clock())
	s.rank(l)
	p := Page{Epoch: s.epoch, Top: l.last}
	first := l.last - uint64(len(l.list)) // what the oldest entry follows on
	if after.Epoch != s.epoch || after.Offset < first || after.Offset > l.last {
		return p
	}
	p.Complete = true
	behind := l.list[after.Offset-first:]
	p.Entries = append(to, behind[:min(limit, len(behind))]...)
	return p
}

// Numbers are what a Store has now.
type Numbers struct {
	Logs, Entries, Bytes int
	Pressed              uint64 // entries that went before their time, for want of room
}

// Numbers returns them.
func (s *Store) Numbers() Numbers {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Numbers{len(s.logs), s.entries, s.bytes, s.pressed}
}
