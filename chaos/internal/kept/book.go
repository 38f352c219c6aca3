// Package kept judges histories from outside: whether each follower has had what a
// history has, once and in order, or was told that something is missing (I1), and
// whether what writers were told is so (I2).
package kept

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Place is a position in a history, as clients see it.
type Place struct {
	Epoch  string
	Offset uint64
}

// ReadPlace reads what String has written.
func ReadPlace(text string) (p Place, ok bool) {
	epoch, offset, ok := strings.Cut(text, ".")
	n, err := strconv.ParseUint(offset, 10, 64)
	return Place{epoch, n}, ok && epoch != "" && err == nil
}

// String returns a Place as it is on the wire.
func (p Place) String() string { return fmt.Sprintf("%s.%d", p.Epoch, p.Offset) }

// Message is one that was pushed to be kept. No other has its text.
type Message struct {
	Text  string
	Rooms int       // how many histories it went to: who follows several of them gets it once
	Said  time.Time // when it was pushed first
}

// Book is what writers were told, and what followers have had. Its methods are safe for
// concurrent use.
type Book struct {
	mu        sync.Mutex
	rooms     map[string]*history  // guarded by mu
	followers map[string]*Follower // guarded by mu
	told      map[string]verdict   // guarded by mu; what writers were told, by text
	losses    []loss               // guarded by mu
	holes     []hole               // guarded by mu
	wrong     []string             // guarded by mu; what must not be, whatever happens
	wrongs    int                  // guarded by mu
	heard     int                  // guarded by mu
}

// history is what is known of one.
type history struct {
	epochs map[string]map[uint64]*entry
	places map[string]first // by text: where it was found first
	twice  []twice          // what was found elsewhere, too
}

// entry is a message at its place.
type entry struct {
	Message
	heard bool // by somebody; else a writer was told of it only
}

// first is where and when a message was found for the first time.
type first struct {
	at   Place
	when time.Time
}

// twice is a message that one history has at two places.
type twice struct {
	Message
	first  first
	second first
}

// verdict is what a writer was told of a message.
type verdict struct {
	Message
	kept bool
	not  bool // certainly not kept
	room string
	at   Place
	when time.Time
}

// loss is a time in which the engine was made to lose what it had kept, or the newest
// of it.
type loss struct{ from, to time.Time }

// hole is what the engine has lost of one history, without its epoch being over.
type hole struct {
	room          string
	after, before uint64
}

// NewBook returns an empty Book.
func NewBook() *Book {
	return &Book{rooms: make(map[string]*history), followers: make(map[string]*Follower), told: make(map[string]verdict)}
}

// Kept notes that a writer was told where in the history of a room a message is.
func (b *Book) Kept(room string, at Place, m Message, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told[m.Text] = verdict{Message: m, kept: true, room: room, at: at, when: now}
	b.found(room, at, m, false, now)
}

// Refused notes that a writer was told that a message is not kept.
func (b *Book) Refused(m Message, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told[m.Text] = verdict{Message: m, not: true, when: now}
}

// Unsure notes that nobody knows whether a message is kept.
func (b *Book) Unsure(m Message, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told[m.Text] = verdict{Message: m, when: now}
}

// Lose notes that the engine is made to lose something from now on, until the function
// that it returns is called.
func (b *Book) Lose(now time.Time) (over func(time.Time)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := len(b.losses)
	b.losses = append(b.losses, loss{from: now})
	return func(now time.Time) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.losses[i].to = now
	}
}

// Hole notes that the engine has lost what a history had between two offsets, and gives
// none of them again.
func (b *Book) Hole(room string, after, before uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.holes = append(b.holes, hole{room, after, before})
}

// mostWrong is how many things of one kind are told one by one.
const mostWrong = 10

// fail notes what must not be. The caller holds mu.
func (b *Book) fail(format string, args ...any) {
	if b.wrongs++; b.wrongs <= mostWrong {
		b.wrong = append(b.wrong, fmt.Sprintf(format, args...))
	}
}

// found notes what a history has at a place. The caller holds mu.
func (b *Book) found(room string, at Place, m Message, heard bool, now time.Time) {
	h := b.rooms[room]
	if h == nil {
		h = &history{epochs: make(map[string]map[uint64]*entry), places: make(map[string]first)}
		b.rooms[room] = h
	}
	of := h.epochs[at.Epoch]
	if of == nil {
		of = make(map[uint64]*entry)
		h.epochs[at.Epoch] = of
	}
	e := of[at.Offset]
	switch {
	case e == nil:
		e = &entry{Message: m}
		of[at.Offset] = e
	case e.Text != m.Text:
		b.fail("I1: the place %v of %s was given twice: to %s, and to %s", at, room, e.Text, m.Text)
		return
	}
	e.heard = e.heard || heard
	switch was, known := h.places[m.Text]; {
	case !known:
		h.places[m.Text] = first{at, now}
	case was.at != at:
		h.twice = append(h.twice, twice{m, was, first{at, now}})
	}
}

// lost reports whether the engine was made to lose something within a time. The caller
// holds mu.
func (b *Book) lost(from, to time.Time) bool {
	for _, l := range b.losses {
		if l.from.Before(to) && (l.to.IsZero() || l.to.After(from)) {
			return true
		}
	}
	return false
}

// inHole reports whether the engine has lost what was at a place, and nothing else of
// its epoch.
func (b *Book) inHole(room string, offset uint64) bool {
	for _, h := range b.holes {
		if h.room == room && h.after < offset && offset < h.before {
			return true
		}
	}
	return false
}
