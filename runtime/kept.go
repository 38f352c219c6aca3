package ws

import (
	"log/slog"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/history"
)

// This file is about pushes that are kept, without whom they go to.

// placed returns the frame of a push with the members that say where it is kept.
func placed(text []byte, id string, at history.Position) []byte {
	payload := frame.Payload(text)
	to := make([]byte, frame.HeadRoom, frame.HeadRoom+len(payload)+len(`,"log":"","at":""`)+len(id)+history.MaxPosition)
	to = append(to, payload[:len(payload)-1]...) // without the brace at the end
	to = append(append(append(to, `,"log":"`...), id...), `","at":"`...)
	return frame.Seal(append(at.Append(to), `"}`...))
}

// logPressed logs once a second at most that messages were forgotten before their
// time.
func (s *Server) logPressed() {
	h := &s.history
	now, last := int64(s.clock()), h.lookedAt.Load()
	if now-last < int64(time.Second) || !h.lookedAt.CompareAndSwap(last, now) {
		return
	}
	n := h.tails.Stats().Pressed
	if before := h.logged.Swap(n); n > before {
		s.logPeer(nil, slog.LevelWarn, "ws: kept pushes were forgotten before their time: raise Options.Cluster.HistoryBytes, or keep less", "messages", n-before)
	}
}

// keeps reports whether what is to be kept is: by the Server if it is alone, or by the
// engine of its cluster.
func (s *Server) keeps() bool { return !s.stray && (s.cluster == nil || s.cluster.keeps()) }
