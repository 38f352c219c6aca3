package front_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wsgen/wsgen/runtime/front"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to happen.
const patience = 10 * time.Second

// site is an http.Server with a listener in front of it.
type site struct {
	t      *testing.T
	server *http.Server
	addr   string
	left   atomic.Int32 // connections that were left to the http.Server
	log    lines
}

// lines are lines of a log.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// serve serves h behind a listener.
func serve(t *testing.T, h http.HandlerFunc, configure ...func(*http.Server)) *site {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, addr: l.Addr().String()}
	s.server = &http.Server{Handler: h, ReadHeaderTimeout: patience, ErrorLog: log.New(&s.log, "", 0)}
	s.server.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.left.Add(1)
		}
	}
	for _, f := range configure {
		f(s.server)
	}
	served := make(chan error)
	go func() { served <- front.Serve(s.server, l) }()
	t.Cleanup(func() {
		_ = s.server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return s
}

// dial connects.
func (s *site) dial() net.Conn {
	s.t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

// wantLeft waits until so many connections were left to the http.Server.
func (s *site) wantLeft(want int32) {
	s.t.Helper()
	for end := time.Now().Add(patience); s.left.Load() != want; {
		if time.Now().After(end) {
			s.t.Fatalf("%d connections were left to the http.Server, want %d", s.left.Load(), want)
		}
		runtime.Gosched()
	}
}

// handshake is the header of a plain handshake, with lines added.
func handshake(lines ...string) string {
	return "GET /chat?room=a HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		strings.Join(append(lines, ""), "\r\n") + "\r\n"
}

// takes takes connections over, and sends back what comes, behind a greeting.
func takes(w http.ResponseWriter, r *http.Request) {
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	}
	if r.Header.Get("Bare") == "" {
		_ = c.SetDeadline(time.Now().Add(patience))
	}
	_, _ = rw.WriteString("hello\n")
	_ = rw.Flush()
	go func() {
		defer c.Close()
		_, _ = io.Copy(c, rw.Reader)
	}()
}

// greeted sends a handshake, and what follows it, and returns what comes back.
func (s *site) greeted(text, behind string) {
	s.t.Helper()
	c := s.dial()
	fmt.Fprint(c, text+behind)
	r := bufio.NewReader(c)
	if got, err := r.ReadString('\n'); got != "hello\n" {
		s.t.Fatalf("%q, %v", got, err)
	}
	fmt.Fprint(c, "and more")
	got := make([]byte, len(behind+"and more"))
	if _, err := io.ReadFull(r, got); string(got) != behind+"and more" {
		s.t.Errorf("%q came back, %v", got, err)
	}
}

// TestTakesOver: a plain handshake is the Handler's, and so is the connection, with all
// that comes behind it; the http.Server never sees it. One that comes in pieces is the
// http.Server's, from its first byte.
func TestTakesOver(t *testing.T) {
	s := serve(t, takes)
	s.greeted(handshake(), "")
	s.greeted(handshake("Cookie: "+strings.Repeat("a", 3000), "connection:keep-alive , x"), "at once")
	s.wantLeft(0)
	c := s.dial()
	for _, letter := range []byte(handshake()) {
		_, _ = c.Write([]byte{letter})
	}
	if got, err := bufio.NewReader(c).ReadString('\n'); got != "hello\n" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestLeaves: all other connections are the http.Server's, from their first byte.
func TestLeaves(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" && r.ContentLength == 0 && r.ProtoMinor == 1 {
			takes(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL, r.Host, body)
	})
	left := int32(0)
	for name, c := range map[string]struct{ text, want string }{
		"a page":                {"GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a?b x "},
		"a form":                {"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "POST /a x abc"},
		"HTTP/1.0":              {"GET / HTTP/1.0\r\nHost: x\r\nUpgrade: websocket\r\n\r\n", "GET / x "},
		"a body":                {handshake("Content-Length: 3") + "abc", "GET /chat?room=a example.com abc"},
		"chunks":                {handshake("Transfer-Encoding: chunked") + "3\r\nabc\r\n0\r\n\r\n", "GET /chat?room=a example.com abc"},
		"another protocol":      {"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: irc\r\nConnection: upgrade\r\n\r\n", "hello"},
		"two":                   {handshake("Upgrade: websocket"), "hello"},
		"no key":                {strings.Replace(handshake(), "Sec-WebSocket-Key", "X", 1), "hello"},
		"another version":       {strings.Replace(handshake(), ": 13", ": 8", 1), "hello"},
		"not for this hop":      {strings.Replace(handshake(), "Connection: Upgrade", "Connection: close", 1), "hello"},
		"a long header":         {handshake("Cookie: " + strings.Repeat("a", 5000)), "hello"},
		"a URL":                 {strings.Replace(handshake(), "/chat", "http://example.com/chat", 1), "hello"},
		"a letter beyond ASCII": {handshake("Cookie: \xfc"), "hello"},
		"two hosts":             {handshake("Host: other"), "400 Bad Request"},
		"no host":               {strings.Replace(handshake(), "Host:", "Most:", 1), "400 Bad Request"},
		"an odd host":           {strings.Replace(handshake(), "example.com", "a b", 1), "400 Bad Request"},
		"a space in a name":     {handshake("A B: c"), "400 Bad Request"},
		"a line that goes on":   {handshake("A: b", " c"), "hello"},
		"bare newlines":         {strings.ReplaceAll(handshake(), "\r\n", "\n"), "hello"},
		"no HTTP":               {"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", "400 Bad Request"},
		"HTTP/2 at once":        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			conn := s.dial()
			fmt.Fprint(conn, c.text)
			_ = conn.(*net.TCPConn).CloseWrite()
			got, _ := io.ReadAll(conn)
			if !strings.Contains(string(got), c.want) {
				t.Errorf("answered by\n%s", got)
			}
			left++
			s.wantLeft(left)
		})
	}
}

