package ws_test

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// phone is a client of sessions as the protocol's page describes it: it counts
// what it gets, keeps what it has sent, and goes on over socket after socket.
type phone struct {
	t       *testing.T
	dial    func() net.Conn
	deflate bool

	hear func(text string) // for each message that counts, in order

	mu   sync.Mutex
	p    *peer    // guarded by mu; nil: it has no socket
	sid  string   // guarded by mu
	said []string // guarded by mu; what it has said that counts, in the session

	got   uint64 // how many that count
	why   string // what $connected said last
	again bool
}

// connect opens a socket, and says again what the server has not had.
func (f *phone) connect() {
	f.t.Helper()
	header := []string{v1, "Origin: https://example.com"}
	if f.deflate {
		header = append(header, "Sec-WebSocket-Extensions: permessage-deflate")
	}
	p, res := handshake(f.t, f.dial(), "example.com", "/ws", header...)
	if p == nil {
		f.t.Fatal(res)
	}
	f.mu.Lock()
	sid := f.sid
	f.mu.Unlock()
	resume := ""
	if sid != "" {
		resume = fmt.Sprintf(`,"resume":{"sid":%q,"seq":%d}`, sid, f.got)
	}
	p.send(`{"event":"$connect","data":{"token":"ann"%s}}`, resume)
	text, err := f.text(p)
	var says struct {
		Event string
		Data  struct {
			SID     string
			Resumed bool
			Why     string
			Seq     int
		}
	}
	if err != nil || json.Unmarshal([]byte(text), &says) != nil || says.Event != "$connected" {
		f.t.Errorf("no $connected: %.200q, %v", text, err)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sid, f.why, f.again = says.Data.SID, says.Data.Why, says.Data.Resumed
	if !f.again {
		f.said, f.got = nil, 0
	}
	if says.Data.Seq > len(f.said) {
		f.t.Errorf("the server has had %d of %d", says.Data.Seq, len(f.said))
		return
	}
	for _, text := range f.said[says.Data.Seq:] {
		_, _ = p.conn.Write(frame(text_, []byte(text)))
	}
	f.p = p
}

const text_ = text

// say says something that counts, now or when there is a socket.
func (f *phone) say(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	said := fmt.Sprintf(format, args...)
	f.said = append(f.said, said)
	if f.p != nil {
		_, _ = f.p.conn.Write(frame(text, []byte(said)))
	}
}

// text returns the next text of the server's, and answers its pings.
func (f *phone) text(p *peer) (string, error) {
	for {
		first, payload, err := p.read()
		switch {
		case err != nil:
			return "", err
		case first == ping:
			_, _ = p.conn.Write(frame(pong, payload))
		case first == closes:
			return "", fmt.Errorf("closed: %q", payload)
		case first == text|0x40:
			plain, err := io.ReadAll(flate.NewReader(io.MultiReader(bytes.NewReader(payload), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff"))))
			return string(plain), err
		case first == text:
			return string(payload), nil
		}
	}
}

// listen hears up to n messages that count, or until the socket ends.
func (f *phone) listen(n int) (heard int, err error) {
	f.mu.Lock()
	p := f.p
	f.mu.Unlock()
	for heard < n {
		text, err := f.text(p)
		if err != nil {
			return heard, err
		}
		if strings.HasPrefix(text, `{"event":"$`) {
			continue
		}
		heard++
		f.got++
		f.hear(text)
	}
	return heard, nil
}

// drop gives the socket up: by cutting it, by a reset, by a Close, or by leaving it
// half open.
func (f *phone) drop(how int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.p
	f.p = nil
	switch how % 4 {
	case 0:
		_ = p.conn.Close()
	case 1:
		if tcp, is := p.conn.(*net.TCPConn); is {
			_ = tcp.SetLinger(0)
		}
		_ = p.conn.Close()
	case 2:
		_, _ = p.conn.Write(frame(closes, []byte{0x0f, 0xa0}))
		p.wantEOF()
		_ = p.conn.Close()
	case 3: // nobody reads it any more
		conn := p.conn
		f.t.Cleanup(func() { _ = conn.Close() })
	}
}

// phone returns a client of a site.
func (s *site) phone(t *testing.T) *phone {
	return &phone{t: t, hear: func(string) {}, dial: func() net.Conn {
		conn, err := net.Dial("tcp", s.http.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}}
}
