package ws

import "github.com/wsgen/wsgen/runtime/internal/kit"

// RecordPushes has each push of s told to a test, by package wstest; nobody else
// can name the type of its second parameter. It must be called before anything is
// pushed.
func RecordPushes(s *Server, to kit.Recorder) { s.recorder = to }

// recorded is the push of a frame to t.
func (t *Target) recorded(frame []byte) kit.Push {
	p := kit.Push{All: t.to.All, Rooms: t.to.Rooms, Users: t.to.Users, Key: t.how.Key, Overflow: uint8(t.how.Overflow), Frame: frame}
	for _, id := range t.to.IDs {
		p.IDs = append(p.IDs, uint64(id))
	}
	for _, id := range t.to.Except {
		p.Except = append(p.Except, uint64(id))
	}
	return p
}
