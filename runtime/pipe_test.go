package ws_test

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"testing/synctest"

	ws "github.com/wsgen/wsgen/runtime"
)

// pipeSite serves over net.Pipe, for tests whose clock is faked: in a synctest
// bubble real sockets would keep time from passing.
type pipeSite struct {
	*ws.Server
	handler http.Handler
	logs    *logs
	wrap    func(net.Conn) net.Conn // what the server gets in place of a pipe; nil: the pipe
}

func servePipe(t *testing.T, o ws.Options, g gateway) *pipeSite {
	t.Helper()
	logs := &logs{}
	o.Logger = slog.New(slog.NewTextHandler(logs, nil))
	s := ws.NewServer(o)
	t.Cleanup(func() {
		if t.Failed() { // in a bubble: what went on would be a panic, and the end of all other tests
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_ = s.Shutdown(ctx)
		}
	})
	return &pipeSite{Server: s, handler: ws.NewRouter(g.endpoint(s)), logs: logs}
}

// dial connects in memory. A net.Pipe has no buffer: a peer that does not read
// is stalled at once.
func (s *pipeSite) dial(t *testing.T, path string, header ...string) *peer {
	t.Helper()
	if overHTTP2 {
		p := newH2(t, s.pipe(), "example.com", 8).dial(path, header...)
		t.Cleanup(func() { _ = p.conn.Close() })
		return p
	}
	p, res := handshake(t, s.connect(), "example.com", path, header...)
	if p == nil {
		t.Fatalf("handshake refused: %s", res)
	}
	return p
}

// connect returns the client's end of a pipe, by which a request may come.
func (s *pipeSite) connect() net.Conn {
	client, server := net.Pipe()
	if s.wrap != nil {
		server = s.wrap(server)
	}
	go func() {
		r := bufio.NewReader(server)
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		req.RemoteAddr = "192.0.2.1:1234"
		s.handler.ServeHTTP(&hijack{conn: server, rw: bufio.NewReadWriter(r, bufio.NewWriter(server))}, req)
	}()
	return client
}

func (s *pipeSite) shutdown(t *testing.T) {
	t.Helper()
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	synctest.Wait()
}

// hijack is the ResponseWriter of a request over a pipe.
type hijack struct {
	conn net.Conn
	rw   *bufio.ReadWriter
	http.ResponseWriter
}

func (h *hijack) Hijack() (net.Conn, *bufio.ReadWriter, error) { return h.conn, h.rw, nil }
func (h *hijack) Header() http.Header                          { return http.Header{} }
func (h *hijack) WriteHeader(int)                              {}
func (h *hijack) Write(p []byte) (int, error)                  { return h.conn.Write(p) }
