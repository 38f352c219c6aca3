package ws_test

import (
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// phone is a client of sessions as the protocol's page describes it: it counts
// what it gets, keeps what it has sent, and goes on over socket after socket.
type phone struct {
	t       *testing.T
	dial    func() net.Conn
	deflate bool
	name    string // of its principal; "": ann

	hear  func(text string) // for each message that counts, in order
	renew func() []string   // says what it says anew on another socket, and does not count; nil: nothing

	mu   sync.Mutex
	p    *peer    // guarded by mu, and set by who listens; nil: it has no socket
	said []string // guarded by mu; what it has said that counts, in the session

	flate io.ReadCloser // nil: nothing was compressed yet

	sid   string
	got   uint64 // how many that count
	why   string // what $connected said last
	again bool
}

// welcomed is the data of $connected.
type welcomed struct {
	SID     string
	Resumed bool
	Why     string
	Seq     int
}

// greet opens a socket, and asks to go on with a session.
func (f *phone) greet(token, sid string, seq uint64) (p *peer, says welcomed, err error) {
	f.t.Helper()
	header := []string{v1, "Origin: https://example.com"}
	if f.deflate {
		header = append(header, "Sec-WebSocket-Extensions: permessage-deflate")
	}
	p, res := handshake(f.t, f.dial(), "example.com", "/ws", header...)
	if p == nil {
		f.t.Fatal(res)
	}
	resume := ""
	if sid != "" {
		resume = fmt.Sprintf(`,"resume":{"sid":%q,"seq":%d}`, sid, seq)
	}
	p.send(`{"event":"$connect","data":{"token":%q%s}}`, token+secretMark, resume)
	answer, err := f.text(p)
	if err != nil {
		return p, says, err
	}
	m := struct {
		Event string
		Data  *welcomed
	}{Data: &says}
	if err := json.Unmarshal([]byte(answer), &m); err != nil || m.Event != "$connected" {
		f.t.Errorf("no $connected: %.200q, %v", answer, err)
	}
	return p, says, nil
}

// connect opens a socket, and says again what the server has not had.
func (f *phone) connect() {
	f.t.Helper()
	p, says, err := f.greet(cmp.Or(f.name, "ann"), f.sid, f.got)
	if err != nil {
		f.t.Errorf("no $connected: %v", err)
		return
	}
	f.goOn(p, says)
}

// goOn goes on over a socket, in the session that the server has named.
func (f *phone) goOn(p *peer, says welcomed) {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.p, f.sid, f.why, f.again = p, says.SID, says.Why, says.Resumed
	if !f.again {
		f.said, f.got = nil, 0
	}
	if says.Seq > len(f.said) {
		f.t.Errorf("the server has had %d of %d", says.Seq, len(f.said))
		return
	}
	again := f.said[says.Seq:]
	if f.renew != nil {
		again = append(slices.Clone(again), f.renew()...)
	}
	for _, said := range again {
		_, _ = p.conn.Write(frame(text, []byte(said)))
	}
}

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

// aside says something that does not count, if there is a socket.
func (f *phone) aside(said string) {
	f.mu.Lock()
	defer f.mu.Unlock()
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
			if n := binary.BigEndian.Uint64(payload); n != f.got && f.p == p {
				f.t.Errorf("a Ping says that there were %d messages, there were %d", n, f.got)
			}
			_, _ = p.conn.Write(frame(pong, payload))
		case first == closes:
			return "", fmt.Errorf("closed: %q", payload)
		case first == text|0x40:
			plain, err := io.ReadAll(f.inflate(io.MultiReader(bytes.NewReader(payload), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff"))))
			return string(plain), err
		case first == text:
			return string(payload), nil
		}
	}
}

// inflate reads what is compressed.
func (f *phone) inflate(from io.Reader) io.Reader {
	if f.flate == nil {
		f.flate = flate.NewReader(from)
	} else {
		_ = f.flate.(flate.Resetter).Reset(from, nil)
	}
	return f.flate
}

// listen hears up to n messages that count, or until the socket ends.
func (f *phone) listen(n int) (heard int, err error) {
	f.mu.Lock()
	p := f.p
	f.mu.Unlock()
	_ = p.conn.SetDeadline(time.Now().Add(patience))
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

// The ways to lose a socket.
const (
	cut = iota
	reset
	closed4000
	halfOpen
	losses // how many there are
)

// drop gives the socket up.
func (f *phone) drop(how int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.p
	f.p = nil
	switch how {
	case cut:
		_ = p.conn.Close()
	case reset:
		if tcp, is := p.conn.(*net.TCPConn); is {
			_ = tcp.SetLinger(0)
		}
		_ = p.conn.Close()
	case closed4000:
		_, _ = p.conn.Write(frame(closes, []byte{0x0f, 0xa0}))
		p.wantEOF()
		_ = p.conn.Close()
	case halfOpen: // nobody reads it any more
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
