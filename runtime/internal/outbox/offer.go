package outbox

import "slices"

// mark is what is known of a queued frame that is more than a plain push.
type mark struct {
	key  string // a later frame with this key takes its place; "" is none
	kept bool   // it is never shed
}

// kept is the mark of replies and of what belongs to the protocol.
var kept = mark{kept: true}

// Outcome is what became of an offered frame, and of others for its sake.
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
// first and whole: what an owner has taken is out of reach, and what is kept
// stays. If that cannot make enough room, or if someone waits for it, nothing
// is shed and the frame is refused.
func (q *Queue) Offer(frame *[]byte, key string, oldest bool) Outcome {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return Outcome{Verdict: Closed}
	}
	var o Outcome
	at := q.find(key)
	if !q.admits(len(*frame), at) {
		if !oldest || q.line != nil || !q.shedFor(len(*frame), at, &o) {
			return Outcome{Verdict: Full}
		}
		at = q.find(key)
	}
	if at < 0 {
		o.Verdict = q.share(frame, mark{key: key})
		return o
	}
	q.bytes += uint32(len(*frame)) - uint32(q.more.size(at))
	q.more.frames[at] = frame
	o.Verdict, o.Replaced = q.own(), true
	return o
}

// find returns where in q.more the frame with a key is; -1 if there is none.
// Frames with keys are never in the inline slot. The newest are looked at
// first; how many there can be is what Limits.Frames says.
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

// admits is admit for a frame of size bytes in the place of that at, if at is
// not negative. While someone waits for room, only a shorter one is admitted.
func (q *Queue) admits(size, at int) bool {
	if at < 0 {
		return q.line == nil && q.admit(size)
	}
	longer := size - q.more.size(at)
	return longer <= 0 || q.line == nil && q.holds(q.frames, int(q.bytes)+longer)
}

// shedFor sheds what must go for a frame of size bytes, which takes the place of
// that at, if at is not negative. It sheds nothing if that is not enough.
func (q *Queue) shedFor(size, at int, o *Outcome) bool {
	frames, bytes := q.frames+1, int(q.bytes)+size
	if at >= 0 {
		frames, bytes = q.frames, bytes-q.more.size(at)
	}
	n := 0
	for size := range q.sheddable(at) {
		n++
		frames--
		bytes -= size
		if q.holds(frames, bytes) {
			q.shed(n, at)
			o.Shed = n
			return true
		}
	}
	return false
}

// sheddable yields the sizes of the frames that may be shed, oldest first.
func (q *Queue) sheddable(except int) func(yield func(size int) bool) {
	return func(yield func(size int) bool) {
		if q.first != nil && !q.firstKept && !yield(len(q.first)) {
			return
		}
		if q.more == nil {
			return
		}
		for i := range q.more.frames {
			if i != except && !q.more.at(i).kept && !yield(q.more.size(i)) {
				return
			}
		}
	}
}

// shed drops the first n sheddable frames.
func (q *Queue) shed(n, except int) {
	if q.first != nil && !q.firstKept {
		q.frames--
		q.bytes -= uint32(len(q.first))
		q.first = nil
		n--
	}
	for i := 0; n > 0; {
		if i == except || q.more.at(i).kept {
			i++
			continue
		}
		q.frames--
		q.bytes -= uint32(q.more.size(i))
		q.more.remove(i)
		if i < except {
			except--
		}
		n--
	}
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
func (o *overflow) size(i int) int { return len(*o.frames[i]) }

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
