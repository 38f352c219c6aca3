package ws

import (
	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/hub"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// deflated returns a frame compressed, if it is long enough, anybody could want
// that, and it becomes shorter; else nil.
func (s *Server) deflated(text []byte) []byte {
	if above := s.opts.CompressAbove; above > 0 && len(text) >= above && s.deflating.Load() > 0 {
		return frame.Deflate(text)
	}
	return nil
}

// single returns a frame as one receiver wants it.
func (c *conn) single(frame []byte) []byte {
	if c.member.Socket.Deflates() {
		if short := c.endpoint.server.deflated(frame); short != nil {
			return short
		}
	}
	return frame
}

// pushOne is Target.push for a single connection. It flushes here, since a write
// that cannot wait costs less than waking a worker.
func (c *conn) pushOne(event string, frame []byte) error {
	s := c.endpoint.server
	var n hub.Tally
	v := s.hub.PushOne(&c.member, c.single(frame), &n)
	if v == outbox.Closed {
		return ErrClosed
	}
	s.pushed(event, &n, false)
	c.member.Socket.FlushNow(v)
	if n.Sent == 0 {
		return ErrFull
	}
	return nil
}
