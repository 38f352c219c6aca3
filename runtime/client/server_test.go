package wsclient_test

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// handler is one event of a gateway that is made by hand.
type handler struct {
	mode   ws.Mode
	stream bool
	call   func(*ws.Call) error
}

func inline(f func(*ws.Call) error) handler   { return handler{call: f} }
func serial(f func(*ws.Call) error) handler   { return handler{call: f, mode: ws.Serial} }
func parallel(f func(*ws.Call) error) handler { return handler{call: f, mode: ws.Parallel} }
func stream(f func(*ws.Call) error) handler {
	return handler{call: f, mode: ws.Serial, stream: true}
}

// gateway stands for generated code, for handlers that are functions.
type gateway struct {
	on      map[string]handler
	guard   func(*ws.Upgrade) error
	connect func(*ws.Client) error
	over    func(*ws.Client, ws.Closed)
}

type connGuard func(*ws.Upgrade) error

func (g connGuard) GuardConn(u *ws.Upgrade) error { return g(u) }

func (g gateway) endpoint(s *ws.Server) *ws.Endpoint {
	spec := ws.Spec{Gateway: "test.Gateway", Path: "/ws"}
	if g.guard != nil {
		spec.ConnGuards = []ws.ConnGuard{connGuard(g.guard)}
	}
	if g.connect != nil {
		spec.Connect = func(_ context.Context, c *ws.Client, _ *http.Request) (any, error) { return nil, g.connect(c) }
	}
	if g.over != nil {
		spec.Disconnect = func(_ context.Context, c *ws.Client, _ any, why ws.Closed) { g.over(c, why) }
	}
	var calls []func(*ws.Call) error
	for event, h := range g.on {
		spec.Handlers = append(spec.Handlers, ws.Handler{Event: event, Mode: h.mode, Stream: h.stream})
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

// site is a running HTTP server with a gateway.
type site struct {
	*ws.Server
	http *httptest.Server
	url  string
}

// serve serves a gateway over TCP.
func serve(t testing.TB, o ws.Options, g gateway) *site {
	t.Helper()
	return serveBy(t, (*httptest.Server).Start, o, g)
}

// serveBy is serve for a server that is started in a way.
func serveBy(t testing.TB, start func(*httptest.Server), o ws.Options, g gateway) *site {
	t.Helper()
	if o.Logger == nil {
		o.Logger = (&logs{}).logger()
	}
	s := &site{Server: ws.NewServer(o)}
	s.http = httptest.NewUnstartedServer(ws.NewRouter(g.endpoint(s.Server)))
	s.http.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes of TLS that are cut
	s.http.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetWriteBuffer(32 << 10) // what is not read is felt soon
		}
		return ctx
	}
	start(s.http)
	s.url = strings.Replace(s.http.URL, "http", "ws", 1)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		s.http.Close()
	})
	return s
}

// echo replies with its own data.
func echo(c *ws.Call) error {
	var data json.RawMessage
	if err := c.DecodeNullable(&data); err != nil {
		return err
	}
	return c.Reply(&data)
}
