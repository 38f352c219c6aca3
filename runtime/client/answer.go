package wsclient

import (
	"context"
	"encoding/json"

	ws "github.com/wsgen/wsgen/runtime"
)

// Answer has fn answer the server's questions of an event (docs/reference/protocol.md,
// "Questions"), until off is called; another Answer of the event takes its place. Each
// runs on a goroutine of its own, at most 64 at a time. The context ends when the
// server does not wait any more, when the session is lost, or when the client is
// closed. An *ws.Error travels with its code and message; any other error is logged,
// and travels as internal.
func Answer[Q, R any](c *Client, event string, fn func(ctx context.Context, question Q) (R, error)) (off func()) {
	mine := new(int)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers[event] = answer{mine, func(ctx context.Context, data []byte) ([]byte, error) {
		var q Q
		if len(data) > 0 {
			if err := json.Unmarshal(data, &q); err != nil {
				return nil, ws.NewError(ws.CodeInvalidPayload, "the question does not decode").WithCause(err)
			}
		}
		a, err := fn(ctx, q)
		if err != nil {
			return nil, err
		}
		return marshal(a)
	}}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.answers[event].of == mine {
			delete(c.answers, event)
		}
	}
}
