package ws

import (
	"github.com/wsgen/wsgen/runtime/internal/frame"
)

// deflated returns a frame compressed; nil if it is too short for that, no
// connection takes compressed frames, or it does not become shorter.
func (s *Server) deflated(text []byte) []byte {
	if above := s.opts.CompressAbove; above > 0 && len(text) >= above && s.deflating.Load() > 0 {
		return frame.Deflate(text)
	}
	return nil
}

// single returns a frame compressed if the connection takes that and it
// becomes shorter, else as it is.
func (c *Client) single(frame []byte) []byte {
	if c.member.Socket.Deflates() {
		if short := c.Server().deflated(frame); short != nil {
			return short
		}
	}
	return frame
}