// TestKeepsAlive: a connection of which many requests come is the http.Server's for all
// of them, also for a handshake among them.
func TestKeepsAlive(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			takes(w, r)
			return
		}
		fmt.Fprintf(w, "page %s", r.URL)
	})
	c := s.dial()
	r := bufio.NewReader(c)
	for i := range 3 {
		fmt.Fprintf(c, "GET /%d HTTP/1.1\r\nHost: x\r\n\r\n", i)
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(res.Body); string(body) != fmt.Sprintf("page /%d", i) {
			t.Errorf("%q", body)
		}
	}
	fmt.Fprint(c, handshake())
	if got, err := r.ReadString('\n'); got != "hello\n" {
		t.Errorf("%q, %v", got, err)
	}
	s.wantLeft(1)
}

// TestAnswers: a handshake that is not taken over is answered as by an http.Server, but
// for the date and the order of fields.
func TestAnswers(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"a refusal": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Www-Authenticate", "Bearer")
			w.Header()["X-Two"] = []string{"a", "b\r\nc: d"}
			http.Error(w, "who are you?", http.StatusUnauthorized)
		},
		"nothing":    func(http.ResponseWriter, *http.Request) {},
		"a page":     func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html><p>hello") },
		"no content": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"its own length": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "2")
			_, _ = io.WriteString(w, "ab")
		},
		"an unknown status": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(799) },
		"two statuses":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403); w.WriteHeader(404) },
		"in pieces": func(w http.ResponseWriter, _ *http.Request) {
			for range 3 {
				_, _ = io.WriteString(w, "piece")
				if err := http.NewResponseController(w).Flush(); err != nil {
					panic(err)
				}
			}
		},
		"hints first": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</a.js>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusForbidden)
		},
		"long": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("long ", 100_000))
		},
		"little, and then much": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<")
			_, _ = io.WriteString(w, strings.Repeat("html>", 2000))
		},
		"within a time": http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "no", http.StatusForbidden)
		}), patience, "late").ServeHTTP,
		"typed": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/x")
			w.WriteHeader(http.StatusTeapot)
			w.Header().Set("X-Late", "y")
			_, _ = io.WriteString(w, "abc")
		},
		"beyond its length": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "2")
			_, _ = io.WriteString(w, "ab")
			if _, err := io.WriteString(w, "c"); !errors.Is(err, http.ErrContentLength) {
				panic(err)
			}
		},
		"typed without a body": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/x")
			w.Header().Set("Content-Length", "5")
			w.WriteHeader(http.StatusNotModified)
		},
		"no body": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotModified)
			if _, err := io.WriteString(w, "x"); !errors.Is(err, http.ErrBodyNotAllowed) {
				panic(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			both := [2]string{}
			for i, s := range []*site{serve(t, h), serve(t, h)} {
				text := handshake("Connection: close")
				if i == 1 {
					text = handshake("Connection: close", "X: \xfc") // is left to the http.Server
				}
				c := s.dial()
				fmt.Fprint(c, text)
				got, err := io.ReadAll(c)
				if err != nil {
					t.Fatal(err)
				}
				both[i] = comparable(t, got)
				s.wantLeft(int32(i))
			}
			if both[0] != both[1] {
				t.Errorf("answered by\n%s\nand by an http.Server\n%s", both[0], both[1])
			}
		})
	}
}

