package wsclient

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/lxzan/gws"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// This is the only file of the package that knows gws, which makes the handshake, and
// does the framing, fragments and UTF-8 of what comes in. Writing is ours: gws writes
// each message by itself, and closes the connection behind a Close.

// socket is a WebSocket to a server. One goroutine reads, and one writes.
type socket struct {
	conn net.Conn // with TLS, if there is any
	raw  net.Conn // under TLS, or the same
	gws  *gws.Conn
	to   hearer
	born time.Time
	// heard is when something has come last, in nanoseconds since born.
	heard atomic.Int64

	left    int             // bytes that a handshake may still be answered with
	shaken  bool            // the handshake is over
	verdict frame.CloseCode // of the Close that gws wanted to send
	end     ending          // set when reading is over

	out   []byte    // what is written, for the next time. The goroutine that writes only
	until time.Time // when the connection's write deadline is. The goroutine that writes only
}

// hearer is told what comes, on the goroutine that reads. The bytes are its own only
// for the time of the call.
type hearer interface {
	text(p []byte)
	ping(payload []byte)
}

// ending is how a socket has ended.
type ending struct {
	closed ws.Closed
	answer []byte // payload of the Close that is to be sent; nil: none
}

// maxAnswer bounds what a handshake is answered with, the body of a refusal and
// frames that come with it included.
const maxAnswer = 256 << 10

// newSocket returns a socket without a handshake.
func newSocket(conn, raw net.Conn, to hearer) *socket {
	return &socket{conn: conn, raw: raw, to: to, born: time.Now(), left: maxAnswer}
}

// shake makes the handshake, which lasts until the connection is cut. res is what was
// answered, if anything was.
func (s *socket) shake(address string, header http.Header, most int) (res *http.Response, err error) {
	s.gws, res, err = gws.NewClientFromConn(events{s}, &gws.ClientOption{
		Addr: address, RequestHeader: header, ReadMaxPayloadSize: most, CheckUtf8Enabled: true,
		HandshakeTimeout: time.Hour, // it is cut long before: after this gws would leave a goroutine
		NewSession:       func() gws.SessionStorage { return nil },
		Logger:           quiet{}, ParallelGolimit: 1,
	}, (*wire)(s))
	if err == gws.ErrSubprotocolNegotiation {
		err = errNoProtocol
	}
	s.shaken = err == nil
	return res, err
}

// read reads until the socket has ended, and says how. gws panics on a length that
// only a hostile server sends: that ends the socket.
func (s *socket) read() (end ending) {
	returned := false
	defer steady.Ended(&returned, "reading", "", func(f *steady.Failure) { end = broken(f) })
	s.gws.ReadLoop()
	returned = true
	return s.end
}

// broken is the ending of a socket whose server does not keep to the protocol.
func broken(err error) ending {
	return ending{
		closed: ws.Closed{Code: ws.CloseAbnormal, Err: steady.Wrap("wsclient: the server has sent what it must not", err)},
		answer: closing(ws.CloseProtocol, ""),
	}
}

// closing returns the payload of a Close frame.
func closing(code ws.CloseCode, reason string) []byte {
	const header = 2
	return frame.Close(frame.CloseCode(code), reason)[header:]
}

// silent is how long nothing has come.
func (s *socket) silent() time.Duration { return time.Since(s.born) - time.Duration(s.heard.Load()) }

// outgoing is a frame to be written.
type outgoing struct {
	op   byte
	text []byte
}

// writing is how long a write may take at least: a server that takes nothing for so
// long is given up. It is at most twice that, so that not every write sets a deadline.
const writing = 10 * time.Second

// keptOut is how much memory is kept for the next write.
const keptOut = 64 << 10

