package ws

import (
	"bytes"
	"compress/flate"
	"net/http"
	"slices"
	"sync"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// permessage-deflate (RFC 7692), without context takeover in either direction:
// a push is compressed once and shared, and an idle connection keeps no window.

const deflateExtension = "permessage-deflate"

// acceptsDeflate reports whether one of the client's offers can be agreed to.
// An offer with a parameter that is unknown, malformed, given twice, or asks
// for a smaller window than ours, is declined (section 7.1), and so is every
// offer of a header that cannot be read. bits says that the answer has to name
// the server's window, since the offer does (section 7.1.2.1).
func acceptsDeflate(h http.Header) (accepted, bits bool) {
	lines := h["Sec-Websocket-Extensions"]
	if len(lines) == 0 {
		return false, false
	}
	offers, _ := extensions(lines)
	for _, offer := range offers {
		if offer.name == deflateExtension && understood(offer.params) {
			return true, slices.ContainsFunc(offer.params, func(p parameter) bool { return p.name == serverWindow })
		}
	}
	return false, false
}

const serverWindow = "server_max_window_bits"

func understood(params []parameter) bool {
	for i, p := range params {
		if slices.ContainsFunc(params[:i], func(other parameter) bool { return other.name == p.name }) {
			return false
		}
		switch p.name {
		case "server_no_context_takeover", "client_no_context_takeover":
			if p.valued {
				return false
			}
		case "client_max_window_bits":
			if p.valued && !windowBits(p.value) {
				return false
			}
		case serverWindow:
			if p.value != "15" {
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

// outgoing is a push's frame in the encodings that its receivers want: two at
// most.
type outgoing struct {
	plain, deflated outbox.Frame
	both            bool
}

// begin prepares to push a frame.
func (o *outgoing) begin(s *Server, frame []byte) {
	o.plain.Share(frame)
	if short := s.deflated(frame); short != nil {
		o.deflated.Share(short)
		o.both = true
	}
}

// end must be called when it has been pushed.
func (o *outgoing) end(s *Server) {
	o.plain.Settle(s.waiting)
	o.deflated.Settle(s.waiting)
}

// to returns the frame for c.
func (o *outgoing) to(c *conn) *outbox.Frame {
	if o.both && c.deflate {
		return &o.deflated
	}
	return &o.plain
}

// deflated returns a frame compressed, if it is long enough, anybody could want
// that, and it becomes shorter; else nil.
func (s *Server) deflated(frame []byte) []byte {
	if above := s.opts.CompressAbove; above > 0 && len(frame) >= above && s.deflating.Load() > 0 {
		return deflateFrame(frame)
	}
	return nil
}

// single is outgoing for one receiver.
func (c *conn) single(frame []byte) []byte {
	if c.deflate {
		if short := c.server.deflated(frame); short != nil {
			return short
		}
	}
	return frame
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