// comparable writes an answer without its date, its fields in order.
func comparable(t *testing.T, answer []byte) string {
	t.Helper()
	var out strings.Builder
	for r := bufio.NewReader(bytes.NewReader(answer)); ; {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, answer)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatalf("%v\n%s", err, answer)
		}
		if interim := res.StatusCode < 200; !interim && res.Header.Get("Date") == "" {
			t.Errorf("no Date in\n%s", answer)
		}
		res.Header.Del("Date")
		fmt.Fprintln(&out, res.Status, res.ContentLength, res.TransferEncoding, res.Close)
		_ = res.Header.Write(&out)
		fmt.Fprintf(&out, "%d %.200s\n", len(body), body)
		if res.StatusCode >= 200 {
			return out.String()
		}
	}
}

// TestHalf: an answer whose Handler panics behind its first part is not taken for a
// whole one.
func TestHalf(t *testing.T) {
	for name, declared := range map[string]bool{"in chunks": false, "of a length": true} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if declared {
					w.Header().Set("Content-Length", "100000")
				}
				_, _ = io.WriteString(w, strings.Repeat("long ", 10_000))
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			})
			c := s.dial()
			fmt.Fprint(c, handshake())
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(res.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%d bytes, %v", len(body), err)
			}
		})
	}
}

// TestSwitches: who writes the head of a 101 by WriteHeader, and takes the connection
// over then, as coder/websocket does, can.
func TestSwitches(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		w.WriteHeader(http.StatusSwitchingProtocols)
		if r.Header.Get("Flush") != "" {
			_ = http.NewResponseController(w).Flush()
		}
		takes(w, r)
	})
	for _, c := range []string{handshake(), handshake("Flush: yes"), handshake("X: \xfc")} { // the last one is the http.Server's
		conn := s.dial()
		fmt.Fprint(conn, c)
		r := bufio.NewReader(conn)
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if h := res.Header; res.StatusCode != 101 || h.Get("Connection") != "Upgrade" || h.Get("Upgrade") != "websocket" || len(h["Content-Length"])+len(h["Transfer-Encoding"]) > 0 {
			t.Errorf("%v", res)
		}
		if got, err := r.ReadString('\n'); got != "hello\n" {
			t.Errorf("%q, %v", got, err)
		}
	}
	s.wantLeft(1)
}

// TestGone: the context of a request ends soon when the client has gone, or will send
// nothing more, whatever it has sent before.
func TestGone(t *testing.T) {
	ended := make(chan error, 1)
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
			ended <- nil
		case <-time.After(patience):
			ended <- errors.New("the client has gone, and the Handler is at it")
		}
	})
	for name, c := range map[string]struct {
		behind string
		leave  func(*net.TCPConn) error
	}{
		"closes":                     {"", (*net.TCPConn).Close},
		"closes behind more":         {"early", (*net.TCPConn).Close},
		"sends nothing more":         {"", (*net.TCPConn).CloseWrite},
		"sends no more behind early": {"early", (*net.TCPConn).CloseWrite},
		"resets": {"", func(c *net.TCPConn) error {
			_ = c.SetLinger(0)
			return c.Close()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			conn := s.dial()
			fmt.Fprint(conn, handshake()+c.behind)
			_ = c.leave(conn.(*net.TCPConn))
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

// TestGoneWhileWriting: it ends at once if the client is written to in vain.
func TestGoneWhileWriting(t *testing.T) {
	ended := make(chan error, 1)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for end := time.Now().Add(patience); time.Now().Before(end); {
			if _, err := io.WriteString(w, strings.Repeat("long ", 10_000)); err != nil {
				ended <- r.Context().Err()
				return
			}
		}
		ended <- nil
	})
	c := s.dial()
	fmt.Fprint(c, handshake())
	_, _ = c.Read(make([]byte, 1))
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestEarly: who has sent more than its request gets the answer to it.
func TestEarly(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "who are you?", http.StatusUnauthorized) })
	for range 20 {
		c := s.dial()
		fmt.Fprint(c, handshake(), strings.Repeat("early ", 1000))
		if got, err := io.ReadAll(c); err != nil || !strings.Contains(string(got), "who are you?") {
			t.Fatalf("%q, %v", got, err)
		}
	}
	s.wantLeft(0)
}

