package cluster

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
)

// MaxPart is how many bytes of an answer go into one packet, unless the link takes
// less.
const MaxPart = 256 << 10

// Bounds of what is asked, where QuestionsOptions say nothing else.
const (
	mostQuestions = 256
	mostAnswer    = 4 << 20
	mostAnswers   = 64 << 20
)

// Questions is what this node has asked others, and waits for. A packet with a
// Request goes out, and each member answers on this node's channel, also that it has
// nothing. No member can fail a question: whoever does not answer is missing, and
// the others have answered.
//
// Its methods are safe for concurrent use, and none waits but Ask.
type Questions struct {
	o QuestionsOptions

	mu      sync.Mutex
	up      bool                 // guarded by mu; the link is
	open    map[uint64]*question // guarded by mu; by request
	next    uint64               // guarded by mu; the request of the next one
	held    int                  // guarded by mu; bytes of all answers in open
	numbers Asked                // guarded by mu
}

// QuestionsOptions bound Questions. The zero QuestionsOptions has the defaults.
type QuestionsOptions struct {
	Most      int // how many may be open at once; default 256
	MaxAnswer int // bytes of one node's answer; default 4 MiB
	MaxHeld   int // bytes of all answers to open questions; default 64 MiB
}

// Asked is what became of all questions so far.
type Asked struct {
	Questions   uint64 // that were asked
	Overrun     uint64 // of these, more than Most at once
	Missing     uint64 // members that have not answered, of all questions together
	Unsupported uint64 // answers that it is not supported
	Broken      uint64 // answers that were too long, or of which a part was lost
	Stray       uint64 // answers that nobody waits for, mostly since they come late
}

// Answers is what a question has got.
type Answers struct {
	By      map[uint64][]byte // whole answers, by node; nobody changes their bytes
	Missing []uint64          // who was asked and has not answered, sorted
}

// question is one that is open.
type question struct {
	waits map[uint64]*answer // for these nodes
	got   Answers
	bytes int           // of all answers
	done  chan struct{} // closed when it waits for nobody any more
}

// answer is what has come of one that is not whole.
type answer struct {
	next  uint64 // the number of the next part
	bytes []byte
}

// NewQuestions returns Questions of a node whose link is not up.
func NewQuestions(o QuestionsOptions) *Questions {
	if o.Most <= 0 {
		o.Most = mostQuestions
	}
	if o.MaxAnswer <= 0 {
		o.MaxAnswer = mostAnswer
	}
	if o.MaxHeld <= 0 {
		o.MaxHeld = mostAnswers
	}
	// Answers to another process that had this node's base are for none of its.
	return &Questions{o: o, open: make(map[uint64]*question), next: rand.Uint64()}
}

// Ask sends a packet and waits for the answers: until all members have given one,
// or have left or gone, or ctx ends, or the link breaks.
//
// members returns who is asked. It is called under a lock, the same as that of Gone,
// so that nobody goes unnoticed between the two; it calls no method of Questions.
// send sends the packet with this Request, and reports whether that was possible.
// Request is 0 if it is clear that nobody would wait for the answers, because the
// link is down, or too many questions are open: then everybody is missing, a push is
// sent all the same, and a mere question need not be.
func (q *Questions) Ask(ctx context.Context, members func() []uint64, send func(request uint64) bool) Answers {
	request, a := q.begin(ctx, members)
	sent := send(request)
	if request != 0 && sent {
		select {
		case <-a.done:
		case <-ctx.Done():
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.open, request)
	q.held -= a.bytes
	a.got.Missing = slices.AppendSeq(a.got.Missing, maps.Keys(a.waits))
	slices.Sort(a.got.Missing)
	q.numbers.Missing += uint64(len(a.got.Missing))
	return a.got
}

// begin opens a question, if there may be one.
func (q *Questions) begin(ctx context.Context, members func() []uint64) (request uint64, a *question) {
	q.mu.Lock()
	defer q.mu.Unlock()
	a = &question{done: make(chan struct{}), got: Answers{By: make(map[uint64][]byte)}}
	q.numbers.Questions++
	asked := members()
	a.waits = make(map[uint64]*answer, len(asked))
	for _, id := range asked {
		a.waits[id] = &answer{}
	}
	switch {
	case len(q.open) >= q.o.Most:
		q.numbers.Overrun++
		return 0, a
	case !q.up || ctx.Err() != nil:
		return 0, a
	}
	if q.next++; q.next == 0 {
		q.next++
	}
	q.open[q.next] = a
	a.look()
	return q.next, a
}

// look ends a question that waits for nobody.
func (a *question) look() {
	if len(a.waits) == 0 {
		close(a.done)
		a.waits = nil
	}
}

// fail takes a node off that will not answer. The caller holds mu.
func (a *question) fail(id uint64) {
	if _, waits := a.waits[id]; waits {
		delete(a.waits, id)
		a.got.Missing = append(a.got.Missing, id)
		a.look()
	}
}

// Heard takes an Answer that has arrived, or a part of one. It keeps the payload.
func (q *Questions) Heard(v *View) {
	q.mu.Lock()
	defer q.mu.Unlock()
	a := q.open[v.Request]
	if a == nil || a.waits[v.From] == nil {
		q.numbers.Stray++
		return
	}
	part := a.waits[v.From]
	switch {
	case v.Refusal:
		q.numbers.Unsupported++
		a.fail(v.From)
		return
	case v.Part < part.next:
		return // it came twice
	case v.Part > part.next, len(v.Payload) > q.o.MaxAnswer-len(part.bytes), len(v.Payload) > q.o.MaxHeld-q.held:
		q.numbers.Broken++
		a.fail(v.From)
		return
	}
	q.held += len(v.Payload)
	a.bytes += len(v.Payload)
	part.next++
	if part.bytes == nil {
		part.bytes = slices.Clip(v.Payload)
	} else {
		part.bytes = append(part.bytes, v.Payload...)
	}
	if v.Last {
		a.got.By[v.From] = part.bytes
		delete(a.waits, v.From)
		a.look()
	}
}

// Gone says that a node is no member any more. If it has left its connections are
// gone with it, so it has nothing to answer; otherwise it is missing.
func (q *Questions) Gone(id uint64, left bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, a := range q.open {
		if _, waits := a.waits[id]; !waits {
			continue
		}
		if !left {
			a.fail(id)
			continue
		}
		delete(a.waits, id)
		a.look()
	}
}

// Up says that the link works: there can be answers.
func (q *Questions) Up() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.up = true
}

// Down says that the link has broken: all open questions end, and so do others at
// once until Up.
func (q *Questions) Down() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.up = false
	for _, a := range q.open {
		for id := range a.waits {
			a.fail(id)
		}
	}
}

// Numbers returns what became of all questions so far, and how many are open.
func (q *Questions) Numbers() (_ Asked, open int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.numbers, len(q.open)
}
