package ws_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestSilentPeer: a silent peer is pinged, and cut after a minute. Pongs keep
// it.
func TestSilentPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := make(chan ws.Closed, 2)
		s := servePipe(t, ws.Options{}, gateway{disconnect: func(_ context.Context, _ *ws.Client, _ any, c ws.Closed) { closed <- c }})
		silent, alive := s.dial(t, "/ws"), s.dial(t, "/ws")
		_ = silent.conn.SetDeadline(time.Time{})
		_ = alive.conn.SetDeadline(time.Time{})
		begun := time.Now()
		var pings atomic.Int32
		go func() { // reads, and never answers
			for {
				first, _, err := silent.read()
				if err != nil {
					return
				}
				if first == ping {
					pings.Add(1)
				}
			}
		}()
		ended := make(chan struct{})
		go func() { // answers
			defer close(ended)
			for {
				first, payload, err := alive.read()
				if err != nil {
					return
				}
				if first == ping {
					alive.raw(frame(pong, payload))
				}
			}
		}()
		cause := <-closed
		if age := time.Since(begun); age < time.Minute || age > 62*time.Second {
			t.Errorf("cut after %v", age)
		}
		if cause.Err == nil || !cause.Remote || cause.Code != ws.CloseAbnormal {
			t.Errorf("cause %+v", cause)
		}
		if n := pings.Load(); n != 2 {
			t.Errorf("pinged %d times", n)
		}
		time.Sleep(time.Hour)
		if s.ConnectionCount() != 1 {
			t.Error("the peer that answers was cut")
		}
		_ = alive.conn.Close()
		<-ended
		s.shutdown(t)
	})
}

// TestLifetime: a connection is closed with 1001 after four hours, less up to a
// tenth.
func TestLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t, ws.Options{}, gateway{})
		p := s.dial(t, "/ws")
		_ = p.conn.SetDeadline(time.Time{})
		begun := time.Now()
		for {
			first, payload, err := p.read()
			if err != nil {
				t.Fatal(err)
			}
			if first == ping {
				p.raw(frame(pong, payload))
			}
			if first == closes {
				if code := ws.CloseCode(payload[0])<<8 | ws.CloseCode(payload[1]); code != ws.CloseAway {
					t.Errorf("closed with %d", code)
				}
				break
			}
		}
		if age := time.Since(begun); age < 4*time.Hour*9/10 || age > 4*time.Hour+3*time.Second {
			t.Errorf("closed after %v", age)
		}
		// A peer that does not answer the Close has a second.
		closing := time.Now()
		if _, _, err := p.read(); !errors.Is(err, io.EOF) || time.Since(closing) != time.Second {
			t.Errorf("%v after %v", err, time.Since(closing))
		}
		s.shutdown(t)
	})
}

// TestWriteDeadline: a peer that reads nothing is closed as a slow consumer.
// One that takes something each time is not.
func TestWriteDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := make(chan ws.Closed, 1)
		s := servePipe(t, ws.Options{PingInterval: ws.Unlimited, IdleTimeout: ws.Unlimited}, gateway{
			disconnect: func(_ context.Context, _ *ws.Client, _ any, c ws.Closed) { closed <- c },
		})
		p := s.dial(t, "/ws")
		_ = p.conn.SetDeadline(time.Time{})
		big := make([]byte, 64)
		if n, err := s.Broadcast("e", big); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		for range 10 { // a byte every nine seconds is progress
			time.Sleep(9 * time.Second)
			if _, err := p.r.ReadByte(); err != nil {
				t.Fatal(err)
			}
			if p.r.Buffered() > 0 {
				_, _ = p.r.Discard(p.r.Buffered())
			}
			if n, _ := s.Broadcast("e", big); n != 1 {
				t.Fatal("closed although it makes progress")
			}
		}
		stalled := time.Now()
		cause := <-closed
		if age := time.Since(stalled); age > 11*time.Second || cause.Code != ws.ClosePolicy || cause.Remote {
			t.Errorf("closed after %v with %+v", age, cause)
		}
		s.shutdown(t)
	})
}

// TestDisconnectDeadline: the disconnect hook's context is alive, knows the
// client, and ends after five seconds.
func TestDisconnectDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		took := make(chan time.Duration, 1)
		s := servePipe(t, ws.Options{}, gateway{disconnect: func(ctx context.Context, c *ws.Client, _ any, _ ws.Closed) {
			if from, ok := ws.ClientFrom(ctx); !ok || from != c || ctx.Err() != nil {
				t.Error("the hook's context is not as promised")
			}
			begun := time.Now()
			<-ctx.Done()
			took <- time.Since(begun)
		}})
		p := s.dial(t, "/ws")
		_ = p.conn.Close()
		if d := <-took; d != 5*time.Second {
			t.Errorf("took %v", d)
		}
		s.shutdown(t)
	})
}

// TestNoTimers: with every limit lifted nothing is timed.
func TestNoTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t, ws.Options{PingInterval: ws.Unlimited, IdleTimeout: ws.Unlimited, Lifetime: ws.Unlimited, WriteTimeout: ws.Unlimited}, gateway{})
		p := s.dial(t, "/ws")
		_ = p.conn.SetDeadline(time.Time{})
		n, _ := s.Broadcast("e", 1)
		time.Sleep(1000 * time.Hour)
		if n != 1 || s.ConnectionCount() != 1 {
			t.Error("closed")
		}
		p.want(`{"event":"e","data":1}`)
		_ = p.conn.Close()
		s.shutdown(t)
	})
}

// TestHandshakeDeadline: a client that does not take the answer to its
// handshake is given up after five seconds, and nothing of it is left.
func TestHandshakeDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := make(chan ws.Closed, 1)
		s := servePipe(t, ws.Options{}, gateway{disconnect: func(_ context.Context, _ *ws.Client, _ any, c ws.Closed) { closed <- c }})
		client, server := net.Pipe()
		defer func() { _ = client.Close() }()
		begun := time.Now()
		go func() {
			r := httptest.NewRequest("GET", "/ws", nil)
			for _, h := range [][2]string{{"Connection", "Upgrade"}, {"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}} {
				r.Header.Set(h[0], h[1])
			}
			s.handler.ServeHTTP(&hijack{conn: server, rw: bufio.NewReadWriter(bufio.NewReader(server), bufio.NewWriter(server))}, r)
		}()
		cause := <-closed
		if took := time.Since(begun); took != 5*time.Second || cause.Code != ws.CloseAbnormal || cause.Err == nil {
			t.Errorf("given up after %v with %+v", took, cause)
		}
		s.shutdown(t)
		if n := s.Stats().Connections; n != 0 {
			t.Errorf("%d connections are left", n)
		}
	})
}