// TestBehindProxy: a httputil.ReverseProxy as the Handler passes a handshake on.
func TestBehindProxy(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		w.WriteHeader(http.StatusSwitchingProtocols)
		takes(w, r)
	}))
	defer backend.Close()
	to, err := url.Parse(backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	proxy := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	s := serve(t, proxy.ServeHTTP)
	c := s.dial()
	fmt.Fprint(c, handshake())
	r := bufio.NewReader(c)
	res, err := http.ReadResponse(r, nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(res, err)
	}
	fmt.Fprint(c, "and back\n")
	for _, want := range []string{"hello\n", "and back\n"} {
		if got, err := r.ReadString('\n'); got != want {
			t.Errorf("%q, %v", got, err)
		}
	}
	s.wantLeft(0)
}

// TestSlowHandler: a Handler that takes longer than it takes to look for its client has
// the connection as any other: nothing is read of it, and no deadline is set, whatever
// was set before.
func TestSlowHandler(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		_ = control.SetWriteDeadline(time.Unix(1, 0))
		_ = control.SetReadDeadline(time.Unix(1, 0))
		if r.Header.Get("Slow") != "" {
			<-time.After(1200 * time.Millisecond) // it was looked for the client by then
		}
		if err := r.Context().Err(); err != nil {
			panic(err)
		}
		c, rw, err := control.Hijack()
		if err != nil {
			panic(err)
		}
		go func() {
			defer c.Close()
			_, _ = io.WriteString(c, "hello\n")
			_, _ = io.Copy(c, rw.Reader)
		}()
	})
	s.greeted(handshake("Slow: yes"), "")
	s.greeted(handshake("Slow: yes"), "early")
	s.greeted(handshake(), "early")
	s.wantLeft(0)
}

// TestTakenOnce: who has answered cannot take the connection over, and the other way
// round.
func TestTakenOnce(t *testing.T) {
	told := make(chan [3]error, 1)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		if r.URL.RawQuery != "room=a" {
			http.NotFound(w, r)
			_, _, err := control.Hijack()
			told <- [3]error{err}
			return
		}
		c, _, err := control.Hijack()
		_, again, _ := control.Hijack()
		_, late := w.Write([]byte("x"))
		told <- [3]error{err, late, control.Flush()}
		if again != nil {
			panic("taken twice")
		}
		_ = c.Close()
	})
	for _, c := range []struct {
		text string
		want [3]bool // is an error
	}{
		{handshake(), [3]bool{false, true, true}},
		{strings.Replace(handshake(), "room=a", "", 1), [3]bool{true, false, false}},
	} {
		conn := s.dial()
		fmt.Fprint(conn, c.text)
		_, _ = io.ReadAll(conn)
		for i, err := range <-told {
			if (err != nil) != c.want[i] {
				t.Errorf("%d: %v", i, err)
			}
		}
	}
}

// TestRequest: a Handler finds what it would find behind an http.Server.
func TestRequest(t *testing.T) {
	type own struct{}
	got := make(chan string, 1)
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		server, _ := ctx.Value(http.ServerContextKey).(*http.Server)
		local, _ := ctx.Value(http.LocalAddrContextKey).(net.Addr)
		body, err := io.ReadAll(r.Body)
		got <- fmt.Sprint(r.Method, r.RequestURI, r.URL, r.Host, r.Proto, r.Header["Cookie"], r.RemoteAddr, local,
			server != nil, ctx.Value(own{}), ctx.Err(), r.TLS == nil, body, err)
	}, func(s *http.Server) {
		s.BaseContext = func(l net.Listener) context.Context { return context.WithValue(context.Background(), own{}, l.Addr()) }
		s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, own{}, fmt.Sprint(ctx.Value(own{}), c.(*net.TCPConn).LocalAddr(), ctx.Value(http.ServerContextKey) != nil))
		}
	})
	ask := func(lines ...string) string {
		c := s.dial()
		fmt.Fprint(c, handshake(append(lines, "Cookie: a=b; c")...))
		_, _ = io.ReadAll(c)
		return strings.ReplaceAll(<-got, c.LocalAddr().String(), "CLIENT")
	}
	if here, there := ask("Connection: close"), ask("Connection: close", "X: \xfc"); here != there {
		t.Errorf("a Handler finds\n%s\nand behind an http.Server\n%s", here, there)
	}
}

