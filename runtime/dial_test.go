package ws_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of these tests; it is long, since a machine may
// be busy, and never waited out when all is well.
const patience = 20 * time.Second

// gateway is a hand-made gateway: it stands for generated code, for handlers
// that are functions.
type gateway struct {
	path       string
	on         map[string]handler
	connect    func(context.Context, *ws.Client, *http.Request) (any, error)
	disconnect func(context.Context, *ws.Client, any, ws.Closed)
	connGuards []ws.ConnGuard
	guards     []ws.MessageGuard
	configure  func(*ws.Options)
	contract   string // Spec.Contract
}

type handler struct {
	mode   ws.Mode
	guards []ws.MessageGuard
	params []string
	noData bool
	stream bool
	within time.Duration // Handler.Timeout
	most   int           // Handler.Max
	errors []ws.Code
	call   func(*ws.Call) error
}

func inline(f func(*ws.Call) error) handler { return handler{call: f} }
func serial(f func(*ws.Call) error) handler { return handler{call: f, mode: ws.Serial} }
func stream(f func(*ws.Call) error) handler {
	return handler{call: f, mode: ws.Serial, stream: true}
}

func (g gateway) endpoint(s *ws.Server) *ws.Endpoint {
	if g.path == "" {
		g.path = "/ws"
	}
	spec := ws.Spec{
		Gateway: "test.Gateway", Path: g.path, Connect: g.connect, Disconnect: g.disconnect,
		ConnGuards: g.connGuards, Guards: g.guards, Configure: g.configure, Contract: g.contract,
	}
	var calls []func(*ws.Call) error
	for event, h := range g.on {
		spec.Handlers = append(spec.Handlers, ws.Handler{
			Event: event, Mode: h.mode, Guards: h.guards, Params: h.params, NoData: h.noData, Stream: h.stream, Timeout: h.within, Max: h.most, Errors: h.errors,
		})
		calls = append(calls, h.call)
	}
	spec.Lookup = func(event []byte) int {
		for i := range spec.Handlers {
			if spec.Handlers[i].Event == string(event) {
				return i
			}
		}
		return -1
	}
	spec.Call = func(i int, c *ws.Call) error { return calls[i](c) }
	return ws.NewEndpoint(s, spec)
}

// portable has serve's Servers take the way of systems and transports where
// the runtime makes no system calls itself.
var portable bool

// TestPortable runs the tests that depend on how bytes travel once more, that
// way.
func TestPortable(t *testing.T) {
	portable = true
	defer func() { portable = false }()
	t.Run("Protocol", TestProtocol)
	t.Run("Verbs", TestVerbs)
	t.Run("AfterClose", TestAfterClose)
	t.Run("HostileFrames", TestHostileFrames)
	t.Run("FirstFrameWithRequest", TestFirstFrameWithRequest)
	t.Run("PeerCloses", TestPeerCloses)
	t.Run("ServerCloses", TestServerCloses)
	t.Run("Panics", TestPanics)
	t.Run("OneOrder", TestOneOrder)
	t.Run("Shutdown", TestShutdown)
	t.Run("DrainLosesNothing", TestDrainLosesNothing)
	t.Run("Churn", TestChurn)
	t.Run("StrictFrames", TestStrictFrames)
	t.Run("FramesWithRequest", TestFramesWithRequest)
	t.Run("LongMessages", TestLongMessages)
	t.Run("HostilePings", TestHostilePings)
	t.Run("HostileDeaf", TestHostileDeaf)
	t.Run("HostileKill", TestHostileKill)
	t.Run("Connect", TestConnect)
	t.Run("SessionStates", TestSessionStates)
	t.Run("Counting", TestCounting)
	t.Run("Goaway", TestGoaway)
}

// site is a running HTTP server with gateways on one ws.Server.
type site struct {
	*ws.Server
	http   *httptest.Server
	router *ws.Router
	logs   *logs
}

func serve(t *testing.T, o ws.Options, gateways ...gateway) *site {
	t.Helper()
	return serveBy(t, start, o, gateways...)
}

