package wsclient

import (
	"context"
	"encoding/json"
	"log/slog"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Bounds of what a server can ask for.
const (
	maxAsked   = 64   // questions that are answered at a time; more are refused
	maxReplies = 1024 // answers that wait to be sent; a server that asks on without reading gets no more
)

// answer is who answers an event.
type answer struct {
	of *int // whose it is
	to func(ctx context.Context, data []byte) ([]byte, error)
}

// asking is a question without an answer.
type asking struct{ cancel context.CancelFunc }

// question takes a question of the server's. The caller holds mu.
func (c *Client) question(event, id string, data []byte) {
	by, known := c.answers[event]
	switch {
	case c.closing || c.asked[id] != nil || len(c.replies) >= maxReplies:
		return
	case !known:
		c.reply(event, id, nil, ws.NewError(ws.CodeUnknownEvent, "nobody answers this"))
		return
	case c.answering >= maxAsked:
		c.reply(event, id, nil, ws.NewError(ws.CodeRateLimited, "too many questions at a time"))
		return
	}
	ctx, cancel := context.WithCancel(c.ctx)
	mine := &asking{cancel}
	c.asked[id] = mine
	c.answering++
	data = append([]byte(nil), data...)
	c.runs.Go(func() {
		defer cancel()
		var encoded []byte
		err := error(ws.NewError(ws.CodeInternal, internal)) // what it stays if fn does not return
		defer func() { c.answered(mine, event, id, encoded, err) }()
		c.guard("the Answer of "+event, func() { encoded, err = by.to(ctx, data) })
	})
}

// internal is what a server is told of errors that are not for it.
const internal = "internal error"

// answered sends an answer, unless nobody waits for it any more.
func (c *Client) answered(x *asking, event, id string, encoded []byte, err error) {
	refusal, known := steady.As[*ws.Error](err)
	if err != nil && (!known || refusal == nil) {
		if !steady.Is(err, context.Canceled) {
			c.o.Logger.LogAttrs(c.ctx, slog.LevelError, "wsclient: a question was not answered", slog.String("event", event), slog.String("error", steady.Text(err)))
		}
		refusal = ws.NewError(ws.CodeInternal, internal)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answering--
	if c.asked[id] == x {
		delete(c.asked, id)
		c.reply(event, id, encoded, refusal)
	}
}

// reply queues an answer. The caller holds mu.
func (c *Client) reply(event, id string, encoded []byte, refusal *ws.Error) {
	if refusal != nil {
		event = "error"
		encoded, _ = json.Marshal(struct {
			Code    ws.Code `json:"code"`
			Message string  `json:"message"`
		}{refusal.Code, refusal.Message}) // strings encode
	}
	quoted, _ := json.Marshal(id)
	text := envelope.BeginData(envelope.BeginEvent(nil, event), quoted)
	text = envelope.End(append(text, encoded...))
	if err := c.tooLong(text); err != nil && refusal == nil {
		c.reply(event, id, nil, err)
		return
	}
	c.replies = append(c.replies, text)
	c.work.Signal()
	c.drained()
}

// unasked ends a question that the server does not wait for any more. The caller
// holds mu.
func (c *Client) unasked(id string) {
	if x := c.asked[id]; x != nil {
		delete(c.asked, id)
		x.cancel()
		c.drained()
	}
}

// forgetQuestions ends all of them. The caller holds mu.
func (c *Client) forgetQuestions() {
	for id := range c.asked {
		c.unasked(id)
	}
}
