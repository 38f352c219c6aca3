package wsclient_test

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// First bytes of frames that are whole.
const (
	textFrame  = 0x81
	binFrame   = 0x82
	closeFrame = 0x88
	pingFrame  = 0x89
	pongFrame  = 0x8a
)

// peer is a server's end of a connection. It says what a test wants, whether a server
// may or not.
type peer struct {
	conn    net.Conn
	r       *bufio.Reader
	request *http.Request
}

// newPeer reads the request of a handshake.
func newPeer(conn net.Conn) (*peer, error) {
	p := &peer{conn: conn, r: bufio.NewReader(conn)}
	var err error
	p.request, err = http.ReadRequest(p.r)
	return p, err
}

// upgrade answers it.
func (p *peer) upgrade() error {
	return p.answer("101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Accept: "+p.accept(), "Sec-WebSocket-Protocol: wsgen.v1.json", "")
}

// accept returns what the key of the request is answered with.
func (p *peer) accept() string {
	sum := sha1.Sum([]byte(p.request.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// answer answers the request with a status, header lines, "" and a body.
func (p *peer) answer(status string, lines ...string) error {
	_, err := io.WriteString(p.conn, "HTTP/1.1 "+status+"\r\n"+strings.Join(lines, "\r\n")+"\r\n")
	return err
}

// frame sends a frame.
func (p *peer) frame(first byte, payload []byte) error {
	out := []byte{first}
	switch n := len(payload); {
	case n < 126:
		out = append(out, byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, 126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 127), uint64(n))
	}
	_, err := p.conn.Write(append(out, payload...))
	return err
}

// send sends a message.
func (p *peer) send(format string, args ...any) error {
	return p.frame(textFrame, fmt.Appendf(nil, format, args...))
}

// sendClose sends a Close frame.
func (p *peer) sendClose(code uint16, reason string) error {
	return p.frame(closeFrame, append(binary.BigEndian.AppendUint16(nil, code), reason...))
}

// connected opens a session.
func (p *peer) connected() error {
	return p.send(`{"event":"$connected","data":{"sid":"s","resumed":false,"seq":0}}`)
}

// read returns the client's next frame, which must be masked and whole.
func (p *peer) read() (first byte, payload []byte, err error) {
	var head [14]byte
	if _, err = io.ReadFull(p.r, head[:2]); err != nil {
		return 0, nil, err
	}
	if head[1]&0x80 == 0 || head[0]&0x80 == 0 {
		return 0, nil, errors.New("a client's frame is not masked, or not whole")
	}
	n := uint64(head[1] & 0x7f)
	switch n {
	case 126:
		_, err = io.ReadFull(p.r, head[2:4])
		n = uint64(binary.BigEndian.Uint16(head[2:]))
	case 127:
		_, err = io.ReadFull(p.r, head[2:10])
		n = binary.BigEndian.Uint64(head[2:])
	}
	if err != nil {
		return 0, nil, err
	}
	var mask [4]byte
	if _, err = io.ReadFull(p.r, mask[:]); err != nil {
		return 0, nil, err
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(p.r, payload)
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	return head[0], payload, err
}

// next returns the next message.
func (p *peer) next() (string, error) {
	for {
		first, payload, err := p.read()
		if err != nil || first == textFrame {
			return string(payload), err
		}
		if first == closeFrame {
			return "", fmt.Errorf("the client has closed with %q", payload)
		}
	}
}

// scripted serves connections with a function, which has the handshake and $connect
// behind it. It returns the address. Connections end when the function does.
func scripted(t testing.TB, serve func(n int, p *peer) error) (url string) {
	t.Helper()
	return listening(t, func(n int, p *peer) error {
		if err := p.upgrade(); err != nil {
			return err
		}
		if said, err := p.next(); err != nil || !strings.HasPrefix(said, `{"event":"$connect"`) {
			return fmt.Errorf("the client begins with %q, %w", said, err)
		}
		return serve(n, p)
	})
}

// listening is scripted for functions that answer the handshake.
func listening(t testing.TB, serve func(n int, p *peer) error) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	wg.Go(func() {
		for n := 0; ; n++ {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(patience))
				p, err := newPeer(conn)
				if err == nil {
					err = serve(n, p)
				}
				if err != nil {
					t.Logf("connection %d: %v", n, err)
				}
			})
		}
	})
	return "ws://" + l.Addr().String()
}

// drain reads until the client is gone.
func (p *peer) drain() error {
	for {
		if _, _, err := p.read(); err != nil {
			return nil
		}
	}
}

// upgradePlain answers the request without a subprotocol.
func (p *peer) upgradePlain() error {
	return p.answer("101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: "+p.accept(), "")
}
