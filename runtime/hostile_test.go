package ws_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// The hostile suite: each test attacks a server over real sockets, and then
// holds it to the same end: a connection that was there before answers, a new
// one does, and memory, goroutines and descriptors are back.

// siege is a server under attack.
type siege struct {
	*site
	t        *testing.T
	old      *peer // was there before
	heap     int
	files    int
	routines int
}

// heapSlack is what a server may hold on to, in bytes: caches and maps that
// have grown once. An attack that leaves something behind for each of its
// hundreds or thousands of connections exceeds it.
const heapSlack = 1 << 20

// besiege serves gateways, the first of which has an echo at /ws, with o's
// limits and an http.Server as it should be.
func besiege(t *testing.T, o ws.Options, gateways ...gateway) *siege {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := ws.NewServer(o)
	if portable {
		s.Portable()
	}
	var endpoints []*ws.Endpoint
	for _, g := range gateways {
		endpoints = append(endpoints, g.endpoint(s))
	}
	site := &site{Server: s, http: httptest.NewUnstartedServer(ws.NewRouter(endpoints...))}
	site.http.Config.ReadHeaderTimeout = 3 * time.Second // net/http bounds how long a request may take
	site.http.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	start(site.http)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		site.http.Close()
	})
	b := &siege{site: site, t: t}
	b.old = b.join()
	b.old.echoes()
	b.join().leave() // allocations that happen once have happened
	eventually(t, "one is left", func() bool { return s.Stats().Connections == 1 })
	b.heap, b.files, b.routines = heapInUse(), openFiles(t), runtime.NumGoroutine()
	return b
}

// over ends the attack.
func (s *siege) over() {
	t := s.t
	t.Helper()
	s.old.echoes()
	fresh := s.join()
	fresh.echoes()
	fresh.leave()
	// A client that begins to close is no connection any more, and closed only
	// when its hook has returned.
	eventually(t, "all but the old connection are gone, and their rooms", func() bool {
		st := s.Stats()
		return st.Connections == 1 && st.Rooms == 0 && st.Opened == st.Closed+1
	})
	// The http.Server has a goroutine and a descriptor for each handshake that
	// it still reads.
	eventually(t, "goroutines and descriptors are back", func() bool {
		return runtime.NumGoroutine() <= s.routines && openFiles(t) <= s.files
	})
	var heap int
	eventually(t, "memory is back", func() bool {
		heap = heapInUse()
		return heap <= s.heap+heapSlack
	})
	t.Logf("heap %d KiB, was %d", heap>>10, s.heap>>10)
	s.old.leave()
}

// run runs a part of the attack as a test of its own.
func (s *siege) run(name string, attack func(s *siege)) {
	s.t.Helper()
	s.t.Run(name, func(t *testing.T) {
		part := *s
		part.t = t
		attack(&part)
	})
}

// join connects; unlike dial it keeps nothing until the test ends.
func (s *siege) join(header ...string) *peer {
	s.t.Helper()
	if overHTTP2 {
		return newH2(s.t, s.connect(), s.http.Listener.Addr().String(), window).dial("/ws", header...)
	}
	p, res := handshake(s.t, s.connect(), s.http.Listener.Addr().String(), "/ws", header...)
	if p == nil {
		s.t.Fatalf("handshake refused: %s", res)
	}
	return p
}

// connect opens a socket, and says nothing.
func (s *siege) connect() net.Conn {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.http.Listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// echoes fails unless the peer gets an answer.
func (p *peer) echoes() {
	p.t.Helper()
	_ = p.conn.SetDeadline(time.Now().Add(patience))
	p.send(`{"event":"echo","id":"alive"}`)
	for { // pushes may be in front
		if got := p.next(); got == `{"event":"echo","id":"alive","data":null}` {
			return
		}
	}
}

// leave closes as the standard wants it.
func (p *peer) leave() {
	p.t.Helper()
	p.sendClose(1000, "")
	p.wantClose(ws.CloseNormal)
	_ = p.conn.Close()
}

// keepAlive answers pings of the old connection while an attack takes time,
// until the function that it returns is called.
func (s *siege) keepAlive() (stop func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			first, payload, err := s.old.read()
			if err != nil {
				return
			}
			if first == ping {
				_, _ = s.old.conn.Write(frame(pong, payload))
			}
		}
	}()
	return func() {
		_ = s.old.conn.SetReadDeadline(time.Unix(1, 0))
		<-done
		s.old.r = bufio.NewReader(s.old.conn)
		_ = s.old.conn.SetDeadline(time.Now().Add(patience))
	}
}

