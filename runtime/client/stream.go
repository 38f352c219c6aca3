package wsclient

import (
	"context"
	"iter"
	"strconv"
)

// Stream sends an event when the loop over it begins, and yields the values that its
// handler sends. An error is the last thing that it yields, and is as that of Call; the
// end of ctx ends the loop, and Options.Timeout does not. To leave the loop cancels the
// stream. Each loop is another stream.
//
// The server sends at most 64 values more than the loop has taken (docs/reference/protocol.md,
// "Streams"), and so waits for it: a slow loop slows down its handler,
// and nobody else.
func Stream[T any](ctx context.Context, c *Client, event string, data any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		if ctx.Err() != nil {
			yield(none, context.Cause(ctx))
			return
		}
		x := &call{event: event, items: newItems()}
		if err := c.begin(x, data, `{"credit":"`+strconv.Itoa(window)+`"}`); err != nil {
			yield(none, err)
			return
		}
		defer c.abandon(x)
		for {
			data, more, err := c.take(ctx, x)
			if !more && err == nil {
				return
			}
			var v T
			if err == nil {
				err = decode(event, data, &v)
			}
			if err != nil {
				yield(none, err)
				return
			}
			if !yield(v, nil) {
				return
			}
		}
	}
}

// take returns the next value of a stream. Without more there is none.
func (c *Client) take(ctx context.Context, x *call) (data []byte, more bool, err error) {
	s := x.items
	select {
	case data = <-s.values:
	case <-s.over:
		select {
		case data = <-s.values: // what has come before the end
		default:
			return nil, false, s.err
		}
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return nil, false, context.Cause(ctx)
	}
	if s.taken++; s.taken%(window/2) == 0 {
		c.allow(x, s.taken+window)
	}
	return data, true, nil
}

// allow has the server send so many values in all.
func (c *Client) allow(x *call, credit int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x.items.credit = credit
	if l := c.link; l != nil && l.open && c.calls[x.id] == x && x.sent > 0 {
		l.put(ownOf("$credit", x.id, strconv.Itoa(credit)))
	}
}