// serveBy is serve for a server that is started in a way.
func serveBy(t *testing.T, start func(*httptest.Server), o ws.Options, gateways ...gateway) *site {
	t.Helper()
	logs := &logs{}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	s := ws.NewServer(watched(t, o))
	if portable {
		s.Portable()
	}
	var endpoints []*ws.Endpoint
	for _, g := range gateways {
		endpoints = append(endpoints, g.endpoint(s))
	}
	router := ws.NewRouter(endpoints...)
	st := &site{Server: s, http: httptest.NewUnstartedServer(router), router: router, logs: logs}
	st.http.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if secure, ok := c.(*tls.Conn); ok {
			c = secure.NetConn()
		}
		_ = c.(*net.TCPConn).SetWriteBuffer(32 << 10) // a peer that stalls is felt soon
		return ctx
	}
	start(st.http)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		st.http.Close()
		watch(t, "the log", logs.String())
	})
	return st
}

// listen serves a handler of the test's own making.
func (s *site) listen(t *testing.T, h http.Handler) *site {
	t.Helper()
	s.http = httptest.NewUnstartedServer(h)
	if behindFront != nil {
		behindFront(s.http)
	}
	s.http.Start()
	t.Cleanup(func() {
		_ = s.Shutdown(context.Background())
		s.http.Close()
	})
	return s
}

// logs keeps what was logged.
type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// peer is a raw WebSocket client: it can send frames that no library would.
type peer struct {
	t      *testing.T
	conn   net.Conn
	r      *bufio.Reader
	header http.Header // of the handshake's answer
	sid    string      // of its session, as $connected said
}

// dial connects to a path of the site, with header lines "Name: value".
func (s *site) dial(t *testing.T, path string, header ...string) *peer {
	t.Helper()
	p, res := s.try(t, path, header...)
	if p == nil {
		t.Fatalf("handshake refused: %s", res)
	}
	return p
}

// try is dial for a handshake that may be refused. Then it returns the answer.
func (s *site) try(t *testing.T, path string, header ...string) (*peer, *refused) {
	t.Helper()
	if overHTTP2 {
		return s.h2(t, window).try(path, header...)
	}
	conn, err := net.Dial("tcp", s.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return handshake(t, conn, s.http.Listener.Addr().String(), path, header...)
}

// refused is the answer to a handshake that became no connection.
type refused struct {
	*http.Response
	body string
}

func (r *refused) String() string { return r.Status + "\n" + r.body }

func handshake(t *testing.T, conn net.Conn, host, path string, header ...string) (*peer, *refused) {
	t.Helper()
	lines := append([]string{
		"GET " + path + " HTTP/1.1", "Host: " + host, "Connection: keep-alive, Upgrade", "Upgrade: websocket",
		"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
	}, header...)
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(res.Body)
		return nil, &refused{res, string(body)}
	}
	if got := res.Header.Get("Sec-WebSocket-Accept"); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Fatalf("accept key %q", got)
	}
	return &peer{t: t, conn: conn, r: r, header: res.Header}, nil
}

// raw sends bytes as they are.
func (p *peer) raw(b []byte) {
	p.t.Helper()
	if _, err := p.conn.Write(b); err != nil {
		p.t.Fatalf("write: %v", err)
	}
}

// frame returns a client's frame, masked.
func frame(first byte, payload []byte) []byte {
	mask := [4]byte{1, 2, 3, 4}
	out := []byte{first}
	switch n := len(payload); {
	case n < 126:
		out = append(out, 0x80|byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, 0x80|126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 0x80|127), uint64(n))
	}
	out = append(out, mask[:]...)
	for i, b := range payload {
		out = append(out, b^mask[i%4])
	}
	return out
}

// pieces returns a message in two fragments, for which gws comes in. It takes whole
// frames from then on, too.
func pieces(message string) []byte {
	half := len(message) / 2
	return append(frame(0x01, []byte(message[:half])), frame(0x80, []byte(message[half:]))...)
}

