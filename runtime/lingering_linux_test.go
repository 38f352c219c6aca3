//go:build linux && !386

package ws_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// keptEvents pushes of keptBytes each are what the tests of this file push: the
// kernel has room for all of it.
const keptEvents, keptBytes = 24, 16 << 10

func keptData(i int) string { return fmt.Sprintf("%d %s", i, strings.Repeat("x", keptBytes)) }
func kept(i int) string     { return `{"event":"e","data":"` + keptData(i) + `"}` }

// keep pushes them.
func keep(t *testing.T, s *ws.Server) {
	t.Helper()
	for i := range keptEvents {
		if n, err := s.Broadcast("e", keptData(i)); n != 1 || err != nil {
			t.Fatal(i, n, err)
		}
	}
}

// wantKept reads them, up to the Close frame.
func (p *peer) wantKept(code ws.CloseCode) {
	p.t.Helper()
	for i := range keptEvents {
		p.want(kept(i))
	}
	p.wantClose(code)
}

// TestSlowReaderGetsAll: a peer that reads slowly gets all accepted frames and
// the Close frame, whatever it sends meanwhile, which must not be answered by a
// reset. The disconnect hook does not wait for that. It is the same however the
// connection ends.
func TestSlowReaderGetsAll(t *testing.T) {
	kick := func(t *testing.T, s *slowSite, _ *peer) {
		if n := s.All().Disconnect(4000, "enough"); n != 1 {
			t.Error(n, "disconnected")
		}
	}
	for name, c := range map[string]struct {
		code ws.CloseCode
		end  func(*testing.T, *slowSite, *peer)
	}{
		"Disconnect": {4000, kick},
		"Shutdown": {ws.CloseAway, func(_ *testing.T, s *slowSite, _ *peer) {
			go func() { _ = s.Shutdown(context.Background()) }()
		}},
		"broken frame": {ws.CloseProtocol, func(_ *testing.T, _ *slowSite, p *peer) { p.raw([]byte{text, 0}) }},
		"peer's Close": {4001, func(_ *testing.T, _ *slowSite, p *peer) { p.sendClose(4001, "") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plainAndSecure(t, func(t *testing.T, secure bool) {
				hook := make(chan struct{})
				s := serveSlow(t, secure, ws.Options{WriteTimeout: 600 * time.Millisecond}, gateway{
					disconnect: func(context.Context, *ws.Client, any, ws.Closed) { close(hook) },
				})
				p := s.dial(t)
				keep(t, s.Server)
				c.end(t, s, p)
				await(t, "the disconnect hook, before anything is read", hook)
				p.slowly(t, 300_000) // 1.3 s
				stop := p.chats()
				p.wantKept(c.code)
				_ = stop()
				_ = p.conn.Close()
				eventually(t, "the socket is gone", func() bool { return free(s) })
			})
		})
	}
}

// chats sends something now and then, until it is stopped. Then it returns an
// error if that was answered by a reset.
func (p *peer) chats() (stop func() error) {
	over, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		var failed error
		defer func() { ended <- failed }()
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-over:
				return
			case <-ticker.C:
				if _, err := p.conn.Write(frame(pong, []byte("x"))); err != nil && failed == nil {
					failed = err
				}
			}
		}
	}()
	return func() error { close(over); return <-ended }
}

// TestReadsItsKernelLate: a peer whose kernel has taken everything, and was
// full before, may not have read it for longer than a peer has to close.
func TestReadsItsKernelLate(t *testing.T) {
	plainAndSecure(t, func(t *testing.T, secure bool) {
		hook := make(chan struct{})
		s := serveSlow(t, secure, ws.Options{WriteTimeout: patience}, gateway{
			disconnect: func(context.Context, *ws.Client, any, ws.Closed) { close(hook) },
		})
		p, res := s.try(t, 128<<10)
		if p == nil {
			t.Fatal(res)
		}
		keep(t, s.Server)
		s.All().Disconnect(4000, "enough")
		await(t, "the disconnect hook, before anything is read", hook)
		const early = keptEvents - 2
		for i := range early {
			p.want(kept(i))
		}
		stop := p.chats()
		<-time.After(3 * linger) // reads nothing, at its own pace
		for i := range keptEvents - early {
			p.want(kept(early + i))
		}
		// Linux would let it read on after a reset, and others would not.
		if err := stop(); err != nil {
			t.Error(err)
		}
		p.wantClose(4000)
		_ = p.conn.Close()
		eventually(t, "the socket is gone", func() bool { return free(s) })
	})
}

// TestSlowNetwork is TestReadsItsKernelLate where the network is slow, and the
// peer is not.
func TestSlowNetwork(t *testing.T) {
	plainAndSecure(t, func(t *testing.T, secure bool) {
		s := serveSlow(t, secure, ws.Options{WriteTimeout: 600 * time.Millisecond}, gateway{})
		s.pace.Store(150_000) // 2.6 s
		p, res := s.try(t, 4<<20)
		if p == nil {
			t.Fatal(res)
		}
		keep(t, s.Server)
		s.All().Disconnect(4000, "enough")
		stop := p.chats()
		begun := time.Now()
		p.wantKept(4000)
		_ = stop()
		if took := time.Since(begun); took < 2*linger {
			t.Errorf("a network that takes all in %v tells nothing", took)
		}
		_ = p.conn.Close()
		eventually(t, "the socket is gone", func() bool { return free(s) })
	})
}

// linger is how long a peer that was not behind has.
const linger = time.Second

// free reports whether nothing is left of any connection.
func free(s *slowSite) bool { return s.Held() == 0 }

