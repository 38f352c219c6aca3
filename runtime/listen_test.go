package ws_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/fixture"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// askedHandler counts how often it is asked for its level.
type askedHandler struct {
	slog.Handler

	asked *atomic.Int64
}

func (h askedHandler) Enabled(context.Context, slog.Level) bool {
	h.asked.Add(1)
	return false
}

// TestLoggerIsAskedNowAndThen: what an Observer is told of each message does not have
// the Logger asked for each.
func TestLoggerIsAskedNowAndThen(t *testing.T) {
	var asked, told atomic.Int64
	server := ws.NewServer(ws.Options{
		Logger: slog.New(askedHandler{slog.DiscardHandler, &asked}),
		Observer: ws.Observer{Starting: func(context.Context, *ws.Client, string) (context.Context, func(time.Duration, *ws.Error)) {
			return nil, func(time.Duration, *ws.Error) { told.Add(1) }
		}},
	})
	c := wstest.Dial(t, fixture.NewStdEndpoint(server, &fixture.Std{}))
	const many = 1000
	for range many {
		c.Call("list", 1).OK()
	}
	eventually(t, "end of all messages", func() bool { return told.Load() == many })
	if n := asked.Load(); n > many/10 {
		t.Errorf("the Logger was asked %d times at %d messages", n, many)
	}
}
