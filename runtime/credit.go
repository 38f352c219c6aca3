package ws

import (
	"strconv"
	"sync/atomic"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// creditMember is the member of a stream's meta that says for how many values
// its client has room.
const creditMember = "credit"

// The faults of credit.
const (
	errCreditID    envelope.Fault = `"$credit" needs the id of a stream`
	errCreditData  envelope.Fault = `the data of "$credit" must be a number of values, those already sent included`
	errCreditStart envelope.Fault = `the "credit" in the member "meta" of a stream must be a number of values`
)

// credit is how many values of a stream its client has asked for
// (docs/reference/protocol.md, "Streams"). It never falls.
type credit struct {
	allowed atomic.Uint64 // in all; written by the read goroutine only
	sent    uint64        // used by the goroutine of the stream only
	raised  chan struct{} // has room for one: allowed was raised since it was last read
}

// newCredit returns what text allows, a number of values.
func newCredit(text string) (*credit, bool) {
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return nil, false
	}
	c := &credit{raised: make(chan struct{}, 1)}
	c.allowed.Store(n)
	return c, true
}

// raise allows n values in all. Read goroutine only.
func (c *credit) raise(n uint64) {
	if n <= c.allowed.Load() {
		return
	}
	c.allowed.Store(n) // before the stream is woken
	select {
	case c.raised <- struct{}{}:
	default: // a wake is on its way, behind which the stream reads n
	}
}

// affords waits until another value of the stream may be sent. It returns false
// if the stream has ended meanwhile.
func (t *task) affords() bool {
	c := t.credit
	if c == nil {
		return true
	}
	for c.sent >= c.allowed.Load() {
		select {
		case <-t.Done():
			return false
		case <-c.raised:
		}
	}
	return true
}

// spend counts a value that is sent.
func (t *task) spend() {
	if t.credit != nil {
		t.credit.sent++
	}
}

// creditStream allows the stream of f's id as many values as f's data says. An id
// of something else, or of a stream that never waits, is left alone: the frames
// may have crossed.
func (c *conn) creditStream(f *envelope.Frame) error {
	if f.ID == nil {
		return errCreditID
	}
	n, err := strconv.ParseUint(string(f.Data), 10, 63)
	if err != nil {
		f.ID = nil // an error with it would be the answer to the stream
		return errCreditData
	}
	if t, ok := c.inbox().Find(f.ID); ok && t.credit != nil {
		t.credit.raise(n)
	}
	return nil
}
