package ws

import (
	"bufio"
	"io"
	"net/http"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/lxzan/gws"
	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/handshake"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// This is the only file that knows gws. It does the framing, fragments, masking
// and UTF-8 of what comes in; we answer the handshake (handshake.go), and write
// (flush.go).

// transport reads the connections of one endpoint.
type transport struct {
	plain     *gws.Upgrader
	deflating *gws.Upgrader // nil: permessage-deflate is off

	request, deflatingRequest *http.Request // what gws is shown
}

func newTransport(o Options) *transport {
	t := &transport{
		plain:            gws.NewUpgrader(events{}, serverOption(o)),
		request:          acceptable(),
		deflatingRequest: acceptable(handshake.DeflateExtension),
	}
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
		Logger:             quiet{},
		NewSession:         func() gws.SessionStorage { return session{} },
	}
}

// reader makes gws's side of c. gws only reads what it has upgraded itself, so
// it is shown a request that it accepts, and its answer goes nowhere: ours has
// been sent long ago.
func (t *transport) reader(c *conn) (reader, error) {
	upgrader, request := t.plain, t.request
	if c.deflate {
		upgrader, request = t.deflating, t.deflatingRequest
	}
	socket, err := upgrader.UpgradeFromConn(&c.wire, bufio.NewReaderSize(&c.wire, 16), request)
	if err != nil {
		return nil, err
	}
	c.joined = true
	return socket, nil
}

// acceptable is a request for gws, which reads it and changes nothing.
func acceptable(extensions ...string) *http.Request {
	return &http.Request{Method: http.MethodGet, Header: http.Header{
		"Connection":               {"Upgrade"},
		"Upgrade":                  {"websocket"},
		"Sec-Websocket-Version":    {"13"},
		"Sec-Websocket-Key":        {"any"},
		"Sec-Websocket-Extensions": extensions,
	}}
}

// session is gws's storage of user values, which nobody uses; its own would
// weigh on every connection.
type session struct{}

func (session) Len() int                     { return 0 }
func (session) Load(string) (any, bool)      { return nil, false }
func (session) Delete(string)                {}
func (session) Store(string, any)            {}
func (session) Range(func(string, any) bool) {}

// quiet is gws's logger: what it would say is in the cause of the close.
type quiet struct{}

func (quiet) Error(...any) {}

// events are gws's callbacks; all run on the read goroutine.
type events struct{}

func (events) OnOpen(*gws.Conn) {}

func (events) OnPing(socket *gws.Conn, payload []byte) {
	connOf(socket).reply(frame.Control(frame.OpPong, payload), true)
}

func (events) OnPong(*gws.Conn, []byte) {} // hearing it was all (wire.Read)

func (events) OnMessage(socket *gws.Conn, m *gws.Message) {
	connOf(socket).received(m.Opcode == gws.OpcodeText, m.Bytes(), m)
}

// OnClose is called when the read loop is over, with what ended it.
func (events) OnClose(socket *gws.Conn, err error) {
	c := connOf(socket)
	peer, closed := err.(*gws.CloseError)
	switch {
	case closed:
		c.peerEnded()
		c.peerSaidClose(CloseCode(peer.Code), string(peer.Reason))
	case c.wire.readErr() != nil:
		c.closeUnread(c.wire.readErr())
	default:
		code := c.wire.verdict()
		if code == CloseInternal { // gws could not inflate
			code = CloseInvalid
			if strings.Contains(steady.Text(err), "too large") {
				code = CloseTooLarge
			}
		}
		c.closeUnread(&frame.Error{Code: frame.CloseCode(code), Text: verdictText(code)})
	}
}

func connOf(socket *gws.Conn) *conn { return socket.NetConn().(*wire).client.conn }

// peerSaidClose answers a Close frame with its own code (RFC 6455, section
// 5.5.1), if it is one that a peer may send (section 7.4). gws's answer is not
// used: it turns 1001 into 1000.
func (c *conn) peerSaidClose(code CloseCode, reason string) {
	switch {
	case c.wire.verdict() == CloseNoStatus: // the frame is empty
		c.closeAnswering(Closed{Code: CloseNoStatus, Remote: true}, CloseNoStatus)
	case !frame.Sendable(frame.CloseCode(code)): // a payload of one byte is among these
		c.closeUnread(frame.Broken("Close frame with a code that must not be sent"))
	case !utf8.ValidString(reason):
		c.closeUnread(&frame.Error{Code: frame.CloseInvalid, Text: "invalid: the reason of the Close frame is not UTF-8"})
	default:
		c.closeAnswering(Closed{Code: code, Reason: reason, Remote: true}, code)
	}
}

// verdictText is the reason of a Close that gws decided on. gws's own text
// stays out of it: there may be addresses in it.
func verdictText(code CloseCode) string {
	switch code {
	case CloseTooLarge:
		return "too_large: message too long"
	case CloseInvalid:
		return "invalid: text is not UTF-8, or does not inflate"
	}
	return "protocol: unreadable frame"
}

// closeUnread closes because of what was read, or because reading failed.
func (c *conn) closeUnread(err error) {
	if bad, ok := err.(*frame.Error); ok {
		c.refuseFrame(bad)
		c.close(Closed{Code: CloseCode(bad.Code), Reason: bad.Text, Err: bad})
		return
	}
	if steady.Is(err, io.EOF) {
		c.peerEnded()
	}
	c.close(Closed{Code: CloseAbnormal, Remote: true, Err: err})
}
