// Package peer is the clients: raw connections that keep a record of what they hear.
package peer

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// conn is a client's side of a WebSocket.
type conn struct {
	net.Conn
	in *bufio.Reader
}

var errRefused = errors.New("peer: the handshake was refused")

// dial connects as a user.
func dial(addr, user string) (*conn, error) {
	c, err := net.DialTimeout("tcp", addr, 2*time.Second)
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewReaderSize(c, 4<<10)
	_, err = fmt.Fprintf(c, "GET /ws HTTP/1.1\r\nHost: chaos\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Bearer %s\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", user)
	if err == nil {
		var r *http.Response
		if r, err = http.ReadResponse(in, nil); err == nil && r.StatusCode != http.StatusSwitchingProtocols {
			err = errRefused
		}
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	_ = c.SetDeadline(time.Time{})
	return &conn{c, in}, nil
}

// send sends a text message.
func (c *conn) send(text string) error { return c.frame(0x81, []byte(text)) }

func (c *conn) frame(first byte, payload []byte) error {
	out := []byte{first, 0x80 | byte(len(payload))}
	if len(payload) > 125 {
		out = binary.BigEndian.AppendUint16([]byte{first, 0x80 | 126}, uint16(len(payload)))
	}
	out = append(out, 0, 0, 0, 0) // a mask of zeros
	_ = c.SetWriteDeadline(time.Now().Add(10 * time.Second))
	_, err := c.Write(append(out, payload...))
	return err
}

// next returns the next text message. buf is used if it is long enough.
func (c *conn) next(buf []byte) ([]byte, error) {
	for {
		var head [10]byte
		if _, err := io.ReadFull(c.in, head[:2]); err != nil {
			return nil, err
		}
		op, size := head[0], uint64(head[1])
		switch size {
		case 126:
			if _, err := io.ReadFull(c.in, head[:2]); err != nil {
				return nil, err
			}
			size = uint64(binary.BigEndian.Uint16(head[:2]))
		case 127:
			return nil, errors.New("peer: a frame of more than 64 KiB")
		}
		if size > uint64(cap(buf)) {
			buf = make([]byte, size)
		}
		buf = buf[:size]
		if _, err := io.ReadFull(c.in, buf); err != nil {
			return nil, err
		}
		switch op {
		case 0x81:
			return buf, nil
		case 0x88:
			return nil, io.EOF
		case 0x89:
			if err := c.frame(0x8a, buf); err != nil {
				return nil, err
			}
		}
	}
}
