package front

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"strconv"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// interim sends an answer that another one follows.
func (w *response) interim(status int) {
	h := w.header.Clone()
	h.Del("Content-Length")
	h.Del("Transfer-Encoding")
	out := bufio.NewWriter(&w.gone)
	writeHead(out, status, h)
	_ = out.Flush()
}

// send sends the head, and what is held of the body. whole says that this is all.
func (w *response) send(whole bool) {
	h := w.head
	h.Del("Transfer-Encoding")
	h.Del("Trailer")
	if w.status != http.StatusSwitchingProtocols {
		h.Set("Connection", "close")
	}
	if _, given := h["Date"]; !given {
		h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	chunked := false
	switch {
	case !w.hasBody():
		h.Del("Content-Length")
		if w.status == http.StatusNotModified {
			h.Del("Content-Type")
		}
	case w.length >= 0:
	case whole:
		h.Set("Content-Length", strconv.Itoa(w.held.Len()))
	default:
		h.Set("Transfer-Encoding", "chunked")
		chunked = true
	}
	if _, typed := h["Content-Type"]; !typed && w.held.Len() > 0 && h.Get("Content-Encoding") == "" {
		h.Set("Content-Type", http.DetectContentType(w.held.Bytes()))
	}
	w.out = bufio.NewWriter(&w.gone)
	writeHead(w.out, w.status, h)
	if chunked {
		w.chunks = httputil.NewChunkedWriter(w.out)
	}
	if w.held.Len() > 0 {
		_, _ = w.body().Write(w.held.Bytes()) // a Writer keeps its error
	}
}

// writeHead writes the head of an answer.
func writeHead(out *bufio.Writer, status int, h http.Header) {
	text := http.StatusText(status)
	if text == "" {
		text = fmt.Sprint("status code ", status)
	}
	fmt.Fprintf(out, "HTTP/1.1 %03d %s\r\n", status, text)
	_ = h.Write(out) // as above
	_, _ = out.WriteString("\r\n")
}

// end is called when the Handler has ended. If it has returned it has answered, or
// taken the connection over. If it has not, half an answer stays half of one.
func (w *response) end(returned bool) {
	if w.taken {
		return
	}
	w.gone.end()
	if returned {
		if w.status == 0 {
			w.WriteHeader(http.StatusOK)
		}
		if w.out == nil {
			w.send(true)
		} else if w.chunks != nil {
			_ = w.chunks.Close()
			_, _ = w.out.WriteString("\r\n")
		}
		if w.out.Flush() == nil {
			w.linger()
		}
	}
	_ = w.conn.Close()
}

// lingering is how long a client has for an answer that has sent more than its request.
const lingering = 500 * time.Millisecond

// linger reads what a client has sent behind its request: to close while something is
// unread takes the answer away from it (RFC 9112, section 9.6).
func (w *response) linger() {
	half, can := w.conn.(interface{ CloseWrite() error })
	if _, unread := socket.Look(w.conn); !unread || !can || half.CloseWrite() != nil {
		return
	}
	_ = w.conn.SetReadDeadline(time.Now().Add(lingering))
	_, _ = io.CopyN(io.Discard, w.conn, maxLingering)
}

// maxLingering is how much of that is read, in bytes.
const maxLingering = 256 << 10
