package socket

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lxzan/gws"
	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/handshake"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// This is the only file that knows gws, which does the framing, fragments,
// masking and UTF-8 of bytes that come in. The handshake (accept.go) and
// writing (write.go) are ours.

// wire is the Socket as the net.Conn that gws reads from: a second name for the
// same memory. gws sees only bytes that were checked, and must neither write nor
// close.
type wire Socket

var _ net.Conn = (*wire)(nil)

// Read returns bytes that are part of sound frames only.
func (w *wire) Read(p []byte) (int, error) {
	s := (*Socket)(w)
	if s.from == s.to && len(p) >= shortBlock && len(p) <= s.guard.Left() && s.readErr() == nil {
		return s.readPayload(p)
	}
	if s.available() != nil {
		return 0, errReadEnd
	}
	n := copy(p, s.block.bytes[s.from:s.to])
	s.from += uint16(n)
	return n, nil
}

// Write only records the code of the Close frame that gws wanted to send. The
// frame itself is ours (close.go), since gws's reasons contain addresses and do
// not wait for queued frames.
func (w *wire) Write(p []byte) (int, error) {
	s := (*Socket)(w)
	if !s.joined || s.quiet {
		return len(p), nil // the answer to a handshake that is answered, or the Close of a connection that stays
	}
	r := s.rarely()
	r.verdict = frame.CloseNoStatus
	if len(p) >= 4 && p[0]&0x0f == frame.OpClose {
		r.verdict = frame.CloseCode(p[2])<<8 | frame.CloseCode(p[3])
	}
	return len(p), nil
}

// Close does nothing: how and when the socket closes is decided in close.go.
func (w *wire) Close() error { return nil }

// LocalAddr returns the socket's own address.
func (w *wire) LocalAddr() net.Addr { return w.net.LocalAddr() }

// RemoteAddr returns the peer's.
func (w *wire) RemoteAddr() net.Addr { return w.net.RemoteAddr() }

// SetDeadline does nothing: the deadlines are the socket's, and not gws's.
func (w *wire) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing, as SetDeadline.
func (w *wire) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing, as SetDeadline.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// relay is a wire whose link may move to another socket while gws reads from it:
// gws has read more than it has handed on.
type relay struct{ *Socket }

var _ net.Conn = (*relay)(nil)

func (r *relay) Read(p []byte) (int, error)     { return (*wire)(r.Socket).Read(p) }
func (r *relay) Write(p []byte) (int, error)    { return (*wire)(r.Socket).Write(p) }
func (*relay) Close() error                     { return nil }
func (r *relay) LocalAddr() net.Addr            { return (*wire)(r.Socket).LocalAddr() }
func (r *relay) RemoteAddr() net.Addr           { return (*wire)(r.Socket).RemoteAddr() }
func (*relay) SetDeadline(time.Time) error      { return nil }
func (*relay) SetReadDeadline(time.Time) error  { return nil }
func (*relay) SetWriteDeadline(time.Time) error { return nil }

// transport has gws's side of all sockets with the same limits.
type transport struct {
	plain     *gws.Upgrader
	deflating *gws.Upgrader // nil: no socket compresses

	request, deflatingRequest *http.Request // what gws is shown
}

