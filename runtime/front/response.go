package front

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// response is the http.ResponseWriter of a handshake: it is taken over, or answered and
// closed. As with that of an http.Server only one goroutine uses it at a time.
type response struct {
	conn   net.Conn
	gone   gone
	header http.Header // the Handler's
	taken  bool

	status  int         // 0: none was written
	head    http.Header // as it was when that was written
	length  int64       // that the head tells; -1: none
	written int64       // of the body
	held    bytes.Buffer
	out     *bufio.Writer  // nil: the head has not been sent
	chunks  io.WriteCloser // nil: the body has a length, or is none
}

// maxHeld is how much of a body is held, so that its length can be told.
const maxHeld = 4 << 10

// Header implements http.ResponseWriter.
func (w *response) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *response) WriteHeader(status int) {
	switch {
	case w.taken || w.status != 0:
		return // the first one counts
	case status < 100 || status > 999:
		panic(fmt.Sprintf("invalid WriteHeader code %v", status))
	case status < 200 && status != http.StatusSwitchingProtocols:
		w.interim(status)
		return
	}
	w.status, w.head = status, w.header.Clone()
	n, err := strconv.ParseInt(w.head.Get("Content-Length"), 10, 64)
	if w.length = n; err != nil || n < 0 {
		w.length = -1
		w.head.Del("Content-Length")
	}
}

// hasBody reports whether an answer with the status has one (RFC 9110, section 6.4.1).
func (w *response) hasBody() bool {
	return w.status >= 200 && w.status != http.StatusNoContent && w.status != http.StatusNotModified
}

// Write implements http.ResponseWriter.
func (w *response) Write(p []byte) (int, error) {
	if w.taken {
		return 0, http.ErrHijacked
	}
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case len(p) == 0:
		return 0, nil
	case !w.hasBody():
		return 0, http.ErrBodyNotAllowed
	}
	if w.written += int64(len(p)); w.length >= 0 && w.written > w.length {
		return 0, http.ErrContentLength
	}
	if w.out != nil {
		return w.body().Write(p)
	}
	n := min(len(p), maxHeld-w.held.Len())
	w.held.Write(p[:n])
	if n == len(p) {
		return n, nil
	}
	w.send(false)
	more, err := w.body().Write(p[n:])
	return n + more, err
}

// body is what takes the body once the head was sent.
func (w *response) body() io.Writer {
	if w.chunks != nil {
		return w.chunks
	}
	return w.out
}

// FlushError sends what was written so far.
func (w *response) FlushError() error {
	if w.taken {
		return http.ErrHijacked
	}
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.out == nil {
		w.send(false)
	}
	return w.out.Flush()
}

// Flush implements http.Flusher.
func (w *response) Flush() { _ = w.FlushError() }

// SetReadDeadline is http.ResponseController's.
func (w *response) SetReadDeadline(at time.Time) error { return w.conn.SetReadDeadline(at) }

// SetWriteDeadline is http.ResponseController's.
func (w *response) SetWriteDeadline(at time.Time) error { return w.conn.SetWriteDeadline(at) }

// EnableFullDuplex is http.ResponseController's. There is no body to be read.
func (w *response) EnableFullDuplex() error { return nil }

// Take takes the connection over. It is Hijack without buffers, for package ws.
func (w *response) Take() (socket.Bare, error) {
	switch {
	case w.taken:
		return socket.Bare{}, http.ErrHijacked
	case w.status != 0 && w.status != http.StatusSwitchingProtocols:
		return socket.Bare{}, errors.New("front: the handshake was answered already")
	case w.status != 0: // some write the head by WriteHeader, and take the connection over then
		if err := w.FlushError(); err != nil {
			return socket.Bare{}, err
		}
	}
	w.gone.end()
	w.taken = true
	_ = w.conn.SetDeadline(time.Time{})
	return socket.Bare{Conn: w.conn}, nil
}

// Hijack implements http.Hijacker.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, err := w.Take()
	if err != nil {
		return nil, nil, err
	}
	return c.Conn, bufio.NewReadWriter(bufio.NewReader(c.Conn), bufio.NewWriter(c.Conn)), nil
}
