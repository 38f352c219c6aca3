package wstest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// talk is what a client of sessions knows of its session, so that it can go on
// over another socket: docs/reference/protocol.md, "Counting". All of it is
// guarded by Conn.mu.
type talk struct {
	had   uint64 // how many messages that count have come
	base  uint64 // how many of those that were sent are not kept any more
	kept  []said // the others, in their order
	again []said // $cancel and $credit, which do not count, of calls without an answer

	calls map[string]bool // by id, those without an answer: whether it has been on its way
	lost  map[string]bool // ids of calls that have none since their session is over
}

func newTalk() *talk { return &talk{calls: map[string]bool{}, lost: map[string]bool{}} }

// said is a message of the client's.
type said struct {
	text  []byte
	event string
	id    string // "": it has none
	sent  bool   // over a socket that seemed to work
}

// counts reports whether a text counts. It is a rule about bytes.
func counts(text []byte) bool { return !bytes.HasPrefix(text, []byte(`{"event":"$`)) }

// says keeps a message that is sent, or waits for a socket that works.
func (t *talk) says(text []byte, works bool) {
	m := parse(text)
	s := said{text, m.Event, string(m.ID), works}
	if counts(text) {
		t.kept = append(t.kept, s)
		if s.id != "" && !strings.HasPrefix(s.id, `"$`) { // else it answers a question
			t.calls[s.id] = works
		}
		return
	}
	if _, open := t.calls[s.id]; !open || s.event != "$cancel" && s.event != "$credit" {
		return
	}
	t.drop(func(o said) bool { return o.event == s.event && o.id == s.id })
	t.again = append(t.again, s)
}

// drop forgets what would be said again.
func (t *talk) drop(which func(said) bool) { t.again = slices.DeleteFunc(t.again, which) }

// heard notes a text that came.
func (t *talk) heard(a *arrived) {
	if counts(a.Payload) {
		t.had++
	}
	if a.ID != nil && !a.More {
		delete(t.calls, string(a.ID))
		t.drop(func(o said) bool { return o.id == string(a.ID) })
	}
}

// forget drops what the server has had, which is so many messages. The error says
// that this cannot be.
func (t *talk) forget(seq uint64) error {
	if seq < t.base || seq > t.base+uint64(len(t.kept)) {
		return fmt.Errorf("the server has had %d messages, of %d that were sent, and %d before", seq, t.base+uint64(len(t.kept)), t.base)
	}
	t.kept = t.kept[seq-t.base:]
	t.base = seq
	return nil
}

// anew begins another session: what has been on its way is lost, what waited
// waits.
func (t *talk) anew() {
	for id, sent := range t.calls {
		if sent {
			t.lost[id] = true
			delete(t.calls, id)
		}
	}
	t.kept = slices.DeleteFunc(t.kept, func(s said) bool { return s.sent })
	t.drop(func(s said) bool { return t.lost[s.id] })
	t.had, t.base = 0, 0
}

// rest returns what is to be sent over a new socket, and notes that it is.
func (t *talk) rest() (texts [][]byte) {
	for i := range t.kept {
		s := &t.kept[i]
		s.sent = true
		if _, open := t.calls[s.id]; open {
			t.calls[s.id] = true
		}
		texts = append(texts, s.text)
	}
	for _, s := range t.again {
		texts = append(texts, s.text)
	}
	return texts
}
