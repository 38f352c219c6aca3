package natsbroker

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// How soon losses are counted again while there may be more, and while nothing waits.
const (
	lookAgain  = 20 * time.Millisecond
	lookSeldom = time.Second
)

// losses counts what the client library drops because a connection's queue is full.
// The library says so once for each subscription, and not again until a message of
// that has found room. So one that has dropped is looked at until such a message
// has come.
type losses struct {
	wake    chan struct{}
	watched atomic.Int32 // how many are looked at; changed with mu held

	mu   sync.Mutex
	subs map[*nats.Subscription]*loss // guarded by mu; all that have ever dropped
}

// loss is what one subscription has dropped.
type loss struct {
	told    int  // how many the Receiver was told of
	watched bool // there may be more
	emptied bool // the queue was empty since the library said that it was full
}

func newLosses() *losses {
	return &losses{wake: make(chan struct{}, 1), subs: make(map[*nats.Subscription]*loss)}
}

// add says that a subscription has begun to drop.
func (s *losses) add(sub *nats.Subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.subs[sub]
	if l == nil {
		l = &loss{}
		s.subs[sub] = l
	}
	l.emptied = false
	if !l.watched {
		l.watched = true
		s.watched.Add(1)
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// count tells of what was dropped since the last time, and reports whether there
// may be more.
func (s *losses) count(queue chan *nats.Msg, tell func(n int, subject string)) bool {
	if s.watched.Load() == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// Under the lock: whatever add says later was dropped from a queue that has
	// become full again.
	empty := len(queue) == 0
	for sub, l := range s.subs {
		if l.watched {
			l.tell(sub, tell)
			l.emptied = l.emptied || empty
		}
	}
	return true
}

// arrived says that a message of a subscription was taken from the queue. If it came
// after the queue was empty, the library will speak of the next loss.
func (s *losses) arrived(sub *nats.Subscription, tell func(n int, subject string)) {
	if s.watched.Load() == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.subs[sub]; l != nil && l.watched && l.emptied {
		l.tell(sub, tell)
		l.watched = false
		s.watched.Add(-1)
	}
}

// forget tells of a subscription for the last time, before it is ended.
func (s *losses) forget(sub *nats.Subscription, tell func(n int, subject string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.subs[sub]
	if l == nil {
		return
	}
	l.tell(sub, tell)
	delete(s.subs, sub)
	if l.watched {
		s.watched.Add(-1)
	}
}

// tell tells of what is new.
func (l *loss) tell(sub *nats.Subscription, tell func(n int, subject string)) {
	dropped, err := sub.Dropped()
	if err != nil || dropped <= l.told { // an error is that it has ended
		return
	}
	tell(dropped-l.told, sub.Subject)
	l.told = dropped
}
