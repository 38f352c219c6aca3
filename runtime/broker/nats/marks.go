package natsbroker

import (
	"context"
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
	markToken = "~mark"     // of the subjects of marks; a number follows
	marks     = 16          // within the time for which messages are kept
	markTime  = time.Second // how long JetStream may take for one: other servers answer without its leader
)

// mark is the last one that a link has made in a stream.
type mark struct {
	epoch string
	seq   uint64 // 0: JetStream has not taken any
	next  time.Time
}

// mark marks the stream, if that was not done for a while. Each position that is told
// behind that is behind a mark, too. It returns the sequence of that; 0 if there is none.
func (r *reading) mark() uint64 {
	s, every, now := r.s, max(r.facts.age/marks, time.Millisecond), time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.marked.epoch != r.facts.epoch {
		s.marked = mark{epoch: r.facts.epoch}
	}
	if now.Before(s.marked.next) {
		return s.marked.seq
	}
	s.marked.next = now.Add(min(every, 5*markTime)) // if it fails, and others need not try, too
	s.mu.Unlock()
	seq := r.makeMark(now.UnixNano() / int64(every) % (marks + 1))
	s.mu.Lock()
	if seq > 0 && s.marked.epoch == r.facts.epoch {
		s.marked.seq, s.marked.next = seq, now.Add(every)
	}
	return s.marked.seq
}

// makeMark makes a mark, and returns its sequence; 0 if JetStream has not taken it. Of
// each number the newest stay, so those of the others stay as long as they may.
func (r *reading) makeMark(number int64) uint64 {
	ctx, cancel := context.WithTimeout(r.ctx, markTime)
	defer cancel()
	got, err := r.c.call(ctx, r.s.subject(r.facts.epoch, markToken)+strconv.FormatInt(number, 10), nil, first)
	if err != nil {
		return 0
	}
	var answer struct {
		Seq uint64 `json:"seq"`
	}
	if json.Unmarshal(got[0].Data, &answer) != nil {
		return 0
	}
	return answer.Seq
}
