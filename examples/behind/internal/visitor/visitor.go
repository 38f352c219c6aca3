// Package visitor is the client of this module's tests. It connects by TCP, since
// what is tested stands between it and the gateway.
package visitor

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// Patience is how long anything may take that a test waits for.
const Patience = 30 * time.Second

// From is the address that visitors come from: another one than a proxy's.
const From = "127.0.0.2"

// Visit is how a visitor comes.
type Visit struct {
	URL    string
	Token  string // is sent as a subprotocol
	Host   string // "": the URL's
	Origin string // "": as a program, which has none
	Header http.Header
}

// Conn is a connection. It answers Pings all the time, and keeps what it is sent.
type Conn struct {
	Answer *http.Response // to the handshake

	conn  *websocket.Conn
	texts chan string
	pings atomic.Int64
	ended chan struct{}
	err   error // why it ended; may be read when ended is closed
}

// Try connects. If it is refused, the answer says why.
func Try(v Visit) (*Conn, *http.Response, error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	c := &Conn{texts: make(chan string, 1000), ended: make(chan struct{})}
	header := v.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if v.Origin != "" {
		header.Set("Origin", v.Origin)
	}
	options := &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: &http.Transport{DialContext: dialer().DialContext, DisableKeepAlives: true}},
		HTTPHeader: header, Host: v.Host,
		OnPingReceived: func(context.Context, []byte) bool { c.pings.Add(1); return true },
	}
	if v.Token != "" {
		options.Subprotocols = []string{"bearer", v.Token}
	}
	var err error
	if c.conn, c.Answer, err = websocket.Dial(ctx, v.URL, options); err != nil { //nolint:bodyclose // coder/websocket has read it
		return nil, c.Answer, err
	}
	c.conn.SetReadLimit(-1)
	go c.read()
	return c, c.Answer, nil
}

// dialer connects from an address of its own, where the system has it.
func dialer() *net.Dialer {
	from := &net.TCPAddr{IP: net.ParseIP(From)}
	if l, err := net.ListenTCP("tcp", from); err != nil {
		from = nil
	} else {
		_ = l.Close()
	}
	return &net.Dialer{LocalAddr: addrOrNil(from)}
}

// addrOrNil keeps a nil pointer from becoming an address.
func addrOrNil(a *net.TCPAddr) net.Addr {
	if a == nil {
		return nil
	}
	return a
}

// Dial connects, for as long as the test lasts.
func Dial(t *testing.T, v Visit) *Conn {
	t.Helper()
	c, answer, err := Try(v)
	if err != nil {
		t.Fatalf("%s: %v, %v", v.URL, answer, err)
	}
	t.Cleanup(func() { _ = c.conn.CloseNow() })
	return c
}

func (c *Conn) read() {
	defer close(c.ended)
	for {
		_, text, err := c.conn.Read(context.Background())
		if err != nil {
			c.err = err
			return
		}
		c.texts <- string(text)
	}
}

// Send sends a message.
func (c *Conn) Send(t *testing.T, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if err := c.conn.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		t.Fatalf("send %s: %v", text, err)
	}
}

// Expect waits for a message that is exactly this.
func (c *Conn) Expect(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-c.texts:
		if got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	case <-c.ended:
		t.Fatalf("the connection has ended (%v) before %s", c.err, want)
	case <-time.After(Patience):
		t.Fatalf("waited in vain for %s", want)
	}
}

// Call sends an event with an id and waits for its answer, both as JSON.
func (c *Conn) Call(t *testing.T, event, data, answer string) {
	t.Helper()
	c.Send(t, fmt.Sprintf(`{"event":%q,"id":1,"data":%s}`, event, data))
	c.Expect(t, fmt.Sprintf(`{"event":%q,"id":1,"data":%s}`, event, answer))
}

// Pings is how often the visitor was pinged so far.
func (c *Conn) Pings() int { return int(c.pings.Load()) }

// Ended is closed when the connection has ended.
func (c *Conn) Ended() <-chan struct{} { return c.ended }

// Code waits until the connection has ended, and returns the code of the Close
// frame; 1006 without one.
func (c *Conn) Code(t *testing.T) websocket.StatusCode {
	t.Helper()
	select {
	case <-c.ended:
	case <-time.After(Patience):
		t.Fatal("waited in vain for the end of the connection")
	}
	if code := websocket.CloseStatus(c.err); code != -1 {
		return code
	}
	return websocket.StatusAbnormalClosure
}

// Close ends the connection and waits for that.
func (c *Conn) Close() {
	_ = c.conn.Close(websocket.StatusNormalClosure, "")
	<-c.ended
}

// Eventually waits until is returns true. It is for what nothing announces.
func Eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(Patience)
	for !is() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited %v in vain: %s", Patience, what)
		}
	}
}

// WS is the address of a WebSocket, for one of an HTTP server.
func WS(url string) string { return "ws" + strings.TrimPrefix(url, "http") }
