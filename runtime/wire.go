package ws

import (
	"net"
	"time"
)

// wire is the net.Conn that gws works on. Until the handshake is done it is
// the socket itself. From then on gws only reads through it: every frame is
// checked before gws sees it, and what gws would write (a Close frame, its
// only own frame here) and close goes our way instead.
type wire struct {
	net.Conn        // the socket
	conn     *conn  // set when the handshake is done
	rest     []byte // what net/http had read beyond the request
	open     bool   // the handshake is done
	guard    frameGuard

	// readErr is what ended reading; nil while gws may read on, and when gws
	// itself found something wrong.
	readErr error
	// verdict is the code of the Close frame that gws wanted to send.
	verdict CloseCode
}

// Read returns bytes that are part of sound frames only.
func (w *wire) Read(p []byte) (int, error) {
	if w.readErr != nil {
		return 0, w.readErr
	}
	n, err := w.fill(p)
	if n > 0 {
		w.conn.hear()
		if sound, bad := w.guard.check(p[:n]); bad != nil {
			w.readErr = bad
			if sound == 0 {
				return 0, bad
			}
			return sound, nil
		}
	}
	if err != nil {
		w.readErr = err
	}
	return n, err
}

func (w *wire) fill(p []byte) (int, error) {
	if len(w.rest) > 0 {
		n := copy(p, w.rest)
		w.rest = w.rest[n:]
		if len(w.rest) == 0 {
			w.rest = nil
		}
		return n, nil
	}
	return w.Conn.Read(p)
}

// Write takes the handshake's answer to the socket. Later it takes note of the
// code that gws wants to close with; the frame itself is ours (closing.go),
// since gws's reasons contain addresses and do not wait for queued frames.
func (w *wire) Write(p []byte) (int, error) {
	if !w.open {
		return w.Conn.Write(p)
	}
	w.verdict = CloseNoStatus
	if len(p) >= 4 && p[0]&0x0f == opClose {
		w.verdict = CloseCode(p[2])<<8 | CloseCode(p[3])
	}
	return len(p), nil
}

// Close closes the socket if the handshake fails. Later it does nothing: how
// and when the socket closes is decided in closing.go.
func (w *wire) Close() error {
	if !w.open {
		return w.Conn.Close()
	}
	return nil
}

// SetDeadline is for the handshake; SetReadDeadline and SetWriteDeadline are
// the socket's.
func (w *wire) SetDeadline(t time.Time) error { return w.Conn.SetDeadline(t) }