// TestDeafAfterClose: a peer that takes nothing has its socket closed when the
// write deadline has passed, and not sooner. Until then it is counted, and
// Shutdown, which waits for it, cuts it when its context ends.
func TestDeafAfterClose(t *testing.T) {
	const limit = 1200 * time.Millisecond
	t.Run("deadline", func(t *testing.T) {
		plainAndSecure(t, func(t *testing.T, secure bool) {
			s := serveSlow(t, secure, ws.Options{WriteTimeout: limit, MaxConnections: 1}, gateway{})
			s.dial(t)
			keep(t, s.Server)
			begun := time.Now()
			s.All().Disconnect(4000, "enough")
			eventually(t, "only its socket is left", func() bool { return s.Lingering() == 1 })
			if _, res := s.try(t, slowThere); res == nil || res.StatusCode != 503 {
				t.Errorf("one too many beside a socket that is still there: %v", res)
			}
			eventually(t, "the socket is gone", func() bool { return free(s) })
			if took := time.Since(begun); took < limit {
				t.Errorf("gone after %v", took)
			}
			s.dial(t)
		})
	})
	t.Run("Shutdown", func(t *testing.T) {
		plainAndSecure(t, func(t *testing.T, secure bool) {
			s := serveSlow(t, secure, ws.Options{WriteTimeout: time.Hour}, gateway{})
			s.dial(t)
			keep(t, s.Server)
			s.All().Disconnect(4000, "enough")
			eventually(t, "only its socket is left", func() bool { return s.Lingering() == 1 })
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			defer cancel()
			begun := time.Now()
			if err := s.Shutdown(ctx); err != nil {
				t.Error(err)
			}
			if took := time.Since(begun); took < 100*time.Millisecond || took > 3*time.Second { // TLS would wait for 5 s
				t.Errorf("took %v", took)
			}
		})
	})
}

// TestFloodAfterClose: bytes that a peer sends to a connection that is closing
// are read up to a bound. Then TCP has it wait, whichever side began to close.
func TestFloodAfterClose(t *testing.T) {
	t.Run("portable", func(t *testing.T) {
		portable = true
		defer func() { portable = false }()
		floodAfterClose(t)
	})
	floodAfterClose(t)
}

func floodAfterClose(t *testing.T) {
	for name, end := range map[string]func(*slowSite, *peer){
		"Disconnect":   func(s *slowSite, _ *peer) { s.All().Disconnect(4000, "enough") },
		"broken frame": func(_ *slowSite, p *peer) { p.raw([]byte{text, 0}) },
	} {
		t.Run(name, func(t *testing.T) {
			plainAndSecure(t, func(t *testing.T, secure bool) {
				s := serveSlow(t, secure, ws.Options{WriteTimeout: time.Second}, gateway{})
				p := s.dial(t)
				keep(t, s.Server)
				end(s, p)
				eventually(t, "closing", func() bool { n, _ := s.Broadcast("e", 1); return n == 0 })
				flood := frame(binari, make([]byte, 32<<10))
				sent := 0
				for sent < 64<<20 {
					_ = p.conn.SetWriteDeadline(time.Now().Add(patience))
					n, err := p.conn.Write(flood)
					sent += n
					if err != nil {
						if errors.Is(err, os.ErrDeadlineExceeded) {
							t.Error("the socket stays although nothing is taken")
						}
						break
					}
				}
				if most := 1 << 20; sent > most {
					t.Errorf("%d KiB were taken", sent>>10)
				}
			})
		})
	}
}

// TestCloseAnswered: a peer that answers the Close, or has none to read, is not
// waited for, over TLS either.
func TestCloseAnswered(t *testing.T) {
	for name, f := range map[string]func(*slowSite, *peer){
		"answered": func(s *slowSite, p *peer) { s.All().Disconnect(4000, "enough"); p.wantClose(4000) },
		"answered, after it was behind": func(s *slowSite, p *peer) {
			_, _ = s.Broadcast("e", keptData(0))
			s.All().Disconnect(4000, "enough")
			p.want(kept(0))
			p.wantClose(4000)
		},
		"its own": func(_ *slowSite, p *peer) { p.sendClose(1000, ""); p.wantClose(1000) },
		"reset": func(s *slowSite, p *peer) {
			keep(p.t, s.Server)
			s.All().Disconnect(4000, "enough")
			if over, ok := p.conn.(interface{ NetConn() net.Conn }); ok {
				p.conn = over.NetConn()
			}
			_ = p.conn.(*net.TCPConn).SetLinger(0)
			_ = p.conn.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			plainAndSecure(t, func(t *testing.T, secure bool) {
				s := serveSlow(t, secure, ws.Options{WriteTimeout: time.Hour}, gateway{})
				p := s.dial(t)
				f(s, p)
				eventually(t, "the socket is gone", func() bool { return free(s) })
			})
		})
	}
}

// TestTurnedAwayTakesNothing: a peer that was refused by a Close has a second
// for it, and no more by taking nothing, however long others may.
func TestTurnedAwayTakesNothing(t *testing.T) {
	plainAndSecure(t, func(t *testing.T, secure bool) {
		asked := make(chan struct{})
		s := serveSlow(t, secure, ws.Options{AcceptThenClose: true, WriteTimeout: 3 * patience}, gateway{connGuards: []ws.ConnGuard{
			connGuard(func(u *ws.Upgrade) error {
				u.Header.Set("X-Long", strings.Repeat("x", 8*slowThere)) // more than its kernel has room for
				close(asked)
				return ws.NewError(ws.CodeForbidden, "no")
			}),
		}})
		conn := s.connect(t, slowThere)
		if _, err := io.WriteString(conn, request("")); err != nil {
			t.Fatal(err)
		}
		await(t, "the guard", asked)
		begun := time.Now()
		eventually(t, "its place is free", func() bool { return free(s) })
		if took := time.Since(begun); took < 900*time.Millisecond {
			t.Errorf("after %v", took)
		}
	})
}
