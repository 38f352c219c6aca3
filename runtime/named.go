package ws

import "github.com/wsgen/wsgen/runtime/internal/envelope"

// named brings the data of a handler with named parameters into one form
// before a guard or an interceptor looks at it. The handler decodes that same
// text, so nobody gets past a guard by another spelling of what it refuses:
// bare, in another case, or twice.
//
// What is no JSON stays: the decoder refuses it. Without guards and
// interceptors nothing is done.
func (c *Call) named() {
	e := c.conn.endpoint
	params := e.handlers[c.handler].Params
	if len(params) == 0 || len(e.guards[c.handler]) == 0 && e.next == nil || !c.frame.Valid() {
		return
	}
	c.frame.Checked = true
	c.frame.Data = envelope.ByName(c.frame.Data, params)
}
