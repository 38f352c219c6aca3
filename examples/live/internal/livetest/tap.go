package livetest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
)

// tapped is the environment variable that names a folder for what crosses the wire: two files for each
// connection, which end in .client and .server and have what came from there, from the request and its answer
// on. The module contract holds that to the application's document.
const tapped = "LIVE_FRAMES"

// Tap has what crosses the connections of h written down, if the environment says where.
func Tap(t testing.TB, h http.Handler) http.Handler {
	folder := os.Getenv(tapped)
	if folder == "" {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(tap{w, r, folder, t}, r) })
}

// TapURL returns where a server that runs at a URL can be reached, so that what crosses its connections is
// written down, if the environment says where; else the URL.
func TapURL(t testing.TB, url string) string {
	t.Helper()
	folder := os.Getenv(tapped)
	if folder == "" {
		return url
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", url[len("http://"):])
			if err != nil {
				_ = near.Close()
				continue
			}
			rec, err := newRecord(folder)
			if err != nil {
				t.Errorf("%s: %v", tapped, err)
				return
			}
			both := recorded{near, rec}
			go carry(both, far)
			go carry(far, both)
		}
	}()
	return "http://" + listener.Addr().String()
}

// carry copies until one of two ends is gone, and then closes both.
func carry(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	_ = to.Close()
	_ = from.Close()
}

// tap is a ResponseWriter whose connection is written down once it is taken over.
type tap struct {
	http.ResponseWriter
	request *http.Request
	folder  string
	t       testing.TB
}

// Unwrap lets an http.ResponseController find what this one does not have.
func (w tap) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack implements http.Hijacker.
func (w tap) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	rec, err := newRecord(w.folder)
	if err != nil {
		w.t.Errorf("%s: %v", tapped, err)
		return conn, buffered, nil
	}
	early, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	fmt.Fprintf(rec.client, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n%s", w.request.URL.RequestURI(), w.request.Host, early)
	return recorded{conn, rec}, buffered, nil
}

// record is what came from the ends of one connection.
type record struct{ client, server *os.File }

func newRecord(folder string) (r record, err error) {
	if r.client, err = os.CreateTemp(folder, "*.client"); err != nil {
		return r, err
	}
	r.server, err = os.Create(r.client.Name()[:len(r.client.Name())-len("client")] + "server")
	return r, err
}

// recorded is the server's end of a connection: what is read comes from the client.
type recorded struct {
	net.Conn
	record
}

// Read implements net.Conn.
func (c recorded) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	_, _ = c.client.Write(b[:n])
	return n, err
}

// Write implements net.Conn.
func (c recorded) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	_, _ = c.server.Write(b[:max(n, 0)])
	return n, err
}

// Close implements net.Conn. It may be called twice.
func (c recorded) Close() error {
	err := c.Conn.Close()
	_ = c.client.Close()
	_ = c.server.Close()
	return err
}
