package ws_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// patientGateway is a gateway whose connect hook asks its context and then
// waits: for the context with ?mind, else for goOn.
type patientGateway struct {
	gateway
	waits, goOn chan struct{}
	ended       chan error
	closed      chan ws.Closed
}

func newPatient() *patientGateway {
	w := &patientGateway{waits: make(chan struct{}, 10), goOn: make(chan struct{}), ended: make(chan error, 10), closed: make(chan ws.Closed, 10)}
	w.gateway = gateway{
		on: map[string]handler{"echo": inline(echo)},
		connect: func(ctx context.Context, _ *ws.Client, r *http.Request) (any, error) {
			over := ctx.Done()
			w.waits <- struct{}{}
			if !r.URL.Query().Has("mind") {
				<-w.goOn
				return nil, nil
			}
			<-over
			w.ended <- ctx.Err()
			return nil, ctx.Err()
		},
		disconnect: func(_ context.Context, _ *ws.Client, _ any, c ws.Closed) { w.closed <- c },
	}
	return w
}

// TestHTTP2CutInHook: a Shutdown whose time is up cuts a stream whose connect
// hook has not returned. ServeHTTP returns then, and no answer is written any
// more: net/http's side of it must not be touched, on pain of the process.
func TestHTTP2CutInHook(t *testing.T) {
	if !served(t) {
		return
	}
	viaHTTP2(t)
	w := newPatient()
	server := ws.NewServer(ws.Options{})
	router := ws.NewRouter(w.endpoint(server))
	returned := make(chan struct{})
	s := &site{Server: server, http: httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(returned)
		router.ServeHTTP(w, r)
	}))}
	start(s.http)
	defer s.http.Close()
	c := s.rawH2(t, window)
	c.connect(1, "/ws", 0)
	await(t, "the hook waits", w.waits)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := server.Shutdown(over); err == nil {
		t.Error("nothing was held")
	}
	await(t, "ServeHTTP returns", returned)
	c.wantEnd(1)
	close(w.goOn)
	if err := server.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if got := await(t, "the end", w.closed); got.Code != ws.CloseAway {
		t.Errorf("%+v", got)
	}
}

// wantEnd reads up to where a stream ends.
func (c *rawH2) wantEnd(stream uint32) {
	c.t.Helper()
	for {
		if f := c.next(); f.stream == stream && (f.kind == h2Reset || f.flags&h2End != 0) {
			return
		}
	}
}

// TestHTTP2WriterPanics: a ResponseWriter of a middleware's that panics costs
// the connection, on net/http's goroutine, and its place is free once.
func TestHTTP2WriterPanics(t *testing.T) {
	if !served(t) {
		return
	}
	viaHTTP2(t)
	for _, method := range []string{"Header", "WriteHeader", "Write"} {
		t.Run(method, func(t *testing.T) {
			g, _ := causes()
			server := ws.NewServer(ws.Options{MaxConnections: 1})
			router := ws.NewRouter(g.endpoint(server))
			var even atomic.Bool
			s := &site{Server: server, http: httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !even.Load() {
					w = &panicky{ResponseWriter: w, control: http.NewResponseController(w), method: method}
				}
				router.ServeHTTP(w, r)
			}))}
			start(s.http)
			defer s.http.Close()
			for range 3 {
				c := s.rawH2(t, window)
				c.connect(1, "/ws", 0)
				if c.accepted(1) {
					c.send(h2Data, 0, 1, frame(text, []byte(`{"event":"echo"}`)))
				}
				_ = c.conn.Close()
				eventually(t, "its place is free", func() bool { return server.Held() == 0 })
			}
			even.Store(true)
			s.dial(t, "/ws").leave()
			if err := server.Shutdown(t.Context()); err != nil || server.Held() != 0 {
				t.Errorf("%d left: %v", server.Held(), err)
			}
		})
	}
}

// panicky is a ResponseWriter one of whose methods panics, and that wraps no
// other.
type panicky struct {
	http.ResponseWriter
	control *http.ResponseController
	method  string
	headers int
}

func (w *panicky) do(method string) {
	if w.method == method {
		panic(http.ErrAbortHandler) // which net/http does not log
	}
}

// Header is called by the Endpoint before the stream calls it.
func (w *panicky) Header() http.Header {
	if w.headers++; w.headers > 1 {
		w.do("Header")
	}
	return w.ResponseWriter.Header()
}

func (w *panicky) WriteHeader(status int) {
	w.do("WriteHeader")
	w.ResponseWriter.WriteHeader(status)
}

func (w *panicky) Write(p []byte) (int, error) {
	w.do("Write")
	return w.ResponseWriter.Write(p)
}

func (w *panicky) FlushError() error                     { return w.control.Flush() }
func (w *panicky) SetReadDeadline(until time.Time) error { return w.control.SetReadDeadline(until) }
func (w *panicky) SetWriteDeadline(until time.Time) error {
	return w.control.SetWriteDeadline(until)
}
