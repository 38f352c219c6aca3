package ws

import (
	"bytes"
	"compress/flate"
	"net/http"
	"strings"
	"sync"
)

// permessage-deflate (RFC 7692), without context takeover in either direction:
// a push is compressed once and shared, and an idle connection keeps no window.

const deflateExtension = "permessage-deflate"

// acceptsDeflate reports whether one of the client's offers can be agreed to.
// An offer with a parameter that is unknown, malformed, given twice, or asks
// for a smaller window than ours, is declined (section 7.1).
func acceptsDeflate(h http.Header) bool {
	for _, line := range h.Values("Sec-WebSocket-Extensions") {
		for offer := range strings.SplitSeq(line, ",") {
			name, params, more := strings.Cut(offer, ";")
			if strings.TrimSpace(name) == deflateExtension && (!more || understood(params)) {
				return true
			}
		}
	}
	return false
}

func understood(params string) bool {
	seen := map[string]bool{}
	for param := range strings.SplitSeq(params, ";") {
		name, value, valued := strings.Cut(strings.TrimSpace(param), "=")
		name, value = strings.TrimSpace(name), strings.Trim(strings.TrimSpace(value), `"`)
		if seen[name] {
			return false
		}
		seen[name] = true
		switch name {
		case "server_no_context_takeover", "client_no_context_takeover":
			if valued {
				return false
			}
		case "client_max_window_bits":
			if valued && !windowBits(value) {
				return false
			}
		case "server_max_window_bits":
			if value != "15" {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func windowBits(value string) bool {
	switch value {
	case "8", "9", "10", "11", "12", "13", "14", "15":
		return true
	}
	return false
}

// outgoing is a frame in the encodings that its receivers want: two at most.
type outgoing struct{ plain, deflated []byte }

// outgoing prepares a frame. It is compressed if it is long enough, anybody
// could want that, and it becomes shorter.
func (s *Server) outgoing(frame []byte) outgoing {
	o := outgoing{plain: frame}
	if above := s.opts.CompressAbove; above > 0 && len(frame) >= above && s.deflating.Load() > 0 {
		o.deflated = deflateFrame(frame)
	}
	return o
}

// to returns the frame for c.
func (o *outgoing) to(c *conn) []byte {
	if c.deflate && o.deflated != nil {
		return o.deflated
	}
	return o.plain
}

// single is outgoing for one receiver.
func (c *conn) single(frame []byte) []byte {
	if !c.deflate {
		return frame
	}
	o := c.server.outgoing(frame)
	return o.to(c)
}

// deflater is a reusable compressor and what it writes to.
type deflater struct {
	buf bytes.Buffer
	zip *flate.Writer
}

var deflaters = sync.Pool{New: func() any {
	d := new(deflater)
	d.zip, _ = flate.NewWriter(&d.buf, flate.BestSpeed) // fails for a bad level only
	return d
}}

// deflateTail ends every flush, and is left out of a message (RFC 7692,
// section 7.2.1).
const deflateTail = "\x00\x00\xff\xff"

// deflateFrame returns a text frame's compressed twin; nil if it is no shorter.
func deflateFrame(frame []byte) []byte {
	d := deflaters.Get().(*deflater)
	defer deflaters.Put(d)
	var room [headRoom]byte
	d.buf.Reset()
	d.buf.Write(room[:])
	d.zip.Reset(&d.buf)
	if _, err := d.zip.Write(frame[headerLen(frame):]); err != nil {
		return nil // unreachable: a buffer takes everything
	}
	if err := d.zip.Flush(); err != nil {
		return nil
	}
	sealed := seal(bytes.TrimSuffix(d.buf.Bytes(), []byte(deflateTail)))
	if len(sealed) >= len(frame) {
		return nil
	}
	sealed[0] |= rsv1Bit
	return bytes.Clone(sealed)
}

// headerLen returns the length of a server's frame header.
func headerLen(frame []byte) int {
	switch frame[1] {
	case 126:
		return 4
	case 127:
		return 10
	}
	return 2
}
