package front

import (
	"bufio"
	"io"
	"log"
	"net"
	"net/http"
	"reflect"
	"testing"
)

// one is a listener that has one connection.
type one struct{ conn net.Conn }

func (o *one) Accept() (net.Conn, error) {
	c := o.conn
	if o.conn = nil; c == nil {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (o *one) Close() error   { return nil }
func (o *one) Addr() net.Addr { return &net.TCPAddr{} }

// asServed returns the request that the Handler of an http.Server gets of some bytes;
// nil if it gets none.
func asServed(header []byte) *http.Request {
	client, server := net.Pipe()
	defer client.Close()
	got := make(chan *http.Request, 1)
	s := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = c.Close()
		}
	})}
	_ = s.Serve(&one{server}) // returns when it has accepted
	go func() { _, _ = client.Write(header) }()
	_, _ = http.ReadResponse(bufio.NewReader(client), nil) // there is one if it is refused
	_ = client.Close()
	select {
	case r := <-got:
		return r
	default:
		return nil
	}
}

// FuzzPlain: a header that is taken for that of a plain handshake is one request for an
// http.Server, too, and the same one, which ends where the header does.
func FuzzPlain(f *testing.F) {
	const rest = "\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhl\r\n"
	for _, lines := range []string{
		"", "Connection: upgrade\r\n", "Upgrade: websocket\r\n", "Host: a\r\n", "A: b\r\n c\r\n", "A:\tb \r\n", "A : b\r\n", "Content-Length: 0\r\n",
		"Transfer-Encoding: identity\r\n", "A: \xfc\r\n", "A: b\x00\r\n", "\r\nX: y\r\n", ": a\r\n", "Proxy-Connection: x\r\n", "Pragma: no-cache\r\n",
		"Expect: 100-continue\r\n", "TE: trailers\r\n", "A: b\nC: d\r\n",
	} {
		f.Add([]byte("GET / HTTP/1.1\r\nHost: a" + rest + lines + "\r\n"))
	}
	for _, first := range []string{
		"GET /%zz HTTP/1.1\r\nHost: a", "GET //a?b#c HTTP/1.1\r\nHost: [::1]:80", "GET / HTTP/1.1 HTTP/1.1\r\nHost: a",
		"GET / HTTP/1.10\r\nHost: a", "GET /\tHTTP/1.1\r\nHost: a", "GET * HTTP/1.1\r\nHost: a", "GET / HTTP/1.1\r\nhost:a",
	} {
		f.Add([]byte(first + rest + "\r\n"))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		b := buffers.Get().(*buffer)
		defer buffers.Put(b)
		r := b.request(copy(b.bytes[:], sent))
		if r == nil {
			return
		}
		if n := b.reader.Buffered() + b.source.Len(); n > 0 {
			t.Fatalf("%d bytes of the header are not the request's", n)
		}
		want := asServed(b.bytes[:b.end])
		if want == nil {
			t.Fatal("an http.Server refuses it")
		}
		type seen struct {
			method, uri, path, host, proto string
			header                         http.Header
			length                         int64
			closes                         bool
		}
		of := func(r *http.Request) seen {
			return seen{r.Method, r.RequestURI, r.URL.String(), r.Host, r.Proto, r.Header, r.ContentLength, r.Close}
		}
		if got, want := of(r), of(want); !reflect.DeepEqual(got, want) {
			t.Fatalf("here it is\n%+v\nand for an http.Server\n%+v", got, want)
		}
	})
}
