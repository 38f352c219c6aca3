package cluster

import (
	"sync"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
)

// message is what waits in a Courier.
type message struct {
	channel, event string
	data           []byte
	slab           *slab         // that data lies in
	at             time.Duration // since the Courier began
}

// block is a part of a queue.
type block struct {
	messages [128]message
	from, to int // those in between are there
	next     *block
}

// blocks are those that hold none. So a burst's memory goes with the burst.
var blocks = sync.Pool{New: func() any { return new(block) }}

// queue is messages in blocks.
type queue struct {
	head, tail *block // nil at first; then there is one at least
	n          int
	bytes      int
	batched    int // how many of the first are in the last batch
}

// front returns the first message. There must be one.
func (q *queue) front() *message { return &q.head.messages[q.head.from] }

// push appends a message.
func (q *queue) push(m message) {
	if q.tail == nil {
		q.tail = blocks.Get().(*block)
		q.head = q.tail
	}
	if q.tail.to == len(q.tail.messages) {
		q.tail.next = blocks.Get().(*block)
		q.tail = q.tail.next
	}
	q.tail.messages[q.tail.to] = m
	q.tail.to++
	q.n++
	q.bytes += len(m.data)
}

// pop takes the first message off. There must be one.
func (q *queue) pop() message {
	b := q.head
	m := b.messages[b.from]
	b.messages[b.from] = message{}
	b.from++
	q.n--
	q.bytes -= len(m.data)
	q.batched = max(q.batched-1, 0)
	if b.from == b.to {
		b.from, b.to = 0, 0
		if b != q.tail {
			q.head, b.next = b.next, nil
			blocks.Put(b)
		}
	}
	return m
}

// batch appends the first messages to a batch of so many bytes, as far as it has
// room.
func (q *queue) batch(to []broker.Outgoing, size int) ([]broker.Outgoing, int) {
	q.batched = 0
	for b := q.head; b != nil; b = b.next {
		for i := b.from; i < b.to; i++ {
			m := &b.messages[i]
			if len(to) == carryMessages || len(to) > 0 && size+len(m.data) > carryBytes {
				return to, size
			}
			to = append(to, broker.Outgoing{Channel: m.channel, Data: m.data})
			size += len(m.data)
			q.batched++
		}
	}
	return to, size
}

// A message of more than a quarter of a slab has memory of its own, so that what
// is left over at a slab's end stays small.
const (
	slabBytes = 64 << 10
	ownBytes  = slabBytes / 4
)

// slab is memory that messages lie in, one behind the other.
type slab struct {
	bytes []byte
	holds int // messages that are still there
}

// slabs are those that hold none.
var slabs = sync.Pool{New: func() any { return &slab{bytes: make([]byte, 0, slabBytes)} }}

// store is the memory of what waits.
type store struct {
	open *slab // that the next message goes to
}

// keep copies head and payload.
func (s *store) keep(head, payload []byte) ([]byte, *slab) {
	size := len(head) + len(payload)
	if size > ownBytes {
		return append(append(make([]byte, 0, size), head...), payload...), nil
	}
	if s.open == nil || len(s.open.bytes)+size > cap(s.open.bytes) {
		s.open = slabs.Get().(*slab) // the one before goes with its last message
	}
	o := s.open
	start := len(o.bytes)
	o.bytes = append(append(o.bytes, head...), payload...)
	o.holds++
	return o.bytes[start:len(o.bytes):len(o.bytes)], o
}

// release gives back what a message has lain in.
func (s *store) release(m message) {
	if m.slab == nil {
		return
	}
	if m.slab.holds--; m.slab.holds > 0 {
		return
	}
	m.slab.bytes = m.slab.bytes[:0]
	if m.slab != s.open {
		slabs.Put(m.slab)
	}
}
