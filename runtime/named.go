package ws

import (
	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// maxShown is the longest data, in bytes, that is copied for guards.
const maxShown = 1 << 10

// show sets shown, the data that guards and interceptors see: it is the text
// that the handler decodes. They may keep it, since a guard with a time limit
// may leave something that still reads. So it is in memory of its own, or the
// message's memory is lent.
func (c *Call) show() {
	e := c.conn.endpoint
	if e.next == nil && len(e.guards[c.handler]) == 0 {
		return
	}
	lent, came := e.lends(c.handler, &c.frame), c.frame.Data
	c.named()
	c.shown = c.frame.Data
	if !lent && len(came) > 0 && &c.frame.Data[0] == &came[0] {
		c.shown = c.keep(came) // the handler decodes what came, which is still in the cache
	}
}

// lends reports whether the memory of a message is left to guards and
// interceptors, and so never used again. Of short data guards see a copy
// instead, which costs less than new memory for the next message.
// Interceptors get the memory in any case: one may leave the whole call
// behind.
func (e *Endpoint) lends(handler int, frame *envelope.Frame) bool {
	return e.next != nil || len(e.guards[handler]) > 0 && len(frame.Data) > maxShown
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
	if len(params) == 0 || !c.frame.Valid() {
		return
	}
	c.frame.Checked = true
	c.bare = len(params) == 1 && c.frame.HasData() && c.frame.Data[0] != '{'
	c.frame.Data = envelope.ByName(c.frame.Data, params)
}
