package natsbroker

import (
	"encoding/json"
	"strconv"
	"time"
)

// This file marks the time in streams.
//
// What a stream has dropped was before its first message, so nothing is missing behind a
// position that is not before that. But of a channel JetStream drops the oldest message,
// too, when there are too many. Where few channels are busy the first message is a young
// one then, and nobody could tell of the silent ones whether something is missing. So
// there are marks: messages without content, on subjects that no node listens to, of
// which enough are kept that the first one is about as old as any message may be.

const (
	markToken = "~mark" // of the subjects of marks; a number follows
	marks     = 16      // within the time for which messages are kept
)

// mark is the last one that a link has made in a stream.
type mark struct {
	epoch string
	seq   uint64
	at    time.Time
}

// mark marks the stream, if that was not done for a while. Each position that is told
// behind that is behind a mark, too. It returns the sequence of that; 0 if there is none,
// since JetStream has not taken it.
func (r *reading) mark() uint64 {
	s, every, now := r.s, max(r.facts.age/marks, time.Millisecond), time.Now()
	s.mu.Lock()
	last := s.marked
	s.mu.Unlock()
	if last.epoch == r.facts.epoch && now.Sub(last.at) < every {
		return last.seq
	}
	// Of each number the newest stay, so those of the others stay as long as they may.
	number := now.UnixNano() / int64(every) % (marks + 1)
	got, err := r.c.call(r.ctx, s.subject(r.facts.epoch, markToken)+strconv.FormatInt(number, 10), nil, first)
	if err != nil {
		return 0
	}
	var answer struct {
		Seq uint64 `json:"seq"`
	}
	if json.Unmarshal(got[0].Data, &answer) != nil || answer.Seq == 0 {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.marked = mark{r.facts.epoch, answer.Seq, now}
	return answer.Seq
}