const (
	text   = 0x81
	binari = 0x82
	closes = 0x88
	ping   = 0x89
	pong   = 0x8a
)

func (p *peer) send(format string, args ...any) {
	p.t.Helper()
	p.raw(frame(text, fmt.Appendf(nil, format, args...)))
}

// sendClose sends a Close frame with a code.
func (p *peer) sendClose(code uint16, reason string) {
	p.t.Helper()
	p.raw(frame(closes, append(binary.BigEndian.AppendUint16(nil, code), reason...)))
}

// read returns the next frame of the server's, which are never masked or
// fragmented.
func (p *peer) read() (first byte, payload []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(p.r, head[:]); err != nil {
		return 0, nil, err
	}
	n := uint64(head[1])
	switch head[1] {
	case 126:
		var b [2]byte
		_, err = io.ReadFull(p.r, b[:])
		n = uint64(binary.BigEndian.Uint16(b[:]))
	case 127:
		var b [8]byte
		_, err = io.ReadFull(p.r, b[:])
		n = binary.BigEndian.Uint64(b[:])
	}
	if err != nil {
		return 0, nil, err
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(p.r, payload)
	return head[0], payload, err
}

// next returns the next text, and fails on anything else but pings, which it
// answers.
func (p *peer) next() string {
	p.t.Helper()
	for {
		first, payload, err := p.read()
		switch {
		case err != nil:
			p.t.Fatalf("reading a message: %v", err)
		case first == ping:
			p.raw(frame(pong, payload))
		case first == text:
			return p.withoutSID(string(payload))
		default:
			p.t.Fatalf("want a message, got frame %#x %.200q", first, payload)
		}
	}
}

// withoutSID notes the sid of $connected, and returns the text without it.
func (p *peer) withoutSID(text string) string {
	const begins = `{"event":"$connected","data":{`
	rest, is := strings.CutPrefix(text, begins+`"sid":"`)
	if !is {
		return text
	}
	p.sid, rest, _ = strings.Cut(rest, `",`)
	return begins + rest
}

// want fails unless these texts come next.
func (p *peer) want(texts ...string) {
	p.t.Helper()
	for _, want := range texts {
		if got := p.next(); got != want {
			p.t.Fatalf("got  %.500s\nwant %.500s", got, want)
		}
	}
}

// wantClose reads up to the Close frame, answers it, and checks that the server
// closes the socket then.
func (p *peer) wantClose(code ws.CloseCode) (reason string) {
	p.t.Helper()
	for {
		first, payload, err := p.read()
		if err != nil {
			p.t.Fatalf("want Close %d, got %v", code, err)
		}
		if first != closes {
			continue
		}
		if len(payload) < 2 {
			p.t.Fatalf("Close without a code, want %d", code)
		}
		got := ws.CloseCode(binary.BigEndian.Uint16(payload))
		if got != code {
			p.t.Fatalf("closed with %d %q, want %d", got, payload[2:], code)
		}
		_, _ = p.conn.Write(frame(closes, payload[:2])) // may be gone already
		p.wantEOF()
		return string(payload[2:])
	}
}

func (p *peer) wantEOF() {
	p.t.Helper()
	for {
		if _, _, err := p.read(); err != nil {
			if !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset") && !strings.Contains(err.Error(), "INTERNAL_ERROR") && !errors.Is(err, io.ErrClosedPipe) {
				p.t.Fatalf("the socket should be closed by the server, got %v", err)
			}
			return
		}
	}
}

// eventually waits for a condition that other goroutines bring about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	patiently(t, patience, what, ok)
}

// patiently is eventually with a patience of its own.
func patiently(t *testing.T, patience time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never came true: %s", what)
		}
	}
}

// await returns the next value of a channel.
func await[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("never came: %s", what)
		panic("unreachable")
	}
}

// echo replies with its own data.
func echo(c *ws.Call) error {
	var data json.RawMessage
	if err := c.DecodeNullable(&data); err != nil {
		return err
	}
	return c.Reply(&data)
}

func nothing(*ws.Call) error { return nil }
