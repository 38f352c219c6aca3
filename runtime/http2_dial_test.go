package ws_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// overHTTP2 has serve's sites answer, and dial open, WebSockets that are streams
// of HTTP/2 (RFC 8441).
var overHTTP2 bool

// xconnect has net/http let an extended CONNECT through. It is read when the
// process begins.
const xconnect = "http2xconnect=1"

// served reports whether this process serves extended CONNECT. If it does not
// it carries the test out in one that does.
func served(t *testing.T) bool {
	t.Helper()
	return inProcess(t, true)
}

func inProcess(t *testing.T, serves bool) bool {
	t.Helper()
	debug := os.Getenv("GODEBUG")
	if strings.Contains(debug, xconnect) == serves {
		return true
	}
	if debug = strings.ReplaceAll(debug, xconnect, ""); serves {
		debug += "," + xconnect
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*patience)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.count=1")
	child.Env = append(os.Environ(), "GODEBUG="+debug)
	out, err := child.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name()+" ")) {
		t.Errorf("with %s: %v\n%s", child.Env[len(child.Env)-1], err, out)
	}
	return false
}

// viaHTTP2 sets overHTTP2 for a test.
func viaHTTP2(t *testing.T) {
	overHTTP2 = true
	t.Cleanup(func() { overHTTP2 = false })
}

// behindFront puts package front before the sites of serve and listen; nil: nothing does.
var behindFront func(*httptest.Server)

// start starts a server: with HTTP/2, and so with TLS, if overHTTP2 is set, and behind
// package front if behindFront is.
func start(s *httptest.Server) {
	if !overHTTP2 {
		if behindFront != nil {
			behindFront(s)
		}
		s.Start()
		return
	}
	s.EnableHTTP2 = true
	s.Config.HTTP2 = &http.HTTP2Config{WriteByteTimeout: patience, MaxReadFrameSize: 16 << 10} // the client buffers a frame
	s.StartTLS()
}

// h2 is a TCP connection that speaks HTTP/2.
type h2 struct {
	t    *testing.T
	conn net.Conn
	host string
	rt   http.RoundTripper
}

// connects counts extended CONNECTs.
var connects atomic.Int32

// h2 connects. The client's windows are of so many bytes for each stream.
func (s *site) h2(t *testing.T, window int) *h2 {
	t.Helper()
	host := s.http.Listener.Addr().String()
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return newH2(t, conn, host, window)
}

func newH2(t *testing.T, socket net.Conn, host string, window int) *h2 {
	t.Helper()
	conn := secure(socket, "h2")
	_ = conn.SetDeadline(time.Now().Add(patience))
	if err := conn.Handshake(); err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{Protocols: new(http.Protocols), HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: window}}
	tr.Protocols.SetHTTP2(true)
	tr.CloseIdleConnections() // fills TLSNextProto
	// An http.Transport takes no header of the name :protocol, and the
	// http2.Transport below it does.
	return &h2{t, conn, host, tr.TLSNextProto["h2"](host, conn)}
}

// window is so small that a peer which does not read fills it soon.
const window = 64 << 10

func secure(socket net.Conn, protocols ...string) *tls.Conn {
	return tls.Client(socket, &tls.Config{InsecureSkipVerify: true, NextProtos: protocols})
}

// pipe serves HTTP/2 on one end of a pipe, and returns the other.
func (s *pipeSite) pipe(configure ...func(*http.Server)) net.Conn {
	client, server := net.Pipe()
	certified := httptest.NewTLSServer(nil)
	certified.Close()
	h := &http.Server{Handler: s.handler, TLSConfig: certified.TLS.Clone(), ErrorLog: log.New(io.Discard, "", 0)}
	h.TLSConfig.NextProtos = []string{"h2"}
	for _, f := range configure {
		f(h)
	}
	_ = h.ServeTLS(&single{server}, "", "") // returns when it has accepted
	return client
}

// single is a listener that has one connection.
type single struct{ conn net.Conn }

func (o *single) Accept() (conn net.Conn, err error) {
	if conn = o.conn; conn == nil {
		return nil, net.ErrClosed
	}
	o.conn = nil
	return afar{conn}, nil
}
func (o *single) Close() error   { return nil }
func (o *single) Addr() net.Addr { return &net.TCPAddr{} }

// afar has the address that the pipes of these tests have.
type afar struct{ net.Conn }

func (afar) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1234} }

// stream2 is a stream of h2 as a net.Conn. Close takes the whole connection
// down; reset only the stream.
type stream2 struct {
	net.Conn
	in  io.ReadCloser
	out *io.PipeWriter
}

func (s *stream2) Read(p []byte) (int, error)  { return s.in.Read(p) }
func (s *stream2) Write(p []byte) (int, error) { return s.out.Write(p) }
func (s *stream2) CloseWrite() error           { return s.out.Close() }
func (s *stream2) reset()                      { _ = s.in.Close() }

// try asks for a WebSocket.
func (h *h2) try(path string, header ...string) (*peer, *refused) {
	h.t.Helper()
	return h.ask(path, append([]string{"Sec-WebSocket-Version: 13"}, header...)...)
}

func (h *h2) dial(path string, header ...string) *peer {
	h.t.Helper()
	p, res := h.try(path, header...)
	if p == nil {
		h.t.Fatalf("refused: %s", res)
	}
	return p
}

// ask is try with these headers only, of which one may be ":protocol".
func (h *h2) ask(path string, header ...string) (*peer, *refused) {
	h.t.Helper()
	body, out := io.Pipe()
	req, err := http.NewRequest(http.MethodConnect, "https://"+h.host+path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	connects.Add(1)
	req.Header[":protocol"] = []string{"websocket"}
	for line := range strings.SplitSeq(strings.Join(header, "\r\n"), "\r\n") {
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case ":protocol":
			req.Header[name] = []string{value}
		case "Content-Length":
			req.ContentLength, _ = strconv.ParseInt(value, 10, 64)
		default:
			req.Header.Add(name, value)
		}
	}
	res, err := h.rt.RoundTrip(req)
	if err != nil {
		h.t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(res.Body)
		return nil, &refused{res, string(text)}
	}
	s := &stream2{h.conn, res.Body, out}
	return &peer{t: h.t, conn: s, r: bufio.NewReader(s), header: res.Header}, nil
}
