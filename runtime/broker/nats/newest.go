package natsbroker

import (
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
)

// This file notes how far streams have come, to see when one has lost its newest
// messages.

// newest is how far a stream has come, as this link has seen.
type newest struct {
	epoch string
	seq   uint64    // that was kept, or heard, or told as a place where nothing is kept
	heard uint64    // that was heard
	time  time.Time // of that
	lost  bool      // another message was heard where there had been one: the newest were lost
}

// hears notes a message that was heard.
func (s *stream) hears(m heard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known.epoch != m.at.Epoch {
		s.known.conn = nil // it was made anew
	}
	n := &s.newest
	switch {
	case n.epoch != m.at.Epoch:
		at, _ := time.Parse(time.RFC3339Nano, m.time)
		*n = newest{epoch: m.at.Epoch, seq: m.at.Offset, heard: m.at.Offset, time: at}
	case m.at.Offset > n.heard:
		n.heard, n.seq = m.at.Offset, max(n.seq, m.at.Offset)
		n.time, _ = time.Parse(time.RFC3339Nano, m.time)
	default: // one comes twice when the leader changes, and is as old as it was
		if at, err := time.Parse(time.RFC3339Nano, m.time); err == nil && at.After(n.time) {
			n.lost, s.known.conn = true, nil
		}
	}
}

// keeps notes a message that was kept.
func (s *stream) keeps(at broker.Position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := &s.newest; n.epoch != at.Epoch {
		*n = newest{epoch: at.Epoch, seq: at.Offset}
	} else {
		n.seq = max(n.seq, at.Offset)
	}
}

// tells notes that somebody was told a place where nothing is kept: no message may be
// given one that is not behind it.
func (s *stream) tells(epoch string, seq uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch n := &s.newest; n.epoch {
	case "":
		*n = newest{epoch: epoch, seq: seq}
	case epoch:
		n.seq = max(n.seq, seq)
	}
}

// seen returns how far the stream has come, as this link has seen.
func (s *stream) seen() newest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newest
}

// hasLost reports whether a stream has lost its newest messages: somebody had heard them
// before the leader was asked, and they are not there. Their sequences will be given
// again. What was kept since may not be in the answer.
func (s *stream) hasLost(f facts, before newest) bool {
	now := s.seen()
	return now.epoch == f.epoch && now.lost || before.epoch == f.epoch && before.seq > f.last
}
