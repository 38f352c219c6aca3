package pipeline_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// patience is how long an answer may take: a machine may be busy.
const patience = time.Minute

// client is as much of a WebSocket client as the frames need.
type client struct {
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, address, path string) *client {
	t.Helper()
	c, status := handshake(t, address, path)
	if status != "101" {
		t.Fatalf("dial %s: %s", path, status)
	}
	return c
}

// handshake asks for a connection, and returns the status of the answer.
func handshake(t *testing.T, address, path string) (*client, string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	c := &client{conn, bufio.NewReader(conn)}
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path, address)
	status := ""
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line = strings.TrimSpace(line); line == "" {
			return c, status
		}
		if status == "" {
			status = strings.Fields(line)[1]
		}
	}
}

// send writes a masked frame; the mask is zero, so that the payload is itself.
func (c *client) send(t *testing.T, op byte, payload []byte) {
	t.Helper()
	frame := []byte{0x80 | op}
	if len(payload) < 126 {
		frame = append(frame, 0x80|byte(len(payload)))
	} else {
		frame = binary.BigEndian.AppendUint16(append(frame, 0x80|126), uint16(len(payload)))
	}
	frame = append(append(frame, 0, 0, 0, 0), payload...)
	if _, err := c.Write(frame); err != nil {
		t.Fatal(err)
	}
}

// receive reads a whole message, passing over pings.
func (c *client) receive(t *testing.T) (op byte, payload string) {
	t.Helper()
	for {
		var head [2]byte
		if _, err := io.ReadFull(c.r, head[:]); err != nil {
			t.Fatalf("no more frames: %v", err)
		}
		size := int(head[1] & 127)
		if size == 126 {
			var long [2]byte
			if _, err := io.ReadFull(c.r, long[:]); err != nil {
				t.Fatal(err)
			}
			size = int(binary.BigEndian.Uint16(long[:]))
		}
		data := make([]byte, size)
		if _, err := io.ReadFull(c.r, data); err != nil {
			t.Fatal(err)
		}
		if op := head[0] & 15; op != 9 {
			return op, string(data)
		}
	}
}
