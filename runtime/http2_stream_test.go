package ws_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// causes returns a gateway that echoes, and the causes with which its
// connections end.
func causes() (gateway, chan ws.Closed) {
	ended := make(chan ws.Closed, 300)
	return gateway{
		on:         map[string]handler{"echo": inline(echo)},
		disconnect: func(_ context.Context, _ *ws.Client, _ any, cause ws.Closed) { ended <- cause },
	}, ended
}

// TestHTTP2Ends: however a stream ends, its connection does, at once, and no
// other of the same client's.
func TestHTTP2Ends(t *testing.T) {
	if !served(t) {
		return
	}
	viaHTTP2(t)
	g, ended := causes()
	s := serve(t, ws.Options{}, g)
	h := s.h2(t, window)
	other := h.dial("/ws")
	for name, c := range map[string]struct {
		end  func(p *peer)
		want ws.Closed
	}{
		"a Close frame":  {func(p *peer) { p.sendClose(4000, "bye") }, ws.Closed{Code: 4000, Reason: "bye", Remote: true}},
		"a reset":        {func(p *peer) { p.conn.(*stream2).reset() }, ws.Closed{Code: ws.CloseAbnormal, Remote: true}},
		"its own end":    {func(p *peer) { _ = p.conn.(*stream2).CloseWrite() }, ws.Closed{Code: ws.CloseAbnormal, Remote: true}},
		"a broken frame": {func(p *peer) { p.raw([]byte{0xff, 0xff}); p.raw(make([]byte, 12)) }, ws.Closed{Code: ws.CloseProtocol, Reason: "protocol: reserved bit set"}},
	} {
		p := h.dial("/ws")
		p.echoes()
		c.end(p)
		got := await(t, name, ended)
		got.Err = nil
		if got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
		other.echoes()
	}
	h.dial("/ws").echoes()
	_ = h.conn.Close() // with two streams open
	for range 2 {
		if got := await(t, "the connection's end", ended); got.Code != ws.CloseAbnormal || !got.Remote {
			t.Errorf("%+v", got)
		}
	}
	if n := s.ConnectionCount(); n != 0 {
		t.Errorf("%d left", n)
	}
}

// TestHTTP2Faults: after a Close for a frame that could not be read the stream
// ends at once: nothing that the peer still sends can overtake it, as over TCP.
// A peer that does not take the answer has until the handshake's deadline.
func TestHTTP2Faults(t *testing.T) {
	if !served(t) {
		return
	}
	viaHTTP2(t)
	synctest.Test(t, func(t *testing.T) {
		g, ended := causes()
		s := servePipe(t, ws.Options{}, g)
		c := newRawH2(t, s.pipe(), window)
		defer c.conn.Close()
		if c.connect(1, "/ws", 0); !c.accepted(1) {
			t.Fatal("refused")
		}
		begun := time.Now()
		c.send(h2Data, 0, 1, append([]byte{0xff, 0xff}, make([]byte, 100)...))
		if got := c.wantData(1, 4); got[0] != closes || got[2] != 0x03 || got[3] != 0xea {
			t.Errorf("want a Close with 1002, got %x", got)
		}
		for {
			if f := c.next(); f.kind == h2Data && f.flags&h2End != 0 {
				break
			}
		}
		c.wantReset(1, h2NoError)
		if took := time.Since(begun); took > 0 {
			t.Errorf("the stream ended after %v", took)
		}
		<-ended
		s.shutdown(t)
	})
	synctest.Test(t, func(t *testing.T) {
		g, ended := causes()
		s := servePipe(t, ws.Options{HandshakeTimeout: 3 * time.Second, CompressAbove: 100}, g)
		c := newRawH2(t, s.pipe(), 1<<20)
		if c.connect(1, "/ws", 0); !c.accepted(1) {
			t.Fatal("refused")
		}
		if n, err := s.Broadcast("e", strings.Repeat("x", 100_000)); n != 1 || err != nil {
			t.Fatal(n, err) // the answer will have to wait for this
		}
		synctest.Wait()
		c.connect(3, "/ws", 0, "sec-websocket-extensions", "permessage-deflate")
		begun := time.Now()
		if cause := <-ended; cause.Code != ws.CloseAbnormal || time.Since(begun) != 3*time.Second {
			t.Errorf("after %v: %+v", time.Since(begun), cause)
		}
		_ = c.conn.Close()
		s.shutdown(t)
	})
}

