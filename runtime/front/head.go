package front

import (
	"bufio"
	"fmt"
	"maps"
	"net/http"
	"time"
)

// writeHead writes the head of an answer, behind which the connection is closed, or,
// with interim, another one follows.
func writeHead(out *bufio.Writer, status int, h http.Header, interim bool) {
	text := http.StatusText(status)
	if text == "" {
		text = fmt.Sprint("status code ", status)
	}
	fmt.Fprintf(out, "HTTP/1.1 %03d %s\r\n", status, text)
	if !interim {
		h = maps.Clone(h)
		h.Set("Connection", "close")
		if _, given := h["Date"]; !given {
			h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
		}
		h.Del("Transfer-Encoding") // the body ends with the connection
	}
	_ = h.Write(out) // a Writer keeps its error
	_, _ = out.WriteString("\r\n")
}

// end is called when the Handler has ended. If it has returned it has answered, or
// taken the connection over.
func (w *response) end(returned bool) {
	if w.taken {
		return
	}
	if returned {
		_ = w.FlushError()
	}
	_ = w.conn.Close()
}
