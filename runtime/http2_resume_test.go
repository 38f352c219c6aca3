package ws_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// stuckStream is net/http's side of a stream of HTTP/2. Its writes wait when it is
// told so, whatever the deadline.
type stuckStream struct {
	header http.Header

	mu      sync.Mutex
	written bytes.Buffer  // guarded by mu
	gate    chan struct{} // guarded by mu; nil: writes do not wait
	waits   chan struct{} // a write does
}

func (w *stuckStream) Header() http.Header              { return w.header }
func (w *stuckStream) WriteHeader(int)                  {}
func (w *stuckStream) Flush()                           {}
func (w *stuckStream) SetReadDeadline(time.Time) error  { return nil }
func (w *stuckStream) SetWriteDeadline(time.Time) error { return nil }
func (w *stuckStream) stick(gate chan struct{})         { w.mu.Lock(); defer w.mu.Unlock(); w.gate = gate }

func (w *stuckStream) has(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Contains(w.written.Bytes(), []byte(text))
}

func (w *stuckStream) begins() (gate chan struct{}) { w.mu.Lock(); defer w.mu.Unlock(); return w.gate }

func (w *stuckStream) ends(p []byte) (n int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.written.Write(p)
}

func (w *stuckStream) Write(p []byte) (n int, err error) {
	if gate := w.begins(); gate != nil {
		w.waits <- struct{}{}
		<-gate
	}
	return w.ends(p)
}

// TestResumedStreamIsWaitedFor: a session that goes on over a stream of HTTP/2 is not
// done with before the goroutine of ServeHTTP is, and Shutdown says so.
func TestResumedStreamIsWaitedFor(t *testing.T) {
	detached := make(chan struct{}, 1)
	s := serve(t, ws.Options{Observer: ws.Observer{Detached: func(*ws.Client, ws.Closed) { detached <- struct{}{} }}}, gateway{})
	p := s.session(t, "/ws")
	_ = p.conn.Close()
	await(t, "that it has no socket", detached)
	body, say := io.Pipe()
	w := &stuckStream{header: http.Header{}, waits: make(chan struct{}, 1)}
	served := make(chan struct{})
	go func() {
		defer close(served)
		s.router.ServeHTTP(w, &http.Request{
			Method: http.MethodConnect, URL: &url.URL{Path: "/ws"}, RequestURI: "/ws", Proto: "HTTP/2.0", ProtoMajor: 2, Host: "example.com",
			Header: http.Header{":protocol": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Protocol": {"wsgen.v1.json"}},
			Body:   body, ContentLength: -1, RemoteAddr: "192.0.2.1:1234",
		})
	}()
	if _, err := say.Write(frame(text, fmt.Appendf(nil, `{"event":"$connect","data":{"resume":{"sid":%q,"seq":0}}}`, p.sid))); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it goes on", func() bool { return w.has(`"resumed":true`) })
	gate := make(chan struct{})
	w.stick(gate)
	if n, err := s.Broadcast("push", 1); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	await(t, "the write", w.waits)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); err == nil || s.Held() != 1 {
		t.Errorf("Shutdown does not wait for ServeHTTP: %v, %d left", err, s.Held())
	}
	close(gate)
	await(t, "the end of ServeHTTP", served)
	if err := s.Shutdown(t.Context()); err != nil || s.Held() != 0 {
		t.Errorf("%v, %d left", err, s.Held())
	}
}