// TestPanics: a Handler that panics, or ends its goroutine, ends its connection and no
// other, and is logged as by an http.Server.
func TestPanics(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "half an answer")
		switch r.Header.Get("How") {
		case "panic":
			panic("oh no")
		case "nothing to say":
			panic("")
		case "abort":
			panic(http.ErrAbortHandler)
		}
		runtime.Goexit()
	})
	for _, how := range []string{"panic", "nothing to say", "abort", "exit"} {
		c := s.dial()
		fmt.Fprint(c, handshake("How: "+how))
		if got, _ := io.ReadAll(c); len(got) > 0 {
			t.Errorf("answered by %q", got)
		}
	}
	if text := s.log.String(); strings.Count(text, "panic serving") != 2 || !strings.Contains(text, "oh no") || !strings.Contains(text, "front_linux_test.go") {
		t.Errorf("the log has\n%s", text)
	}
}

// TestSlow: who does not send a whole header in time is closed, and who goes away
// before that is the http.Server's to close.
func TestSlow(t *testing.T) {
	s := serve(t, takes, func(s *http.Server) { s.ReadHeaderTimeout = 300 * time.Millisecond })
	for _, begins := range []string{"", "G", "GET ", strings.TrimSuffix(handshake(), "\r\n")} {
		c := s.dial()
		fmt.Fprint(c, begins)
		if _, err := io.ReadAll(c); err != nil {
			t.Errorf("after %q: %v", begins, err)
		}
	}
	// The deadline ends with the header.
	c := s.dial()
	fmt.Fprint(c, handshake("Bare: yes"))
	_ = c.SetReadDeadline(time.Now().Add(700 * time.Millisecond))
	r := bufio.NewReader(c)
	if got, err := r.ReadString('\n'); got != "hello\n" {
		t.Fatalf("%q, %v", got, err)
	}
	if _, err := r.ReadByte(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read: %v", err)
	}
	s = serve(t, takes)
	c = s.dial()
	fmt.Fprint(c, "GET /chat HTT")
	_ = c.(*net.TCPConn).CloseWrite()
	if _, err := io.ReadAll(c); err != nil {
		t.Error(err)
	}
}

// TestClose: when the server closes, who has said nothing yet is closed, and nothing is
// left (TestMain).
func TestClose(t *testing.T) {
	s := serve(t, takes)
	c := s.dial()
	s.greeted(handshake(), "") // so it has accepted c, which says nothing
	if err := s.server.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Read(make([]byte, 1)); err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read: %v", err)
	}
	if late, err := net.Dial("tcp", s.addr); err == nil {
		t.Error("it still accepts")
		_ = late.Close()
	}
}

// failing is a listener that fails at times.
type failing struct {
	net.Listener

	errs chan error
}

func (f *failing) Accept() (net.Conn, error) {
	select {
	case err := <-f.errs:
		return nil, err
	default:
		return f.Listener.Accept()
	}
}

// TestAcceptFails: an error is the http.Server's, which waits and goes on, or ends.
func TestAcceptFails(t *testing.T) {
	inner := httptest.NewUnstartedServer(http.HandlerFunc(takes))
	f := &failing{inner.Listener, make(chan error, 3)}
	for range 3 {
		f.errs <- &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	inner.Config.ErrorLog = log.New(io.Discard, "", 0)
	served := make(chan error)
	go func() { served <- front.Serve(inner.Config, f) }()
	s := &site{t: t, addr: f.Addr().String()}
	s.greeted(handshake(), "")
	_ = f.Listener.Close() // behind its back
	if err := <-served; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// TestTLS: where the listener speaks TLS all is the http.Server's, and nothing is
// answered that is not encrypted.
func TestTLS(t *testing.T) {
	certified := httptest.NewTLSServer(nil)
	certified.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", certified.TLS)
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	s := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		fmt.Fprintln(w, r.TLS != nil, r.Header.Get("Upgrade"))
	})}
	served := make(chan error)
	go func() { served <- front.Serve(s, l) }()
	plain, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	fmt.Fprint(plain, handshake("Connection: close"))
	if got, err := io.ReadAll(plain); asked.Load() > 0 || !strings.Contains(string(got), "HTTPS server") {
		t.Errorf("%q, %v", got, err)
	}
	conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, handshake("Connection: close"))
	if got, err := io.ReadAll(conn); !strings.HasSuffix(string(got), "true websocket\n") {
		t.Errorf("%q, %v", got, err)
	}
	_ = s.Close()
	<-served
}