func newTransport(l *Limits) transport {
	t := transport{
		plain:            gws.NewUpgrader(events{}, serverOption(l)),
		request:          acceptable(),
		deflatingRequest: acceptable(handshake.DeflateExtension),
	}
	if l.Deflate {
		with := serverOption(l)
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

func serverOption(l *Limits) *gws.ServerOption {
	return &gws.ServerOption{
		ReadMaxPayloadSize: l.Message,
		CheckUtf8Enabled:   true,
		ParallelGolimit:    1, // no parallel handling; the default allocates for eight
		Logger:             quiet{},
		NewSession:         func() gws.SessionStorage { return session{} },
	}
}

// reader reads a connection until it is over.
type reader interface{ ReadLoop() }

// reader makes gws's side of s. gws only reads what it has upgraded itself, so
// it is shown a request that it accepts, and its answer goes nowhere: ours has
// been sent long ago.
func (t *transport) reader(s *Socket) (reader, error) {
	upgrader, request := t.plain, t.request
	if s.Deflates() {
		upgrader, request = t.deflating, t.deflatingRequest
	}
	var link net.Conn = (*wire)(s)
	if s.state.is(stateKeeps) && !s.state.is(stateOpened) { // its first message may be that of another connection
		r := &relay{s}
		s.rarely().relay, link = r, r
	}
	socket, err := upgrader.UpgradeFromConn(link, bufio.NewReaderSize(link, 16), request)
	if err != nil {
		return nil, err
	}
	s.joined = true
	s.state.set(stateDeep | stateGrown)
	return socket, nil
}

// acceptable returns a request for gws, which reads it and changes nothing.
func acceptable(extensions ...string) *http.Request {
	return &http.Request{Method: http.MethodGet, Header: http.Header{
		"Connection":               {"Upgrade"},
		"Upgrade":                  {"websocket"},
		"Sec-Websocket-Version":    {"13"},
		"Sec-Websocket-Key":        {"any"},
		"Sec-Websocket-Extensions": extensions,
	}}
}

// session stands for gws's storage of user values, which nothing uses. gws's
// own would weigh on every connection.
type session struct{}

func (session) Len() int                     { return 0 }
func (session) Load(string) (any, bool)      { return nil, false }
func (session) Delete(string)                {}
func (session) Store(string, any)            {}
func (session) Range(func(string, any) bool) {}

// quiet is gws's logger. It logs nothing: the cause of the close says what
// happened.
type quiet struct{}

func (quiet) Error(...any) {}

// events are gws's callbacks. All run on the read goroutine.
type events struct{}

func (events) OnOpen(*gws.Conn) {}

func (events) OnPing(socket *gws.Conn, payload []byte) {
	of(socket).ReplyAside(frame.Control(frame.OpPong, payload), true)
}

func (events) OnPong(socket *gws.Conn, payload []byte) { of(socket).acknowledged(payload) } // it has been heard (Socket.took)

func (events) OnMessage(socket *gws.Conn, m *gws.Message) {
	s := of(socket)
	s.owner.Received(m.Opcode == gws.OpcodeText, m.Bytes(), m)
	if s.corkDue() {
		s.Uncork()
	}
}

// OnClose closes the connection when the read loop is over, unless that goes on
// without gws. err is gws's reason.
func (events) OnClose(socket *gws.Conn, err error) {
	s := of(socket)
	peer, closed := err.(*gws.CloseError)
	switch {
	case s.quiet:
	case closed:
		s.state.set(statePeerClosed)
		s.peerSaidClose(frame.CloseCode(peer.Code), string(peer.Reason))
	case s.readErr() != nil:
		s.closeUnread(s.readErr())
	default:
		code := s.verdict()
		if code == frame.CloseInternal { // gws could not inflate
			code = frame.CloseInvalid
			if strings.Contains(steady.Text(err), "too large") {
				code = frame.CloseTooLarge
			}
		}
		s.closeUnread(&frame.Error{Code: code, Text: verdictText(code)})
	}
}

func of(socket *gws.Conn) *Socket {
	if w, is := socket.NetConn().(*wire); is {
		return (*Socket)(w)
	}
	return socket.NetConn().(*relay).Socket
}

// peerSaidClose answers a Close frame with its own code (RFC 6455, section
// 5.5.1), if a peer may send that (section 7.4). gws's answer is not used: it
// turns 1001 into 1000.
func (s *Socket) peerSaidClose(code frame.CloseCode, reason string) {
	switch {
	case s.verdict() == frame.CloseNoStatus: // the frame is empty
		s.closeAnswering(Cause{Code: frame.CloseNoStatus, Remote: true}, frame.CloseNoStatus)
	case !frame.Sendable(code): // a payload of one byte is among these
		s.closeUnread(frame.Broken("Close frame with a code that must not be sent"))
	case !utf8.ValidString(reason):
		s.closeUnread(&frame.Error{Code: frame.CloseInvalid, Text: "invalid: the reason of the Close frame is not UTF-8"})
	default:
		s.closeAnswering(Cause{Code: code, Reason: reason, Remote: true}, code)
	}
}

// verdictText returns the reason of a Close that gws decided on. gws's own text
// stays out of it: there may be addresses in it.
func verdictText(code frame.CloseCode) string {
	switch code {
	case frame.CloseTooLarge:
		return "too_large: message too long"
	case frame.CloseInvalid:
		return "invalid: text is not UTF-8, or does not inflate"
	}
	return "protocol: unreadable frame"
}

// closeUnread closes because of a frame that breaks the protocol, or because
// reading failed.
func (s *Socket) closeUnread(err error) {
	if bad, ok := err.(*frame.Error); ok {
		s.owner.Unsound(bad)
		s.Close(Cause{Code: bad.Code, Reason: bad.Text, Err: bad})
		return
	}
	if steady.Is(err, io.EOF) {
		s.state.set(statePeerClosed)
	}
	cause := Cause{Code: frame.CloseAbnormal, Remote: true, Err: err}
	if !s.broken(cause) {
		s.Close(cause)
	}
}
