package ws

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/lxzan/gws"
)

// This is the only file that knows gws. It does the handshake, framing,
// fragments, masking and UTF-8 of what comes in; we write (flush.go).

// transport upgrades and reads the connections of one endpoint.
type transport struct {
	plain     *gws.Upgrader
	deflating *gws.Upgrader // nil: permessage-deflate is off
}

func newTransport(o Options) *transport {
	t := &transport{plain: gws.NewUpgrader(events{}, serverOption(o))}
	if o.CompressAbove > 0 {
		with := serverOption(o)
		with.PermessageDeflate = gws.PermessageDeflate{
			Enabled:             true, // and no context takeover
			ServerMaxWindowBits: 15,   // its default is announced unasked, and breaks clients
			ClientMaxWindowBits: 15,
			PoolSize:            runtime.GOMAXPROCS(0), // inflaters, each with a compressor that we do not use
		}
		t.deflating = gws.NewUpgrader(events{}, with)
	}
	return t
}

func serverOption(o Options) *gws.ServerOption {
	return &gws.ServerOption{
		ReadMaxPayloadSize: o.MaxMessageBytes,
		CheckUtf8Enabled:   true,
		ParallelGolimit:    1, // no parallel handling; the default allocates for eight
		HandshakeTimeout:   o.HandshakeTimeout,
		Logger:             quiet{},
		NewSession:         func() gws.SessionStorage { return new(session) },
	}
}

// upgrade answers the handshake, and makes c what gws's events lead to. On an
// error the socket is closed.
func (t *transport) upgrade(c *conn, r *http.Request) (reader, error) {
	upgrader := t.plain
	if c.deflate {
		upgrader = t.deflating
		// gws reads one header line, and not closely: it gets our verdict.
		copied := *r
		copied.Header = r.Header.Clone()
		copied.Header.Set("Sec-WebSocket-Extensions", deflateExtension)
		r = &copied
	}
	socket, err := upgrader.UpgradeFromConn(&c.wire, bufio.NewReaderSize(&c.wire, 16), r)
	if err != nil {
		return nil, err
	}
	socket.Session().(*session).conn = c
	c.wire.open = true
	return socket, nil
}

// read reads until the connection is over. A panic of gws's ends the
// connection, not the process.
func (t *transport) read(c *conn, r reader) {
	defer func() {
		if p := recover(); p != nil {
			c.server.log.Error("ws: panic while reading", "conn", c.id, "panic", p, "stack", string(debug.Stack()))
			c.close(Closed{Code: CloseProtocol, Reason: "protocol: unreadable frame", Err: fmt.Errorf("ws: panic while reading: %v", p)})
		}
	}()
	r.ReadLoop()
}

// session leads from a gws connection to ours. gws takes it for the storage of
// user values, which nobody uses.
type session struct{ conn *conn }

func (*session) Len() int                     { return 0 }
func (*session) Load(string) (any, bool)      { return nil, false }
func (*session) Delete(string)                {}
func (*session) Store(string, any)            {}
func (*session) Range(func(string, any) bool) {}

// quiet is gws's logger: what it would say is in the cause of the close.
type quiet struct{}

func (quiet) Error(...any) {}

// events are gws's callbacks; all run on the read goroutine.
type events struct{}

func (events) OnOpen(*gws.Conn) {}

func (events) OnPing(socket *gws.Conn, payload []byte) {
	connOf(socket).reply(controlFrame(opPong, payload), true)
}

func (events) OnPong(*gws.Conn, []byte) {} // hearing it was all (wire.Read)

func (events) OnMessage(socket *gws.Conn, m *gws.Message) {
	connOf(socket).received(m.Opcode == gws.OpcodeText, m.Bytes(), m)
}

// OnClose is called when the read loop is over, with what ended it.
func (events) OnClose(socket *gws.Conn, err error) {
	c := connOf(socket)
	var peer *gws.CloseError
	switch {
	case errors.As(err, &peer):
		code := CloseCode(peer.Code)
		switch {
		case code == 0:
			code = CloseNoStatus
		case !code.sendable():
			code = CloseProtocol // it must not be sent, but it was
		}
		c.peerEnded()
		c.closeAnswering(Closed{Code: code, Reason: string(peer.Reason), Remote: true}, c.wire.verdict)
	case c.wire.readErr != nil:
		c.closeUnread(c.wire.readErr)
	default:
		code := c.wire.verdict
		if code == CloseInternal { // gws could not inflate
			code = CloseInvalid
			if strings.Contains(err.Error(), "too large") {
				code = CloseTooLarge
			}
		}
		c.closeUnread(&frameError{code, verdictText(code, err)})
	}
}

func connOf(socket *gws.Conn) *conn { return socket.Session().(*session).conn }

// verdictText is the reason of a Close that gws decided on.
func verdictText(code CloseCode, err error) string {
	switch code {
	case CloseTooLarge:
		return "too_large: message too long"
	case CloseInvalid:
		return "invalid: text is not UTF-8, or does not inflate"
	case CloseProtocol:
		return "protocol: frames out of order"
	}
	return "protocol: " + strings.TrimPrefix(err.Error(), "gws: ")
}

// closeUnread closes because of what was read, or because reading failed.
func (c *conn) closeUnread(err error) {
	if bad, ok := errors.AsType[*frameError](err); ok {
		c.refuseFrame(bad)
		c.close(Closed{Code: bad.code, Reason: bad.text, Err: bad})
		return
	}
	if errors.Is(err, io.EOF) {
		c.peerEnded()
	}
	c.close(Closed{Code: CloseAbnormal, Remote: true, Err: err})
}
