package ws

import (
	"bytes"
	"slices"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// maxShown is the longest data, in bytes, of which the copy for guards shares an
// allocation with others.
const maxShown = 1 << 10

// maxAgain is the longest data, in bytes, whose message is in memory that serves
// another one afterwards. Nothing has memory for longer ones ready.
const maxAgain = 256 << 10

// show sets shown, the data that guards and interceptors see: it is the text
// that the handler decodes. They may keep it, since a guard with a time limit
// may leave something that still reads. So it is in memory of its own, or the
// message's memory is lent.
func (c *Call) show() {
	e := c.conn.endpoint
	came := c.frame.Data
	lent := e.lends(&c.frame)
	c.owned = lent && e.next == nil
	if e.next == nil && len(e.guards[c.handler]) == 0 {
		return
	}
	c.named()
	c.shown = c.frame.Data
	switch {
	case lent || len(came) == 0:
	case &c.frame.Data[0] != &came[0]:
		c.owned = true
	case len(came) > maxShown:
		c.shown = slices.Clip(bytes.Clone(came)) // a guard may append to it
		c.frame.Data, c.owned = c.shown, true
	default:
		c.shown = c.keep(came) // the handler decodes what came, which is still in the cache
	}
}

// lends reports whether the memory of a message is left to those who see its data,
// and so never used again. Interceptors get it in any case: one may leave the whole
// call behind. Of other messages guards see a copy, which costs less than new memory
// for the next message, but for those that are so long that their memory would not be
// used again anyway.
func (e *Endpoint) lends(frame *envelope.Frame) bool {
	return e.next != nil || len(frame.Data) > maxAgain
}

// keep copies data to memory that is never overwritten. Many copies share one
// allocation, which is collected when the last of them is let go.
func (c *Call) keep(data []byte) []byte {
	if len(c.kept) < len(data) {
		c.kept = make([]byte, 4*maxShown)
	}
	n := copy(c.kept, data)
	kept := c.kept[:n:n]
	c.kept = c.kept[n:]
	return kept
}

// named brings the data of a handler with named parameters into one form. The
// handler decodes that same text, so nobody gets past a guard by another
// spelling of what it refuses: bare, in another case, or twice. Data that is
// no JSON stays as it is: the decoder refuses it.
func (c *Call) named() {
	params := c.conn.endpoint.handlers[c.handler].Params
	if len(params) == 0 || !c.isJSON() {
		return
	}
	c.frame.Checked = true
	c.bare = len(params) == 1 && c.frame.HasData() && c.frame.Data[0] != '{'
	c.frame.Data = envelope.ByName(c.frame.Data, params)
}

// isJSON reports whether the data is JSON. What the Reader of the call takes is, and
// takes a part of the time; anything else, and what is no object, is left to
// encoding/json.
func (c *Call) isJSON() bool {
	if c.frame.Checked || !c.frame.HasData() {
		return c.frame.Valid()
	}
	r := &c.reader
	r.ResetUTF8(c.frame.Data)
	for r.Next() {
		r.Skip()
	}
	return r.Plain() || c.frame.Valid()
}
