package front

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httputil"
	"strconv"
	"time"
)

// interim sends an answer that another one follows.
func (w *response) interim(status int) {
	h := w.header.Clone()
	h.Del("Content-Length")
	h.Del("Transfer-Encoding")
	out := bufio.NewWriter(w.conn)
	writeHead(out, status, h)
	_ = out.Flush()
}

// send sends the head, and what is held of the body, of which next comes then. whole
// says that nothing does.
func (w *response) send(whole bool, next []byte) {
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
	first := w.held.Bytes()
	if len(first) == 0 {
		first = next
	}
	if _, typed := h["Content-Type"]; !typed && len(first) > 0 && h.Get("Content-Encoding") == "" {
		h.Set("Content-Type", http.DetectContentType(first))
	}
	w.out = bufio.NewWriter(w.conn)
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
			w.send(true, nil)
		} else if w.chunks != nil {
			_ = w.chunks.Close()
			_, _ = w.out.WriteString("\r\n")
		}
		_ = w.out.Flush()
	}
	_ = w.conn.Close()
}