// swarm runs n attackers, a few at a time, and waits for them.
func swarm(n int, attack func(i int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range 8 {
		wg.Go(func() {
			for i := range next {
				attack(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

// heapInUse returns the heap once garbage, and the contents of pools, are
// collected.
func heapInUse() int {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// openFiles counts the process's descriptors, where the system tells.
func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil && runtime.GOOS == "linux" {
		t.Fatal(err)
	}
	return len(files)
}

// village returns the gateway that is attacked: it echoes, decodes anything,
// and lets its clients join what they like.
func village() gateway {
	g := lobby(nil)
	g.on["any"] = inline(func(c *ws.Call) error {
		var v any
		return c.DecodeNullable(&v)
	})
	g.on["typed"] = serial(func(c *ws.Call) error {
		var v struct {
			A int               `json:"a"`
			B []float64         `json:"b"`
			C map[string]string `json:"c"`
			D *json.RawMessage  `json:"d"`
		}
		return c.Decode(&v)
	})
	g.on["kick"] = inline(func(c *ws.Call) error { return c.Client().Close(ws.ClosePolicy, "out") })
	return g
}

// TestHostileHandshakes attacks by sockets that never become connections.
func TestHostileHandshakes(t *testing.T) {
	t.Run("slowloris", func(t *testing.T) {
		s := besiege(t, ws.Options{}, village())
		// Two hundred requests at once, each begun, and then a byte whenever
		// the server might have lost its patience.
		var attackers []net.Conn
		for range 200 {
			conn := s.connect()
			_, _ = io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: x\r\nX-Slow: ")
			attackers = append(attackers, conn)
		}
		s.join().leave() // others get in meanwhile
		swarm(len(attackers), func(i int) {
			conn := attackers[i]
			defer func() { _ = conn.Close() }()
			for end := time.Now().Add(patience); ; {
				_ = conn.SetDeadline(time.Now().Add(50 * time.Millisecond))
				if _, err := conn.Read(make([]byte, 512)); err != nil && !os.IsTimeout(err) {
					return
				}
				if time.Now().After(end) {
					t.Error("a request that never ends is read for ever")
					return
				}
				_, _ = conn.Write([]byte("x"))
			}
		})
		s.over()
	})
	t.Run("half a handshake and gone", func(t *testing.T) {
		s := besiege(t, ws.Options{}, village())
		request := "GET /ws HTTP/1.1\r\n" + upgradeLines + "\r\n"
		swarm(300, func(i int) {
			conn := s.connect()
			_, _ = io.WriteString(conn, request[:i%len(request)])
			if i%2 == 0 {
				_ = conn.(*net.TCPConn).SetLinger(0) // a reset
			}
			_ = conn.Close()
		})
		s.over()
	})
	t.Run("a handshake whose answer is not awaited", func(t *testing.T) {
		s := besiege(t, ws.Options{}, village())
		swarm(300, func(i int) {
			conn := s.connect()
			_, _ = io.WriteString(conn, "GET /ws HTTP/1.1\r\n"+upgradeLines+"\r\n"+string(frame(text, []byte(`{"event":"echo"}`))))
			if i%2 == 0 {
				_ = conn.(*net.TCPConn).SetLinger(0)
			}
			_ = conn.Close()
		})
		eventually(t, "they have come and gone", func() bool { return s.Stats().Connections == 1 })
		s.over()
	})
}

// TestHostileOrigins: a page of another site, in a dozen disguises, does not
// connect. It cannot tell from the answer whether its user might.
func TestHostileOrigins(t *testing.T) {
	s := besiege(t, ws.Options{Origins: []string{"https://app.example.com"}}, village())
	host := s.http.Listener.Addr().String()
	for _, origin := range []string{
		"null", "", "*", "file://", "http://evil.com", "https://evil.com", "http://" + host + ".evil.com", "http://evil.com/" + host,
		"http://" + host + "@evil.com", "http://evil.com#" + host, "http://evil.com?" + host, "http://" + host + "/",
		"http://" + host + "?", "http://" + host + "#", "http://user@" + host, "http:/" + host, "http:" + host, "//" + host, host,
		"ws://" + host, "wss://" + host, "http://" + host + ":80", "http://" + host + " http://evil.com", "http://evil.com http://" + host,
		"http://" + host + ",http://evil.com", "http://" + host + "\\.evil.com", "http://" + host + "%2eevil.com", "http://" + host + ".",
		"http://127.1" + strings.TrimPrefix(host, "127.0.0.1"), "http://0x7f.0.0.1" + strings.TrimPrefix(host, "127.0.0.1"),
		"http://localhost" + strings.TrimPrefix(host, "127.0.0.1"), "javascript:alert(1)", "http://\u0131" + host, "http://" + host + "\u200b",
		"https://app.example.com.evil.com", "https://app.example.com/", "https://app.example.com:444", "http://app.example.com",
		"https://app-example.com", "https://xapp.example.com", "https://evil.com/https://app.example.com", "https://app.example.com evil",
		strings.Repeat("http://evil.com", 20_000), // net/http takes a megabyte of headers
	} {
		conn, _, res := s.request(t, "GET /ws HTTP/1.1", upgradeLines+"Origin: "+origin+"\r\n", "")
		body, err := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusForbidden || err != nil || len(body) > 1000 || !json.Valid(body) {
			t.Errorf("origin %.100q: %s %.300s %v", origin, res.Status, body, err)
		}
		_ = conn.Close()
	}
	s.over()
}

// TestHeaderInjection: nothing of a request becomes a line of the answer, and a
// request that breaks the grammar of headers is refused.
func TestHeaderInjection(t *testing.T) {
	s := besiege(t, ws.Options{CompressAbove: 1}, village())
	for _, c := range []struct{ line, header string }{
		{"GET /ws HTTP/1.1\nX-Injected: 1", upgradeLines},
		{"GET /ws\rX-Injected: 1 HTTP/1.1", upgradeLines},
		{"GET /ws%0d%0aX-Injected:%201 HTTP/1.1", upgradeLines},
		{"GET /ws?a=%0d%0aX-Injected:%201 HTTP/1.1", upgradeLines},
		{"GET /ws HTTP/1.1", upgradeLines + "Sec-WebSocket-Protocol: a\rX-Injected: 1\r\n"},
		{"GET /ws HTTP/1.1", upgradeLines + "Sec-WebSocket-Protocol: a\r\n X-Injected: 1\r\n"},
		{"GET /ws HTTP/1.1", upgradeLines + "Sec-WebSocket-Protocol: a%0d%0aX-Injected: 1\r\n"},
		{"GET /ws HTTP/1.1", upgradeLines + "Sec-WebSocket-Protocol: a\x00\r\n"},
		{"GET /ws HTTP/1.1", upgradeLines + "Sec-WebSocket-Extensions: permessage-deflate; x=\"\\\rX-Injected: 1\"\r\n"},
		{"GET /ws HTTP/1.1", upgradeLines + "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=\"15\\\r\"\r\n"},
		{"GET /ws HTTP/1.1", upgradeLines + "Origin: http://x\rX-Injected: 1\r\n"},
		{"GET /ws HTTP/1.1", upgradeLines + "Origin: http://x\x0bX-Injected: 1\r\n"},
		{"GET /ws HTTP/1.1", strings.Replace(upgradeLines, "Host: x", "Host: x\rX-Injected: 1", 1) + "Origin: http://x\r\n"},
		{"GET /ws HTTP/1.1", strings.Replace(upgradeLines, "==", "==\rX-Injected: 1", 1)},
		{"GET /ws HTTP/1.1", upgradeLines + "X\r\nInjected: 1\r\n"},
		{"GET /ws HTTP/1.1", upgradeLines + "X-Injected : 1\r\n"},
		{"GET /ws HTTP/1.1", upgradeLines + "X-\u212anjected: 1\r\n"},
		{"GET /ws HTTP/1.1", strings.Replace(upgradeLines, "Upgrade: websocket", "Upgrade: websocket\nX-Injected: 1", 1)},
		{"GET /ws HTTP/1.1", upgradeLines + "Authorization: Bearer \"><script>\r\nSec-WebSocket-Protocol: \"><script>\r\n"},
	} {
		conn, _, res := s.request(t, c.line, c.header, "")
		for name, values := range res.Header {
			if strings.Contains(name, "Injected") || strings.Contains(strings.Join(values, ""), "Injected") {
				t.Errorf("%q %q: the answer has %s: %q", c.line, c.header, name, values)
			}
		}
		if res.StatusCode != http.StatusSwitchingProtocols {
			body, _ := io.ReadAll(res.Body)
			if strings.Contains(string(body), "<script>") || res.StatusCode < 400 {
				t.Errorf("%q %q: %s %s", c.line, c.header, res.Status, body)
			}
		}
		_ = conn.Close()
	}
	s.over()
}

// lines fails unless everything in a log is a line of its own making.
func (l *logs) lines(t *testing.T) {
	t.Helper()
	for line := range strings.Lines(l.String()) {
		if !strings.HasPrefix(line, "time=") {
			t.Errorf("the log has a line that is a client's: %.200q", line)
		}
	}
}
