package outbox

import "slices"

// Tell queues a frame, beyond the bounds, that is neither shed nor counted (Aside),
// and that the peer must have: it takes back what a frame has said that counts. A
// queue with a Keeper keeps it as it keeps notes. There must be no more of them
// than of the frames that they take back.
func (q *Queue) Tell(frame []byte) Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.is(closed) {
		return Closed
	}
	q.beyond(frame, mark{how: insisted | aside, kept: true})
	return q.added(len(frame))
}

// beyond appends a frame, whatever the bounds say. It is never in the inline slot,
// which has no room for all of a mark.
func (q *Queue) beyond(frame []byte, m mark) {
	q.append(&Frame{bytes: frame}, m)
	q.more.own += len(frame)
}

// Note queues a frame, beyond the bounds, that says how many frames were shed,
// and is neither shed itself nor counted (Aside). A queue with a Keeper keeps it
// nevertheless, for Rewind: a loss is told twice rather than never. If one waits
// in the place of this loss it is renewed instead, with the sum: behind all that
// is queued, which is where the newest frame would be, or, with older, anywhere,
// since the oldest is in front. So there are no more of them than other frames.
func (q *Queue) Note(lost int, older bool, note func(lost int) []byte) Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.is(closed) {
		return Closed
	}
	if q.keeps() {
		q.keeping().rarely().write = note
	}
	at := q.noteAt(older)
	if at < 0 {
		frame := note(lost)
		q.beyond(frame, mark{how: insisted | aside, kept: true, lost: uint32(lost)})
		return q.added(len(frame))
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

// notes are the frames of Note, Tell and Inform that were handed out and may not have
// arrived, in order.
type notes struct {
	list  []note
	short uint64                // so many frames that count the peer must have: of the notes before, some were forgotten
	write func(lost int) []byte // writes one; nil: there was none of Note
}

// maxNotes is how many notes are kept. Of those that come before one frame there may
// be any number, if nothing else is said to the peer; who follows so many rooms at
// once, or one so often, is seldom.
const maxNotes = 1024

// note is one of them, or the sum of losses with nothing between them: so of these
// there is one more than of other frames at most.
type note struct {
	at    uint64 // how many frames that count were taken before it
	lost  uint32 // 0: it is of Tell or Inform
	frame *Frame
}

// noted keeps a note that was taken just now. What lies further back than what is
// kept of frames is of no use.
func (k *keeping) noted(f *Frame, lost uint32) {
	k.forgetNotes(k.sent - uint64(k.n))
	if last := k.rarely().last(); lost > 0 && last != nil && last.at == k.sent && last.lost > 0 {
		k.renew(last, last.lost+lost)
		return
	}
	if len(k.rare.list) == maxNotes {
		k.rare.short = k.rare.list[0].at + 1
		k.rare.list = slices.Delete(k.rare.list, 0, 1)
	}
	k.rare.list = append(k.rare.list, note{k.sent, lost, f})
}

// unnote takes back the note that was taken last, of which m is the mark. What was
// taken behind it must have been taken back.
func (k *keeping) unnote(m mark) {
	if k.rare == nil {
		return
	}
	switch last := k.rare.last(); {
	case last == nil || last.at != k.sent: // the peer says that it has it
	case m.lost > 0 && last.lost > m.lost:
		k.renew(last, last.lost-m.lost)
	default:
		k.rare.list = k.rare.list[:len(k.rare.list)-1]
	}
}

// last returns the last of them; nil: there is none.
func (n *notes) last() *note {
	if len(n.list) == 0 {
		return nil
	}
	return &n.list[len(n.list)-1]
}

// renew has a note say another sum. The frame that it has may be in flight.
func (k *keeping) renew(n *note, lost uint32) {
	n.lost, n.frame = lost, &Frame{bytes: k.rare.write(int(lost))}
}

// forgetNotes forgets the notes that a peer has had which has seq frames.
func (k *keeping) forgetNotes(seq uint64) {
	if k.rare == nil {
		return
	}
	k.rare.list = slices.DeleteFunc(k.rare.list, func(n note) bool { return n.at < seq })
	if len(k.rare.list) == 0 {
		k.rare.list = nil // a crowd's memory goes with the crowd
	}
}

// again appends to o what was taken behind the first seq frames, of which all must
// be kept: those that count, and the notes between them.
func (k *keeping) again(o *overflow, seq uint64) {
	k.forgetNotes(seq)
	var rest []note
	if k.rare != nil {
		rest = k.rare.list
	}
	frames := k.behind(seq)
	for at := seq; ; at++ {
		for ; len(rest) > 0 && rest[0].at == at; rest = rest[1:] {
			o.put(rest[0].frame, mark{how: insisted | aside, kept: true, lost: rest[0].lost})
		}
		if at == k.sent {
			return
		}
		o.put(frames[at-seq].alone(), mark{how: insisted})
	}
}

// put appends a frame of the queue's own.
func (o *overflow) put(f *Frame, m mark) {
	o.frames = append(o.frames, f)
	o.mark(len(o.frames)-1, m)
	o.own += len(f.bytes)
}
