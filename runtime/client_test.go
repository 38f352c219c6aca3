package ws_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/fixture"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// TestClientSaysOf: what an Observer asks a Client for, which is to which gateway
// it is connected, and since when.
func TestClientSaysOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type seen struct {
			gateway string
			age     time.Duration
		}
		opened, closed := make(chan seen, 1), make(chan seen, 1)
		server := ws.NewServer(ws.Options{Observer: ws.Observer{
			Opened: func(c *ws.Client) { opened <- seen{c.Gateway(), c.Age()} },
			Closed: func(c *ws.Client, _ ws.Closed) { closed <- seen{c.Gateway(), c.Age()} },
		}})
		endpoint := fixture.NewStdEndpoint(server, &fixture.Std{})
		c := wstest.Dial(t, http.Handler(endpoint))
		if got := <-opened; got != (seen{"fixture.Std", 0}) {
			t.Error("opened:", got)
		}
		time.Sleep(time.Minute)
		c.Close(ws.CloseNormal, "")
		if got := <-closed; got != (seen{"fixture.Std", time.Minute}) {
			t.Error("closed:", got)
		}
		if err := server.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if c := new(ws.Client); c.Gateway() != "" || c.Age() != 0 {
		t.Error("the zero Client has", c.Gateway(), c.Age())
	}
	if c := wstest.NewClient(); c.Gateway() != "" || c.Age() < 0 {
		t.Error("a Client without a connection has", c.Gateway(), c.Age())
	}
}

// TestStatsLimits: Stats has the limits that its numbers go up to.
func TestStatsLimits(t *testing.T) {
	for _, c := range []struct {
		options     ws.Options
		connections int
		outboxes    int64
	}{
		{ws.Options{}, 0, 256 << 20},
		{ws.Options{MaxConnections: 7, OutboxTotalBytes: 1 << 20}, 7, 1 << 20},
		{ws.Options{MaxConnections: ws.Unlimited, OutboxTotalBytes: ws.Unlimited}, 0, 0},
	} {
		if s := ws.NewServer(c.options).Stats(); s.MaxConnections != c.connections || s.MaxOutboxes != c.outboxes {
			t.Errorf("%d connections, %d bytes; want %d, %d", s.MaxConnections, s.MaxOutboxes, c.connections, c.outboxes)
		}
	}
}
