//go:build linux && !386

package ws_test

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// slowSite is a site whose kernel holds much for a peer, and whose peers'
// kernels hold little: a peer that reads slowly takes long to have room made.
type slowSite struct {
	*site
	secure bool
	pace   atomic.Int64 // bytes a second that the network to later peers takes; 0: as many as there are
}

const (
	slowHere  = 1 << 20 // bytes that the kernel holds, and as many again for its own needs
	slowThere = 8 << 10
)

// serveSlow serves plainly or over TLS.
func serveSlow(t *testing.T, secure bool, o ws.Options, g gateway) *slowSite {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	server := ws.NewServer(o)
	if portable {
		server.Portable()
	}
	s := &slowSite{site: &site{Server: server, http: httptest.NewUnstartedServer(ws.NewRouter(g.endpoint(server)))}, secure: secure}
	s.http.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if over, ok := c.(*tls.Conn); ok {
			c = over.NetConn()
		}
		tcp := c.(*net.TCPConn)
		_, _ = tcp.SetWriteBuffer(slowHere), tcp.SetReadBuffer(slowThere)
		if pace := s.pace.Load(); pace > 0 {
			raw, err := tcp.SyscallConn()
			if err != nil {
				t.Error(err)
				return ctx
			}
			const maxPacingRate = 47 // SO_MAX_PACING_RATE
			_ = raw.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, maxPacingRate, int(pace)) })
			if err != nil {
				t.Error(err)
			}
		}
		return ctx
	}
	if secure {
		s.http.StartTLS()
	} else {
		s.http.Start()
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		s.http.Close()
	})
	return s
}

// dial connects a peer whose kernel holds little.
func (s *slowSite) dial(t *testing.T) *peer {
	t.Helper()
	p, res := s.try(t, slowThere)
	if p == nil {
		t.Fatal(res)
	}
	return p
}

// try is dial for a handshake that may be refused, and a kernel that holds room
// bytes.
func (s *slowSite) try(t *testing.T, room int) (*peer, *refused) {
	t.Helper()
	return handshake(t, s.connect(t, room), "example.com", "/ws")
}

// connect connects without a request. The packets to the peer are as long as on
// most networks: those of the loopback are larger than its room.
func (s *slowSite) connect(t *testing.T, room int) net.Conn {
	t.Helper()
	d := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) {
			_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, 1400)
			_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, room)
			_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF, slowThere)
		})
	}}
	tcp, err := d.Dial("tcp", s.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tcp.Close() })
	if s.secure {
		return tls.Client(tcp, &tls.Config{InsecureSkipVerify: true})
	}
	return tcp
}

// plainAndSecure runs f plainly and over TLS, at once.
func plainAndSecure(t *testing.T, f func(t *testing.T, secure bool)) {
	t.Run("both", func(t *testing.T) {
		for name, secure := range map[string]bool{"plain": false, "TLS": true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f(t, secure)
			})
		}
	})
}

// TestSlowReaderLives: a peer that takes 100 KB a second of a feed of any size
// is not closed, though its kernel's room comes back later than the deadline,
// and though it answers no ping: taking something is a sign of life. When it
// stops it is closed, and not sooner than said.
func TestSlowReaderLives(t *testing.T) {
	plainAndSecure(t, func(t *testing.T, secure bool) {
		const limit = 700 * time.Millisecond
		closed := make(chan ws.Closed, 1)
		s := serveSlow(t, secure, ws.Options{WriteTimeout: limit, IdleTimeout: 3 * limit, PingInterval: limit}, gateway{
			disconnect: func(_ context.Context, _ *ws.Client, _ any, c ws.Closed) { closed <- c },
		})
		p := s.dial(t)
		stop := feed(t, s.Server)
		defer stop()
		p.slowly(t, 100_000)
		begun, last := time.Now(), time.Now()
		for read := 0; time.Since(begun) < 6*limit; {
			n, err := p.r.Discard(4 << 10)
			if read += n; err != nil {
				t.Fatalf("after %v and %d bytes: %v", time.Since(begun), read, err)
			}
			last = time.Now()
		}
		select {
		case c := <-closed:
			t.Fatalf("closed with %+v", c)
		default:
		}
		if c := await(t, "the end of a peer that stopped reading", closed); c.Code != ws.ClosePolicy || c.Remote {
			t.Errorf("closed with %+v", c)
		}
		// Its kernel may have told of room a little before it read for the last time.
		if took := time.Since(last); took < limit*2/3 {
			t.Errorf("closed %v after it had read", took)
		}
	})
}

// feed pushes more than a slow reader takes, until it is stopped. It begins
// with as much as the kernel and the outbox hold.
func feed(t *testing.T, s *ws.Server) (stop func()) {
	text := strings.Repeat("x", 4<<10)
	refused := 0
	eventually(t, "everything is full, and stays so", func() bool {
		for n := 1; n > 0; refused++ {
			if n, _ = s.Broadcast("tick", text); n > 0 {
				refused = 0
			}
		}
		return refused > 20
	})
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(2 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				_, _ = s.Broadcast("tick", text)
			}
		}
	}()
	return sync.OnceFunc(func() { close(done); <-ended })
}

// TestLongReplyToSlowReader: a reply that takes many times the deadlines to
// read arrives, whole.
func TestLongReplyToSlowReader(t *testing.T) {
	plainAndSecure(t, func(t *testing.T, secure bool) {
		const limit = 700 * time.Millisecond
		reply := strings.Repeat("0123456789abcdef", 5<<19/16)
		s := serveSlow(t, secure, ws.Options{WriteTimeout: limit}, gateway{
			on: map[string]handler{"get": inline(func(c *ws.Call) error { return c.Reply(&reply) })},
		})
		p := s.dial(t)
		p.send(`{"event":"get","id":1}`)
		p.slowly(t, 700_000)
		if got := p.next(); got != `{"event":"get","id":1,"data":"`+reply+`"}` {
			t.Errorf("%d bytes, %.60q", len(got), got)
		}
	})
}

// TestStopsReadingMidway: a peer is closed when it has taken nothing at all for
// the deadline, also when the socket has taken a part, and when it was reading
// before.
func TestStopsReadingMidway(t *testing.T) {
	plainAndSecure(t, func(t *testing.T, secure bool) {
		const limit = time.Second
		closed := make(chan time.Time, 1)
		s := serveSlow(t, secure, ws.Options{WriteTimeout: limit}, gateway{
			disconnect: func(context.Context, *ws.Client, any, ws.Closed) { closed <- time.Now() },
		})
		p := s.dial(t)
		begun := time.Now()
		if n, err := s.Broadcast("e", strings.Repeat("x", 8<<20)); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if _, err := p.r.Discard(20 << 10); err != nil {
			t.Fatal(err)
		}
		if took := await(t, "the end of a peer that took a part", closed).Sub(begun); took < limit {
			t.Errorf("closed after %v", took)
		}
		if n := s.Stats().Slow; n != 1 {
			t.Errorf("%d connections counted as slow", n)
		}
	})
}
