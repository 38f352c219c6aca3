package ws_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/fixture"
	"github.com/wsgen/wsgen/runtime/wsjson"
)

// bursting serves a gateway on one kind of connection.
type bursting struct {
	*ws.Server
	dial func() *peer
}

// transport serves a gateway on one kind of connection.
type transport func(t *testing.T, o ws.Options, g gateway) *bursting

// transports are the kinds of connections that are written to differently.
var transports = map[string]transport{
	"plain":    func(t *testing.T, o ws.Options, g gateway) *bursting { return burstTCP(t, o, g, false) },
	"portable": func(t *testing.T, o ws.Options, g gateway) *bursting { return burstTCP(t, o, g, true) },
	"tls": func(t *testing.T, o ws.Options, g gateway) *bursting {
		s := ws.NewServer(o)
		site := httptest.NewTLSServer(ws.NewRouter(g.endpoint(s)))
		ends(t, s, site.Close)
		return &bursting{s, func() *peer {
			conn, err := tls.Dial("tcp", site.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
			if err != nil {
				t.Fatal(err)
			}
			return burstPeer(t, conn)
		}}
	},
	"pipe": func(t *testing.T, o ws.Options, g gateway) *bursting {
		s := ws.NewServer(o)
		site := &pipeSite{Server: s, handler: ws.NewRouter(g.endpoint(s))}
		ends(t, s, func() {})
		return &bursting{s, func() *peer { return site.dial(t, "/ws") }}
	},
}

func burstTCP(t *testing.T, o ws.Options, g gateway, portable bool) *bursting {
	s := ws.NewServer(o)
	if portable {
		s.Portable()
	}
	site := httptest.NewServer(ws.NewRouter(g.endpoint(s)))
	ends(t, s, site.Close)
	return &bursting{s, func() *peer {
		conn, err := net.Dial("tcp", site.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return burstPeer(t, conn)
	}}
}

func burstPeer(t *testing.T, conn net.Conn) *peer {
	p, res := handshake(t, conn, "example.com", "/ws")
	if p == nil {
		t.Fatal(res)
	}
	return p
}

func ends(t *testing.T, s *ws.Server, then func()) {
	t.Cleanup(func() {
		for c := range s.All().Clients() {
			_ = c.Close(ws.CloseNormal, "")
		}
		if err := s.Shutdown(t.Context()); err != nil && !errors.Is(err, t.Context().Err()) {
			t.Error(err)
		}
		then()
		eventually(t, "nothing counts when nobody is left", func() bool { return s.Stats().Outboxes == 0 })
	})
}

// number sends numbers from 0 on, as an implementation of wsgen's would.
type number struct{ to ws.Target }

func (e number) number(i int) (int, error) { return e.to.Emit("e", i) }

// ways are the ways to push a number to a client, which is alone in room "all".
var ways = map[string]func(s *ws.Server, c *ws.Client, o ws.Overflow) func(i int) error{
	"room": func(s *ws.Server, _ *ws.Client, o ws.Overflow) func(int) error {
		return func(i int) error {
			n, err := s.In("all").Overflow(o).Emit("e", i)
			if n == 0 && err == nil {
				err = errors.New("nobody took it")
			}
			return err
		}
	},
	"Emit": func(_ *ws.Server, c *ws.Client, _ ws.Overflow) func(int) error {
		return func(i int) error { return c.Emit("e", i) }
	},
	"typed": func(s *ws.Server, c *ws.Client, o ws.Overflow) func(int) error {
		to := ws.NewPush(s, func(t ws.Target) number { return number{t} }).Overflow(o).Client(c)
		return func(i int) error { _, err := to.number(i); return err }
	},
}

// count reads n numbers, in order.
func (p *peer) count(n int) error {
	for i := 0; i < n; {
		first, payload, err := p.read()
		if err != nil {
			return fmt.Errorf("after %d of %d: %w", i, n, err)
		}
		if first != text {
			continue
		}
		if string(payload) != `{"event":"e","data":`+strconv.Itoa(i)+`}` {
			return fmt.Errorf("number %d is %s", i, payload)
		}
		i++
	}
	return nil
}

// TestBurst: a client that reads loses nothing of a burst, however it is pushed
// and whatever the policy: a full outbox is written before anything is shed.
func TestBurst(t *testing.T) {
	for name, serve := range transports {
		for way, pushes := range ways {
			for _, policy := range []ws.Overflow{ws.ShedNewest, ws.ShedOldest, ws.CloseSlow} {
				t.Run(fmt.Sprintf("%s/%s/%d", name, way, policy), func(t *testing.T) {
					unlessStarved(t, name, func() error { return burst(t, serve, pushes, policy) })
				})
			}
		}
	}
}

// unlessStarved fails if trying does. Some connections do not tell whether
// their writer waits for the peer, so it gets a turn, and no more. Where other
// programs have the processors for longer it may miss that, but not each time.
func unlessStarved(t *testing.T, transport string, try func() error) {
	t.Helper()
	tries := 1
	switch transport {
	case "http2": // the writer is net/http, which tells as little
		tries = 5
	case "portable", "pipe":
		tries = 5
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	}
	var err error
	for range tries {
		if err = try(); err == nil {
			return
		}
	}
	t.Error(err)
}

// burst pushes a thousand numbers, and then ten thousand, to a client that reads.
func burst(t *testing.T, serve transport, pushes func(*ws.Server, *ws.Client, ws.Overflow) func(int) error, policy ws.Overflow) error {
	clients := make(chan *ws.Client, 1)
	s := serve(t, ws.Options{Overflow: policy, Logger: slog.New(slog.DiscardHandler)}, lobby(clients))
	p := s.dial()
	c := await(t, "the client", clients)
	if err := c.Join("all"); err != nil {
		return err
	}
	for _, n := range []int{1000, 10_000} {
		read := make(chan error, 1)
		go func() { read <- p.count(n) }()
		push := pushes(s.Server, c, policy)
		for i := range n {
			if err := push(i); err != nil {
				return fmt.Errorf("push %d of %d: %w, %+v", i, n, err, s.Stats())
			}
		}
		if st := s.Stats(); st.Shed+st.Slow+st.Replaced != 0 {
			return fmt.Errorf("of %d numbers some are lost: %+v", n, st)
		}
		if err := await(t, "all numbers", read); err != nil {
			return err
		}
	}
	return nil
}

// TestBurstBesideStalled: a peer that does not read costs the others in its
// room no push of a burst, and no push looks for room there twice.
func TestBurstBesideStalled(t *testing.T) {
	for name, serve := range transports {
		t.Run(name, func(t *testing.T) {
			unlessStarved(t, name, func() error { return burstBesideStalled(t, serve) })
		})
	}
}

func burstBesideStalled(t *testing.T, serve transport) error {
	clients := make(chan *ws.Client, 2)
	s := serve(t, ws.Options{Logger: slog.New(slog.DiscardHandler)}, lobby(clients))
	stalled, reads := s.dial(), s.dial()
	defer stalled.conn.Close() // else it would be closed when it is collected
	deaf := await(t, "the client", clients)
	for _, c := range []*ws.Client{deaf, await(t, "the client", clients)} {
		if err := c.Join("all"); err != nil {
			return err
		}
	}
	much := strings.Repeat("x", 30_000)
	eventually(t, "its socket is full", func() bool {
		for deaf.Emit("e", much) == nil {
		}
		return ws.LooksInVain(deaf) == "stalled"
	})
	before := s.Stats().Accepted
	const n = 10_000
	read := make(chan error, 1)
	go func() { read <- reads.count(n) }()
	for i := range n {
		if _, err := s.In("all").Emit("e", i); err != nil {
			return err
		}
	}
	if taken := s.Stats().Accepted - before; taken < n {
		return fmt.Errorf("%d of %d pushes are lost to who does not read", n-taken, n)
	} else if taken == n && ws.LooksInVain(deaf) != "stalled" {
		t.Error("a push to who does not read looks for room once more")
	}
	return await(t, "all numbers", read)
}

// TestErrFull: a push to one connection that is shed returns so, whatever the
// method. A method that cannot return it says in the log how it could.
func TestErrFull(t *testing.T) {
	clients := make(chan *ws.Client, 2)
	logs := &logs{}
	s := transports["pipe"](t, ws.Options{OutboxFrames: 2, Logger: slog.New(slog.NewTextHandler(logs, nil))}, lobby(clients))
	stalled := s.dial()
	c := await(t, "the client", clients)
	for s.Stats().Shed == 0 {
		_, _ = s.Broadcast("e", 0)
	}
	push := ws.NewPush(s.Server, func(t ws.Target) number { return number{t} })
	for name, again := range map[string]func() (int, error){
		"Server.Conn":   func() (int, error) { return s.Conn(c.ID()).Emit("e", 1) },
		"EmitJSON":      func() (int, error) { return ws.EmitJSON(s.Conn(c.ID()), "e", 1, wsjson.WriteInt[int]) },
		"Push.Client":   func() (int, error) { return push.Client(c).number(1) },
		"Push.Conn":     func() (int, error) { return push.Conn(c.ID()).number(1) },
		"Push.To":       func() (int, error) { return push.To(s.Conn(c.ID())).number(1) },
		"with a policy": func() (int, error) { return push.Coalesce("new").Client(c).number(1) },
	} {
		if n, err := again(); n != 0 || !errors.Is(err, ws.ErrFull) {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
	for name, several := range map[string]func() (int, error){
		"two":     func() (int, error) { return s.Conn(c.ID(), 1).Emit("e", 1) },
		"all":     func() (int, error) { return s.Broadcast("e", 1) },
		"nobody":  func() (int, error) { return s.Conn(1).Emit("e", 1) },
		"not him": func() (int, error) { return s.Conn(c.ID()).Except(c.ID()).Emit("e", 1) },
	} {
		if n, err := several(); n != 0 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
	const cure = "(int, error)"
	if strings.Contains(logs.String(), cure) {
		t.Errorf("told, and yet logged as if not:\n%s", logs)
	}
	_, _ = ws.Resultless(s.All()).Emit("e", 1)
	if strings.Contains(logs.String(), cure) {
		t.Errorf("the log has a cure for a push to everybody:\n%s", logs)
	}
	_, _ = ws.Resultless(s.Conn(c.ID())).Emit("e", 1)
	if strings.Count(logs.String(), cure) != 1 {
		t.Errorf("no cure in the log:\n%s", logs)
	}
	_ = stalled.conn.Close()
}

// TestResultless: a generated push method without results says in the log what
// its caller is not told, and how to change that.
func TestResultless(t *testing.T) {
	clients := make(chan *ws.Client, 1)
	logs := &logs{}
	s := transports["pipe"](t, ws.Options{OutboxFrames: 1, Logger: slog.New(slog.NewTextHandler(logs, nil))}, lobby(clients))
	stalled := s.dial()
	push := fixture.NewEventsPush(s.Server).Client(await(t, "the client", clients))
	push.Cleared()
	if strings.Contains(logs.String(), "shed") {
		t.Errorf("there was room:\n%s", logs)
	}
	push.Cleared()
	if !strings.Contains(logs.String(), "(int, error)") || !strings.Contains(logs.String(), "event=cleared") {
		t.Errorf("nobody learns what to do:\n%s", logs)
	}
	if err := push.ToAll("text"); !errors.Is(err, ws.ErrFull) {
		t.Error(err)
	}
	if n, err := push.Moved(fixture.Point{}); n != 0 || !errors.Is(err, ws.ErrFull) {
		t.Error(n, err)
	}
	if strings.Count(logs.String(), "(int, error)") != 1 {
		t.Errorf("told, and yet logged as if not:\n%s", logs)
	}
	_ = stalled.conn.Close()
}

// TestOneOrderInTinyOutboxes: the members of a room see concurrent pushes in
// one order, also where nearly each push finds an outbox full and writes it.
func TestOneOrderInTinyOutboxes(t *testing.T) {
	for name, serve := range transports {
		t.Run(name, func(t *testing.T) {
			const pushers, each = 4, 500
			clients := make(chan *ws.Client, 3)
			s := serve(t, ws.Options{OutboxFrames: 4, Logger: slog.New(slog.DiscardHandler)}, lobby(clients))
			var ps []*peer
			for range 3 {
				ps = append(ps, s.dial())
				if err := await(t, "the client", clients).Join("all"); err != nil {
					t.Fatal(err)
				}
			}
			var work sync.WaitGroup
			for i := range pushers {
				work.Go(func() {
					for j := range each {
						_, _ = s.EmitTo("all", "e", i*each+j)
					}
				})
			}
			read := make(chan []string, len(ps))
			for _, p := range ps {
				go func() {
					var got []string
					for {
						first, payload, err := p.read()
						if err != nil || first == closes {
							read <- got
							return
						}
						got = append(got, string(payload))
					}
				}()
			}
			work.Wait()
			s.All().Disconnect(ws.CloseNormal, "")
			place := map[string]int{} // in what the first has
			total := 0
			for i := range ps {
				got := await(t, "all that was pushed", read)
				total += len(got)
				last := -1
				for at, text := range got {
					if i == 0 {
						place[text] = at
					} else if was, known := place[text]; known {
						if was < last {
							t.Fatalf("%s comes before what it came behind elsewhere", text)
						}
						last = was
					}
				}
			}
			if st := s.Stats(); uint64(total) != st.Accepted || total+int(st.Shed) != pushers*each*len(ps) {
				t.Errorf("%d arrived, %+v", total, st)
			}
		})
	}
}
