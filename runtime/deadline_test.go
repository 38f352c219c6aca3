package ws_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// undated is a net.Conn that has no read deadlines any more once they are lost.
type undated struct {
	net.Conn
	lost *atomic.Bool
	how  string
}

func (u undated) SetReadDeadline(until time.Time) error {
	if !u.lost.Load() {
		return u.Conn.SetReadDeadline(until)
	}
	switch u.how {
	case "panics":
		panic("boom")
	case "exits":
		runtime.Goexit()
	}
	return errors.New("no deadline")
}

// TestReadDeadlineLost: a net.Conn whose read deadlines do not work any more
// keeps neither the connection of a peer that does not close, nor a hook that
// has waited.
func TestReadDeadlineLost(t *testing.T) {
	for _, how := range []string{"fails", "panics", "exits"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var lost atomic.Bool
				s := servePipe(t, ws.Options{}, gateway{})
				s.wrap = func(c net.Conn) net.Conn { return undated{c, &lost, how} }
				p := s.dial(t, "/ws")
				lost.Store(true)
				if n := s.All().Disconnect(4000, "enough"); n != 1 {
					t.Error(n)
				}
				if first, _, err := p.read(); first != closes || err != nil {
					t.Fatalf("%#x %v", first, err)
				}
				begun := time.Now()
				p.wantEOF() // without an answer
				if took := time.Since(begun); took != time.Second {
					t.Errorf("closed after %v", took)
				}
				s.shutdown(t)
			})
			synctest.Test(t, func(t *testing.T) {
				var lost atomic.Bool
				s := servePipe(t, ws.Options{HandshakeTimeout: ws.Unlimited}, gateway{
					connect: func(ctx context.Context, _ *ws.Client, _ *http.Request) (any, error) {
						_ = ctx.Done()
						synctest.Wait() // until the peer is being read
						lost.Store(true)
						return nil, nil
					},
				})
				s.wrap = func(c net.Conn) net.Conn { return undated{c, &lost, how} }
				conn := s.connect()
				if _, err := io.WriteString(conn, request("")); err != nil {
					t.Fatal(err)
				}
				if answer, err := io.ReadAll(conn); len(answer) > 0 || err != nil {
					t.Errorf("%q %v", answer, err)
				}
				s.shutdown(t)
				if n := s.Held(); n != 0 {
					t.Errorf("%d left", n)
				}
			})
		})
	}
}
