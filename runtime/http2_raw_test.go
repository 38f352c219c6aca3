package ws_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"
)

// The types of HTTP/2's frames (RFC 9113, section 6).
const (
	h2Data, h2Headers, h2Reset, h2Settings, h2Ping, h2GoAway, h2Window = 0, 1, 3, 4, 6, 7, 8
)

// Error codes (RFC 9113, section 7).
const (
	h2NoError, h2ProtocolError, h2InternalError, h2Cancel = 0, 1, 2, 8
)

const (
	h2End        = 1 // END_STREAM of a DATA or HEADERS frame; ACK of the others
	h2EndHeaders = 4

	settingConnect = 8 // SETTINGS_ENABLE_CONNECT_PROTOCOL
	settingWindow  = 4 // SETTINGS_INITIAL_WINDOW_SIZE
)

// rawH2 is a client of HTTP/2 whose frames are made by hand: it can send frames
// that no library would, and be as slow as it likes.
type rawH2 struct {
	t        *testing.T
	conn     net.Conn
	r        *bufio.Reader
	settings map[uint16]uint32 // the server's
}

// frameH2 is a frame.
type frameH2 struct {
	kind, flags byte
	stream      uint32
	payload     []byte
}

// rawH2 connects. Each stream's window is of so many bytes until the client
// opens it. The connection's own is open.
func (s *site) rawH2(t *testing.T, window uint32) *rawH2 {
	t.Helper()
	conn, err := net.Dial("tcp", s.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return newRawH2(t, conn, window)
}

func newRawH2(t *testing.T, socket net.Conn, window uint32) *rawH2 {
	t.Helper()
	conn := secure(socket, "h2")
	_ = conn.SetDeadline(time.Now().Add(patience))
	c := &rawH2{t, conn, bufio.NewReader(conn), map[uint16]uint32{}}
	if _, err := io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	c.send(h2Settings, 0, 0, binary.BigEndian.AppendUint32([]byte{0, settingWindow}, window))
	c.open(0, 1<<30)
	for len(c.settings) == 0 {
		c.settle(c.read())
	}
	return c
}

func (c *rawH2) send(kind, flags byte, stream uint32, payload []byte) {
	c.t.Helper()
	head := []byte{0, 0, 0, kind, flags, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(head[1:], uint16(len(payload)))
	binary.BigEndian.PutUint32(head[5:], stream)
	if _, err := c.conn.Write(append(head, payload...)); err != nil {
		c.t.Fatalf("write: %v", err)
	}
}

// connect asks for a WebSocket on a stream, with names and values of more
// header fields perhaps.
func (c *rawH2) connect(stream uint32, path string, flags byte, more ...string) {
	c.t.Helper()
	c.request(stream, flags, append([]string{
		":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":path", path, ":authority", "example.com",
		"sec-websocket-version", "13",
	}, more...)...)
}

// request sends header fields as literals that no table need remember (RFC
// 7541, section 6.2.2).
func (c *rawH2) request(stream uint32, flags byte, fields ...string) {
	c.t.Helper()
	var block []byte
	for i := 0; i < len(fields); i += 2 {
		block = append(append(append(block, 0, byte(len(fields[i]))), fields[i]...), byte(len(fields[i+1])))
		block = append(block, fields[i+1]...)
	}
	c.send(h2Headers, flags|h2EndHeaders, stream, block)
}

// open adds to the window of a stream; 0 is the connection.
func (c *rawH2) open(stream, n uint32) {
	c.t.Helper()
	c.send(h2Window, 0, stream, binary.BigEndian.AppendUint32(nil, n))
}

func (c *rawH2) reset(stream, code uint32) {
	c.t.Helper()
	c.send(h2Reset, 0, stream, binary.BigEndian.AppendUint32(nil, code))
}

// read returns the next frame.
func (c *rawH2) read() (f frameH2) {
	c.t.Helper()
	var head [9]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		c.t.Fatalf("reading a frame of HTTP/2: %v", err)
	}
	f = frameH2{head[3], head[4], binary.BigEndian.Uint32(head[5:]), make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))}
	if _, err := io.ReadFull(c.r, f.payload); err != nil {
		c.t.Fatalf("reading a frame of HTTP/2: %v", err)
	}
	return f
}

// settle deals with frames about the connection, and reports whether f was one.
func (c *rawH2) settle(f frameH2) bool {
	c.t.Helper()
	switch {
	case f.kind == h2Settings && f.flags&h2End == 0:
		for p := f.payload; len(p) >= 6; p = p[6:] {
			c.settings[binary.BigEndian.Uint16(p)] = binary.BigEndian.Uint32(p[2:])
		}
		c.send(h2Settings, h2End, 0, nil)
	case f.kind == h2Ping && f.flags&h2End == 0:
		c.send(h2Ping, h2End, 0, f.payload)
	}
	return f.stream == 0
}

// next returns the next frame of a stream.
func (c *rawH2) next() frameH2 {
	c.t.Helper()
	for {
		if f := c.read(); !c.settle(f) {
			return f
		}
	}
}

// accepted reads up to the answer of a stream, and reports whether that is 200.
func (c *rawH2) accepted(stream uint32) bool {
	c.t.Helper()
	for {
		if f := c.next(); f.stream == stream && f.kind == h2Headers {
			return f.payload[0] == 0x88 // RFC 7541, appendix A
		} else if f.stream == stream && f.kind == h2Reset {
			return false
		}
	}
}

// wantReset reads up to the reset of a stream.
func (c *rawH2) wantReset(stream, code uint32) {
	c.t.Helper()
	for {
		f := c.next()
		if f.stream != stream || f.kind != h2Reset {
			continue
		}
		if got := binary.BigEndian.Uint32(f.payload); got != code {
			c.t.Errorf("stream %d was reset with %d, want %d", stream, got, code)
		}
		return
	}
}

// wantData reads n bytes of a stream.
func (c *rawH2) wantData(stream uint32, n int) (data []byte) {
	c.t.Helper()
	for len(data) < n {
		f := c.next()
		switch {
		case f.stream == stream && f.kind == h2Data:
			data = append(data, f.payload...)
		case f.stream == stream:
			c.t.Fatalf("stream %d: frame %d with %x after %d bytes", stream, f.kind, f.payload, len(data))
		}
	}
	return data
}