// TestHTTP2ServerTimes: the times of an http.Server for a request and its
// answer, and its IdleTimeout, do not bound a WebSocket.
func TestHTTP2ServerTimes(t *testing.T) {
	if !served(t) {
		return
	}
	viaHTTP2(t)
	synctest.Test(t, func(t *testing.T) {
		g, _ := causes()
		s := servePipe(t, ws.Options{}, g)
		p := newH2(t, s.pipe(func(h *http.Server) {
			h.ReadTimeout, h.WriteTimeout, h.IdleTimeout = time.Second, time.Second, time.Second
		}), "example.com", 8).dial("/ws")
		for range 5 {
			time.Sleep(5 * time.Second)
			p.echoes()
		}
		p.leave()
		s.shutdown(t)
	})
}

// TestHTTP2Shutdown: a Router's Shutdown closes the streams, and then the
// http.Server's has nothing to wait for. Without it that waits for them, and
// its Close ends them.
func TestHTTP2Shutdown(t *testing.T) {
	if !served(t) {
		return
	}
	viaHTTP2(t)
	serving := func() (*site, *peer, chan ws.Closed) {
		g, ended := causes()
		s := serve(t, ws.Options{}, g)
		p := s.dial(t, "/ws")
		p.echoes()
		return s, p, ended
	}
	s, p, ended := serving()
	go func() { _ = s.router.Shutdown(context.Background()) }()
	p.wantClose(ws.CloseAway)
	if err := s.router.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if got := await(t, "the end", ended); got.Code != ws.CloseAway {
		t.Errorf("%+v", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.http.Config.Shutdown(ctx); err != nil {
		t.Error(err)
	}

	s, p, ended = serving()
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.http.Config.Shutdown(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the http.Server's Shutdown waits for no stream: %v", err)
	}
	p.echoes() // a GOAWAY ends nothing
	_ = s.http.Config.Close()
	if got := await(t, "the end", ended); got.Code != ws.CloseAbnormal || !got.Remote {
		t.Errorf("%+v", got)
	}
}

// TestHTTP2Slow: a peer that opens its window a little at a time, always before
// WriteTimeout has passed, gets all of it, in order. One that stops is closed,
// its stream is reset, and the others of its TCP connection go on.
func TestHTTP2Slow(t *testing.T) {
	if !served(t) {
		return
	}
	viaHTTP2(t)
	synctest.Test(t, func(t *testing.T) {
		g, ended := causes()
		s := servePipe(t, ws.Options{PingInterval: ws.Unlimited, IdleTimeout: ws.Unlimited}, g) // and a WriteTimeout of 10 s
		c := newRawH2(t, s.pipe(), 0)
		defer c.conn.Close()
		_ = c.conn.SetDeadline(time.Time{})
		for _, stream := range []uint32{1, 3} {
			if c.connect(stream, "/ws", 0); !c.accepted(stream) {
				t.Fatal("refused")
			}
		}
		c.open(3, 1<<20)
		words := strings.Repeat("all of it, and in order; ", 1000)
		want := []byte(fmt.Sprintf(`{"event":"e","data":%q}`, words))
		if n, err := s.Broadcast("e", words); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		if got := c.wantData(3, len(want)+4); !bytes.Equal(got[4:], want) {
			t.Error("the other stream got something else")
		}
		var got []byte
		begun := time.Now()
		for len(got) < len(want)+4 {
			time.Sleep(9 * time.Second)
			n := min(4096, len(want)+4-len(got))
			c.open(1, uint32(n))
			got = append(got, c.wantData(1, n)...)
		}
		if !bytes.Equal(got[4:], want) {
			t.Error("in another order, or not all of it")
		}
		if took := time.Since(begun); took < 50*time.Second {
			t.Errorf("took %v: no deadline has passed", took)
		}

		if n, err := s.Broadcast("e", "1"); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		stalled := time.Now()
		c.wantReset(1, h2InternalError)
		if cause := <-ended; cause.Code != ws.ClosePolicy || cause.Remote || time.Since(stalled) > 12500*time.Millisecond { // at most a quarter late
			t.Errorf("after %v: %+v", time.Since(stalled), cause)
		}
		c.send(h2Data, 0, 3, frame(text, []byte(`{"event":"echo"}`)))
		c.wantData(3, len(`..{"event":"echo","data":null}`))
		s.shutdown(t)
	})
}

// TestHTTP2Stuck: a peer that does not even read TCP is closed like any that
// takes nothing. Its place, and its goroutine, are free as soon as the
// http.Server gives the TCP connection up. Until then the log says how to have
// that.
func TestHTTP2Stuck(t *testing.T) {
	if !served(t) {
		return
	}
	viaHTTP2(t)
	synctest.Test(t, func(t *testing.T) {
		g, ended := causes()
		s := servePipe(t, ws.Options{MaxConnections: 1}, g)
		bounded := func(h *http.Server) { h.HTTP2 = &http.HTTP2Config{WriteByteTimeout: time.Minute} }
		c := newRawH2(t, s.pipe(bounded), 1<<20)
		defer c.conn.Close()
		_ = c.conn.SetDeadline(time.Time{})
		if c.connect(1, "/ws", 0); !c.accepted(1) {
			t.Fatal("refused")
		}
		begun := time.Now() // a pipe takes nothing unless it is read
		if n, err := s.Broadcast("e", strings.Repeat("x", 100_000)); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if cause := <-ended; cause.Code != ws.ClosePolicy || cause.Remote || time.Since(begun) > 11*time.Second {
			t.Errorf("after %v: %+v", time.Since(begun), cause)
		}
		if _, res := newH2(t, s.pipe(bounded), "example.com", 8).try("/ws"); res == nil || res.StatusCode != 503 {
			t.Errorf("the place is not taken: %v", res)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		newH2(t, s.pipe(bounded), "example.com", 8).dial("/ws").leave()
		if logs := s.logs.String(); strings.Contains(logs, "WriteByteTimeout") {
			t.Error("the log asks for what is set")
		}
		s.shutdown(t)
	})
	synctest.Test(t, func(t *testing.T) {
		g, _ := causes()
		s := servePipe(t, ws.Options{}, g)
		for range 2 {
			s.dial(t, "/ws").leave()
		}
		if n := strings.Count(s.logs.String(), "WriteByteTimeout"); n != 1 {
			t.Errorf("the log says %d times what is missing", n)
		}
		s.shutdown(t)
	})
}

// TestHTTP2Burst: a client that reads loses nothing of a burst, also beside one
// that does not, as over anything else.
func TestHTTP2Burst(t *testing.T) {
	if !served(t) {
		return
	}
	viaHTTP2(t)
	defer func(others map[string]transport) { transports = others }(transports)
	transports = map[string]transport{"http2": func(t *testing.T, o ws.Options, g gateway) *bursting {
		s := ws.NewServer(o)
		site := &site{Server: s, http: httptest.NewUnstartedServer(ws.NewRouter(g.endpoint(s)))}
		start(site.http)
		ends(t, s, site.http.Close)
		return &bursting{s, func() *peer { return site.h2(t, 1<<20).dial("/ws") }} // browsers have more
	}}
	t.Run("Burst", TestBurst)
	t.Run("BesideStalled", TestBurstBesideStalled)
}

// TestHTTP2Early: frames that come before the answer are not lost, and a stream
// that ends with its request is none.
func TestHTTP2Early(t *testing.T) {
	if !served(t) {
		return
	}
	viaHTTP2(t)
	g, _ := causes()
	s := serve(t, ws.Options{}, g)
	c := s.rawH2(t, window)
	c.connect(1, "/ws", 0)
	c.send(h2Data, 0, 1, frame(text, []byte(`{"event":"echo","data":"early"}`)))
	if !c.accepted(1) {
		t.Fatal("refused")
	}
	if got := c.wantData(1, 33); !bytes.Contains(got, []byte("early")) {
		t.Errorf("%q", got)
	}
	c.connect(3, "/ws", h2End)
	if c.accepted(3) {
		t.Error("a stream that has ended became a connection")
	}
}

// TestHTTP2TLS: WebSockets are served by ListenAndServeTLS, at both versions of
// HTTP side by side.
func TestHTTP2TLS(t *testing.T) {
	if !served(t) {
		return
	}
	g, _ := causes()
	server := ws.NewServer(ws.Options{})
	st := &site{Server: server, http: httptest.NewUnstartedServer(ws.NewRouter(g.endpoint(server)))}
	st.http.EnableHTTP2 = true
	st.http.StartTLS()
	defer st.http.Close()
	defer func() { _ = server.Shutdown(t.Context()) }()
	second := st.h2(t, window).dial("/ws")
	conn, err := net.Dial("tcp", st.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	first, res := handshake(t, secure(conn), "example.com", "/ws")
	if first == nil {
		t.Fatal(res)
	}
	big := strings.Repeat("x", 300_000)
	for i := range 20 {
		if n, err := server.Broadcast("e", fmt.Sprintf("%d %s", i, big)); n != 2 || err != nil {
			t.Fatal(i, n, err)
		}
		for _, p := range []*peer{first, second} {
			p.want(fmt.Sprintf(`{"event":"e","data":"%d %s"}`, i, big))
		}
	}
	first.leave()
	second.leave()
}
