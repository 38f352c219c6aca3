package outbox

// Note queues a frame, beyond the bounds, that says how many frames were shed,
// and is neither shed itself nor counted (Aside). If one waits in the place of this loss it is renewed
// instead, with the sum: behind all that is queued, which is where the newest
// frame would be, or, with older, anywhere, since the oldest is in front. So
// there are no more of them than other frames.
func (q *Queue) Note(lost int, older bool, note func(lost int) []byte) Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.is(closed) {
		return Closed
	}
	at := q.noteAt(older)
	if at < 0 {
		return q.add(note(lost), mark{how: insisted | aside, lost: uint32(lost)})
	}
	m := &q.more.marks[at]
	m.lost += uint32(lost)
	f := &Frame{bytes: note(int(m.lost))}
	longer := len(f.bytes) - q.more.size(at)
	q.more.frames[at] = f
	q.more.own += longer
	q.bytes += uint32(longer) // never shorter
	return q.look()
}

// noteAt returns the index in q.more of the note to renew; -1 is none.
func (q *Queue) noteAt(anywhere bool) int {
	if q.more == nil {
		return -1
	}
	for at := len(q.more.frames) - 1; at >= 0; at-- {
		if q.more.at(at).lost > 0 {
			return at
		}
		if !anywhere {
			break
		}
	}
	return -1
}
