package ws

import (
	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

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
	o.plain.Settle(s.engine.Waiting())
	o.deflated.Settle(s.engine.Waiting())
}

// to returns the frame for c.
func (o *outgoing) to(c *conn) *outbox.Frame {
	if o.both && c.socket.Deflates() {
		return &o.deflated
	}
	return &o.plain
}

// deflated returns a frame compressed, if it is long enough, anybody could want
// that, and it becomes shorter; else nil.
func (s *Server) deflated(text []byte) []byte {
	if above := s.opts.CompressAbove; above > 0 && len(text) >= above && s.deflating.Load() > 0 {
		return frame.Deflate(text)
	}
	return nil
}

// single is outgoing for one receiver.
func (c *conn) single(frame []byte) []byte {
	if c.socket.Deflates() {
		if short := c.endpoint.server.deflated(frame); short != nil {
			return short
		}
	}
	return frame
}