// write writes frames, all at once.
func (s *socket) write(frames []outgoing) error {
	out := s.out[:0]
	for _, f := range frames {
		out = frame.AppendMasked(out, f.op, f.text, rand.Uint32())
	}
	if s.out = out; cap(out) > keptOut {
		s.out = nil
	}
	if now := time.Now(); s.until.Sub(now) < writing {
		s.until = now.Add(2 * writing)
		if err := s.conn.SetWriteDeadline(s.until); err != nil {
			return err
		}
	}
	_, err := s.conn.Write(out)
	return err
}

// cut ends the connection, without what TLS would say and might have to wait for.
func (s *socket) cut() { _ = s.raw.Close() }

// wire is the socket as the net.Conn that gws reads from: a second name for the same
// memory. It must neither write, once the handshake is over, nor close.
type wire socket

var _ net.Conn = (*wire)(nil)

// Read notes a sign of life.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.conn.Read(p)
	w.heard.Store(int64(time.Since(w.born)))
	if !w.shaken {
		if w.left -= n; w.left < 0 {
			return 0, io.ErrShortBuffer
		}
	}
	return n, err
}

// Write writes the request. Of a Close frame that gws would write later only the code
// is noted: gws turns 1001 into 1000.
func (w *wire) Write(p []byte) (int, error) {
	const header, mask = 2, 4
	if !w.shaken {
		return w.conn.Write(p)
	}
	if len(p) >= header+mask+2 && p[0]&0x0f == frame.OpClose {
		code := [2]byte{p[header+mask] ^ p[header], p[header+mask+1] ^ p[header+1]}
		w.verdict = frame.CloseCode(binary.BigEndian.Uint16(code[:]))
	}
	return len(p), nil
}

// Close does nothing: how and when the socket ends is decided elsewhere.
func (*wire) Close() error { return nil }

// LocalAddr returns the socket's own address.
func (w *wire) LocalAddr() net.Addr { return w.conn.LocalAddr() }

// RemoteAddr returns the server's.
func (w *wire) RemoteAddr() net.Addr { return w.conn.RemoteAddr() }

// SetDeadline does nothing: a context ends the handshake.
func (*wire) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing, as SetDeadline.
func (*wire) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing, as SetDeadline.
func (*wire) SetWriteDeadline(time.Time) error { return nil }

// quiet is gws's logger. It logs nothing: the ending says what happened.
type quiet struct{}

func (quiet) Error(...any) {}

// events are gws's callbacks.
type events struct{ s *socket }

var _ gws.Event = events{}

func (events) OnOpen(*gws.Conn)                     {}
func (e events) OnPing(_ *gws.Conn, payload []byte) { e.s.to.ping(payload) }
func (events) OnPong(*gws.Conn, []byte)             {}
func (e events) OnMessage(_ *gws.Conn, m *gws.Message) {
	defer m.Close()
	if m.Opcode == gws.OpcodeText {
		e.s.to.text(m.Bytes())
	}
}

// OnClose notes how the socket has ended. A Close is answered with its own code (RFC
// 6455, section 5.5.1).
func (e events) OnClose(_ *gws.Conn, err error) {
	said, is := err.(*gws.CloseError)
	switch verdict := ws.CloseCode(e.s.verdict); {
	case is && said.Code == 0:
		e.s.end = ending{ws.Closed{Code: ws.CloseNoStatus, Remote: true}, closing(ws.CloseNoStatus, "")}
	case is && !frame.Sendable(frame.CloseCode(said.Code)):
		e.s.end = broken(frame.Broken("Close frame with a code that must not be sent"))
	case is:
		code := ws.CloseCode(said.Code)
		e.s.end = ending{ws.Closed{Code: code, Reason: frame.CutReason(string(said.Reason)), Remote: true}, closing(code, "")}
	case verdict != 0 && verdict != ws.CloseNormal: // what it is of a Read that has failed
		e.s.end = broken(err)
		e.s.end.answer = closing(verdict, "")
	default:
		e.s.end.closed = ws.Closed{Code: ws.CloseAbnormal, Remote: true, Err: steady.Wrap("wsclient: the connection is lost", err)}
	}
}
