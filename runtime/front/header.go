package front

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"sync"
)

// maxHeader is how long a header may be that is looked at here, in bytes.
const maxHeader = 4 << 10

// buffer holds the first bytes of a connection, of which none is read.
type buffer struct {
	bytes [maxHeader]byte
	end   int // of the header of a plain handshake, with which they begin; 0: they do not

	source bytes.Reader
	reader *bufio.Reader
}

var buffers = sync.Pool{New: func() any {
	return &buffer{reader: bufio.NewReaderSize(nil, maxHeader)}
}}

const get = "GET "

// look finds out whether a connection begins with a plain handshake of which n bytes
// have come.
func (b *buffer) look(n int) {
	b.end = 0
	have := b.bytes[:n]
	at := bytes.Index(have, []byte("\r\n\r\n"))
	if !bytes.HasPrefix(have, []byte(get)) || at < 0 {
		return
	}
	if at += 4; plain(have[:at]) {
		b.end = at
	}
}

// plain reports whether a header is that of a WebSocket handshake in which nothing is
// unusual: whatever two readers might take for two things, or has to be refused, is not
// plain.
func plain(header []byte) bool {
	line, rest, _ := bytes.Cut(header, []byte(newline))
	path, ok := bytes.CutSuffix(line[len(get):], []byte(" HTTP/1.1"))
	if !ok || len(path) == 0 || path[0] != '/' || !all(path, visible) {
		return false
	}
	hosts, upgrades, keys, versions, connects := 0, 0, 0, 0, false
	for len(rest) > len(newline) {
		line, rest, _ = bytes.Cut(rest, []byte(newline))
		name, value, colon := bytes.Cut(line, []byte(":"))
		if !colon || len(name) == 0 || !all(name, inToken) || !all(value, inValue) {
			return false
		}
		value = bytes.Trim(value, " \t")
		switch {
		case is(name, "Host"):
			hosts++
			if len(value) == 0 || !all(value, inHost) {
				return false
			}
		case is(name, "Upgrade"):
			upgrades++
			if !is(value, "websocket") {
				return false
			}
		case is(name, "Connection"):
			connects = connects || lists(value, "upgrade")
		case is(name, "Sec-WebSocket-Key"):
			keys++
		case is(name, "Sec-WebSocket-Version"):
			versions++
			if string(value) != "13" {
				return false
			}
		case is(name, "Content-Length"), is(name, "Transfer-Encoding"), is(name, "Expect"), is(name, "Trailer"):
			return false // it has, or waits to send, more than a header
		}
	}
	return hosts == 1 && upgrades == 1 && keys == 1 && versions == 1 && connects
}

// lists reports whether a list has a token in it.
func lists(value []byte, token string) bool {
	for each := range bytes.SplitSeq(value, []byte(",")) {
		if is(bytes.Trim(each, " \t"), token) {
			return true
		}
	}
	return false
}

const newline = "\r\n"

// is reports whether b is a name, in whatever case.
func is(b []byte, name string) bool {
	return len(b) == len(name) && strings.EqualFold(string(b), name)
}

// all reports whether each byte of b is one of a kind.
func all(b []byte, kind func(c byte) bool) bool {
	for _, c := range b {
		if !kind(c) {
			return false
		}
	}
	return true
}

// visible reports whether c may be in a path (RFC 9112, section 3.2).
func visible(c byte) bool { return c > ' ' && c < 0x7f }

// inValue reports whether c is ASCII, and may be in a value (RFC 9110, section 5.5).
func inValue(c byte) bool { return visible(c) || c == ' ' || c == '\t' }

// inToken reports whether c may be in a token (RFC 9110, section 5.6.2).
func inToken(c byte) bool { return alphanumeric(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0 }

// inHost reports whether c is in the names of nearly all hosts.
func inHost(c byte) bool { return alphanumeric(c) || strings.IndexByte(".-_:[]", c) >= 0 }

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// request returns the request with which a connection begins, of which n bytes have
// come; nil if it is none of a plain handshake, or has not come as a whole.
func (b *buffer) request(n int) *http.Request {
	if b.look(n); b.end == 0 {
		return nil
	}
	b.source.Reset(b.bytes[:b.end])
	b.reader.Reset(&b.source)
	r, err := http.ReadRequest(b.reader)
	if err != nil || r.ContentLength != 0 {
		return nil
	}
	return r
}
