package outbox

import "slices"

// mark says how a queued frame is more than a plain push.
type mark struct {
	key  string // a later frame with this key takes its place; "" is none
	how  state  // insisted, aside, stamp
	kept bool   // it goes aside, and is kept among the notes (Note, Tell)
	lost uint32 // it says that so many others were shed (Note); 0: it says nothing
}

func (m mark) is(how state) bool { return m.how&how != 0 }

// Outcome says what became of an offered frame, and of others for its sake.
type Outcome struct {
	Verdict  Verdict
	Shed     int  // older frames that were dropped
	Replaced bool // the frame stands where an older one with its key stood
}

// Offer adds a frame that may take the place of others, otherwise as Share.
//
// With a key, it takes the place of the queued frame with the same key, and
// that place: a value that changes faster than the peer reads would never get
// to the front of the queue if it went to the end with each change.
//
// With oldest, and if there is no room, pushes are shed until there is, oldest
// first and whole. Frames that a writer has taken are out of reach, and frames
// that were insisted on stay. If that cannot make enough room, or if a caller waits for
// room that there will be, nothing is shed and the frame is refused.
func (q *Queue) Offer(f *Frame, key string, oldest bool) Outcome {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.is(closed) {
		return Outcome{Verdict: Closed}
	}
	var o Outcome
	at := q.find(key)
	if q.enter(f, key, at, &o) {
		return o
	}
	if oldest && !q.waited() && q.shedFor(f, at, &o) && q.enter(f, key, q.find(key), &o) {
		return o
	}
	o.Verdict = q.full()
	return o
}

// enter adds a frame, or puts it in the place of frame at of more, if at is not
// negative. It returns false if there is no room. While a caller waits for
// room, there is none for a frame that makes the queue longer (waited).
func (q *Queue) enter(f *Frame, key string, at int, o *Outcome) bool {
	if at < 0 {
		if q.waited() || !q.within(q.frames+1, int(q.bytes)+len(f.bytes)) || q.frames > 0 && !q.charge(f) {
			return false
		}
		o.Verdict = q.share(f, key)
		return true
	}
	longer := len(f.bytes) - q.more.size(at)
	if longer > 0 && (q.waited() || !q.within(q.frames, int(q.bytes)+longer)) {
		return false
	}
	counts := q.charge(f)
	if !counts && longer > 0 && q.frames > 1 {
		return false
	}
	q.replace(at, f, counts)
	o.Verdict, o.Replaced = q.look(), true
	return true
}

// replace puts a frame in the place of another. A frame that charge has refused
// becomes the queue's own: it is no longer than the other, and must not be
// lost.
func (q *Queue) replace(at int, f *Frame, counts bool) {
	old := q.more.frames[at]
	q.bytes += uint32(len(f.bytes)) - uint32(len(old.bytes))
	q.giveUp(old)
	if counts {
		f.hold()
		q.more.frames[at] = f
		return
	}
	q.more.frames[at] = f.alone()
	q.more.own += len(f.bytes)
	if q.frames > 1 {
		q.exchange()
	}
}

// giveUp gives back the bytes of a frame of q.more that is about to go.
func (q *Queue) giveUp(f *Frame) {
	if f.own() {
		q.more.own -= len(f.bytes)
		q.release()
	} else {
		f.leave(1, q.total())
	}
}

// find returns the index in q.more of the frame with a key; -1 if there is
// none. Frames with keys are never in the inline slot. The newest are looked at
// first; Limits.Frames bounds how many there are.
func (q *Queue) find(key string) int {
	if key == "" || q.more == nil {
		return -1
	}
	for i, m := range slices.Backward(q.more.marks) {
		if m.key == key {
			return i
		}
	}
	return -1
}

// shedFor sheds the frames that must go for f, which takes the place of frame
// at of more if at is not negative. It sheds nothing if that is not enough.
func (q *Queue) shedFor(f *Frame, at int, o *Outcome) bool {
	frames, bytes := q.frames+1, int(q.bytes)+len(f.bytes)
	if at >= 0 {
		frames, bytes = q.frames, bytes-q.more.size(at)
	}
	n, own, freed := 0, 0, 0
	for old := range q.sheddable(at) {
		size := len(q.first)
		if old != nil {
			size = len(old.bytes)
			switch {
			case old.own():
				own += size
			case old.last():
				freed += size
			}
		}
		n++
		frames--
		bytes -= size
		if q.within(frames, bytes) && (frames <= 1 || q.affords(f, freed, own)) {
			q.shed(n, at)
			o.Shed = n
			return true
		}
	}
	return false
}

// affords returns what charge will say of a frame when freed bytes have been
// given back to the total, and own bytes of the queue's own.
func (q *Queue) affords(f *Frame, freed, own int) bool {
	total := q.total()
	if total == nil {
		return true
	}
	cost := -freed
	if left := units(q.ownBytes() - own); left < q.reserved {
		cost -= int(q.reserved-left) * unit
	}
	if f.pushed == 0 {
		cost += len(f.bytes)
	} else if !q.deaf() {
		return true
	}
	return total.used.Load()+int64(cost) <= total.most(q.deaf())
}

// sheddable yields the frames that may be shed, oldest first, without frame
// except of more. nil stands for the frame in the inline slot.
func (q *Queue) sheddable(except int) func(yield func(*Frame) bool) {
	return func(yield func(*Frame) bool) {
		if q.first != nil && !q.is(insisted) && !yield(nil) {
			return
		}
		if q.more == nil {
			return
		}
		for i, f := range q.more.frames {
			if i != except && !q.more.at(i).is(insisted) && !yield(f) {
				return
			}
		}
	}
}

// shed drops the first n sheddable frames.
func (q *Queue) shed(n, except int) {
	if q.first != nil && !q.is(insisted) {
		q.frames--
		q.bytes -= uint32(len(q.first))
		q.first = nil
		n--
	}
	for i := 0; n > 0; {
		if i == except || q.more.at(i).is(insisted) {
			i++
			continue
		}
		q.drop(i)
		if i < except {
			except--
		}
		n--
	}
	q.sweep()
}

// drop drops frame i of more.
func (q *Queue) drop(i int) {
	q.frames--
	q.bytes -= uint32(q.more.size(i))
	q.giveUp(q.more.frames[i])
	q.more.remove(i)
}

// sweep gives more back if nothing is in it.
func (q *Queue) sweep() {
	if q.more != nil && len(q.more.frames) == 0 {
		q.more.drop(0)
		q.more = nil
	}
}

// remove removes frame i: usually the first, and often no other.
func (o *overflow) remove(i int) {
	o.frames = slices.Delete(o.frames, i, i+1)
	if i < len(o.marks) {
		o.marks = slices.Delete(o.marks, i, i+1)
	}
}

// size returns the length of frame i.
func (o *overflow) size(i int) int { return len(o.frames[i].bytes) }

// at returns the mark of frame i.
func (o *overflow) at(i int) mark {
	if i < len(o.marks) {
		return o.marks[i]
	}
	return mark{}
}

// mark marks frame i.
func (o *overflow) mark(i int, m mark) {
	for len(o.marks) < i {
		o.marks = append(o.marks, mark{})
	}
	o.marks = append(o.marks, m)
}
