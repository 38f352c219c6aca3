package ws

import (
	"slices"
	"strings"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

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
	c.bare = len(params) == 1 && c.frame.HasData() && c.frame.Data[0] != '{'
	c.frame.Data = envelope.ByName(c.frame.Data, params)
}

// asSent has the paths in a decoder's refusal lead into what the client sent:
// that has no name if it came bare.
func asSent(err error, bare bool) error {
	refusal, ok := err.(*Error) //nolint:errorlint // the decoder's own, which nothing wraps
	if !bare || !ok || refusal == nil {
		return err
	}
	sent := *refusal
	sent.Details = slices.Clone(refusal.Details)
	for i := range sent.Details {
		path := &sent.Details[i].Path
		_, rest, deeper := strings.Cut(strings.TrimPrefix(*path, "/"), "/")
		if *path = ""; deeper {
			*path = "/" + rest
		}
	}
	return &sent
}
