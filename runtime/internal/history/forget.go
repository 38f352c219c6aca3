package history

import (
	"container/list"
	"time"
)

// This file is about what a Store gives up: messages and keys by their age, whole
// histories for want of room or when they are long over.

// expire drops what of a log is too old. The caller holds mu.
func (s *Store) expire(l *log, now time.Duration) {
	if l.empty() {
		return
	}
	for len(l.list) > 0 && l.list[0].kept+l.key.Log.TTL <= now {
		s.dropFirst(l)
	}
	for len(l.marks) > 0 && l.marks[0].kept+keyWindow <= now {
		s.dropMark(l)
	}
	if l.empty() {
		l.touched = now
	}
}

// dropFirst drops the oldest entry of a log.
func (s *Store) dropFirst(l *log) {
	s.weigh(l, -l.list[0].weight())
	s.entries--
	l.list[0] = nil
	if l.list = l.list[1:]; len(l.list) == 0 {
		l.list = nil
	}
}

// dropMark forgets the oldest key of a log.
func (s *Store) dropMark(l *log) {
	m := l.marks[0]
	delete(l.keys, m.key)
	s.weigh(l, -(keyBytes + len(m.key)))
	l.marks[0] = mark{}
	if l.marks = l.marks[1:]; len(l.marks) == 0 {
		l.marks, l.keys = nil, nil
	}
}

// weigh counts bytes of a log.
func (s *Store) weigh(l *log, n int) {
	l.bytes += n
	s.bytes += n
}

// empty reports whether there is nothing in the log.
func (l *log) empty() bool { return len(l.list) == 0 && len(l.marks) == 0 }

// rank puts a log behind all others of its kind, by what it has now: among those with
// messages, among those without, or nowhere while it must be remembered and has
// nothing. One that stays of a kind, and was not touched, keeps its place.
func (s *Store) rank(l *log) {
	var in *list.List
	switch {
	case !l.empty():
		in = s.orders[l.key.Log]
		if in == nil {
			in = list.New()
			s.orders[l.key.Log] = in
		}
	case l.pins == 0:
		in = &s.empties
	}
	if l.in == in {
		if in != nil {
			if next := l.place.Next(); next != nil && next.Value.(*log).touched <= l.touched {
				in.MoveToBack(l.place)
			}
		}
		return
	}
	s.unrank(l)
	if in != nil {
		l.in, l.place = in, in.PushBack(l)
	}
}

// unrank takes a log out of its list.
func (s *Store) unrank(l *log) {
	if l.in != nil {
		l.in.Remove(l.place)
		l.in, l.place = nil, nil
	}
}

// forget drops a log that has nothing, and that nobody follows.
func (s *Store) forget(l *log) {
	s.unrank(l)
	s.floor = max(s.floor, l.last)
	s.bytes -= logBytes + 2*len(l.key.Name)
	delete(s.logs, l.key)
}

// fit makes room where there is too much: histories that have nothing go first, then
// the oldest messages and keys of those whose last message is the oldest, and of grown
// at last. What has nothing and is followed stays.
func (s *Store) fit(grown *log) {
	for s.bytes > s.most {
		if first := s.empties.Front(); first != nil {
			s.forget(first.Value.(*log))
			continue
		}
		l := s.oldest(grown)
		if l == nil {
			if l = grown; l.empty() {
				return
			}
		}
		if len(l.marks) > 0 && (len(l.list) == 0 || l.marks[0].kept <= l.list[0].kept) {
			s.dropMark(l)
		} else {
			s.pressed++
			s.dropFirst(l)
		}
		if l.empty() {
			s.rank(l)
		}
	}
}

// oldest returns the log with messages or keys whose last one is the oldest; nil if
// there is none but one.
func (s *Store) oldest(but *log) (oldest *log) {
	for _, in := range s.orders {
		e := in.Front()
		if e != nil && e.Value.(*log) == but {
			e = e.Next()
		}
		if e == nil {
			continue
		}
		if l := e.Value.(*log); oldest == nil || l.touched < oldest.touched {
			oldest = l
		}
	}
	return oldest
}

// due returns when all of a log is over.
func (l *log) due() time.Duration {
	switch {
	case l.empty():
		return l.touched + rest
	case len(l.marks) > 0:
		return max(l.touched+l.key.Log.TTL, l.marks[len(l.marks)-1].kept+keyWindow)
	}
	return l.touched + l.key.Log.TTL
}

// sweep forgets what is over in rooms to which nothing is pushed any more.
func (s *Store) sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.timer = nil
	now := s.clock()
	for _, in := range s.orders {
		for e := in.Front(); e != nil; e = in.Front() {
			l := e.Value.(*log)
			s.expire(l, now)
			if !l.empty() {
				break
			}
			s.rank(l)
		}
	}
	for e := s.empties.Front(); e != nil; e = s.empties.Front() {
		l := e.Value.(*log)
		if l.due() > now {
			break
		}
		s.forget(l)
	}
	s.plan()
}

// sweepEvery is how long sweeps are apart at least.
const sweepEvery = time.Second

// plan has sweep called when something is over, and not later.
func (s *Store) plan() {
	if s.closed {
		return
	}
	var first *log
	for _, in := range s.orders {
		if e := in.Front(); e != nil {
			if l := e.Value.(*log); first == nil || l.due() < first.due() {
				first = l
			}
		}
	}
	if e := s.empties.Front(); e != nil && first == nil {
		first = e.Value.(*log)
	}
	if first == nil || s.timer != nil && s.planned <= first.due() {
		return
	}
	if s.timer != nil {
		s.timer.Stop()
	}
	now := s.clock()
	s.planned = max(first.due(), now+sweepEvery)
	s.timer = time.AfterFunc(s.planned-now, s.sweep)
}

// Close forgets what there is to do later. The Store can be used as before, and gives
// nothing up by itself any more.
func (s *Store) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
}
