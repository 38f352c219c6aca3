package outbox_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// entry is a frame of the model.
type entry struct {
	text, key              string
	insisted, aside, stamp bool
	kept                   bool   // though it goes aside
	lost                   int    // that a note says
	at                     uint64 // of one that is kept aside: how many that count were taken before it
	weight                 int
}

// keepModel is what a queue with a Keeper is to do, as simple as it can be said,
// beside the queue that does it.
type keepModel struct {
	t *testing.T
	q outbox.Queue
	b outbox.Batch

	frames, bytes             int // bounds of what waits
	keptFrames, keptBytes     int
	total                     *outbox.Budget
	queued, flight            []entry
	kept                      []entry
	noted                     []entry // those kept aside that were taken, and may have to be again
	sent                      uint64
	coming, writing, isParked bool
	closed, aborted, ended    bool
	asked                     <-chan struct{} // by ParkNext
	left                      bool            // it is to be closed
	made                      int
}

func (m *keepModel) text(size int) string {
	m.made++
	text := fmt.Sprint(m.made, ":")
	return text + strings.Repeat("x", max(0, size-len(text)))
}

func sizes(list ...[]entry) (frames, bytes int) {
	for _, l := range list {
		for _, e := range l {
			frames++
			bytes += len(e.text)
		}
	}
	return frames, bytes
}

func (m *keepModel) fits(frames, bytes int) bool {
	return frames <= 1 || frames <= m.frames && bytes <= m.bytes
}

// look is the verdict on a frame that was accepted.
func (m *keepModel) look() outbox.Verdict {
	if m.coming || m.writing || m.isParked || m.ended {
		return outbox.Queued
	}
	m.coming = true
	return outbox.Schedule
}

func (m *keepModel) verdict(what string, got outbox.Verdict, accepted bool) {
	m.t.Helper()
	switch want := outbox.Closed; {
	case m.closed && what != "close" && what != "unpark" && what != "abort":
		if got != want {
			m.t.Fatalf("%s a closed queue: %v", what, got)
		}
	case !accepted:
		if !got.Refused() {
			m.t.Fatalf("%s: %v, there is no room", what, got)
		}
	default:
		if want = m.look(); got != want {
			m.t.Fatalf("%s: %v, want %v", what, got, want)
		}
	}
}

// add queues a frame at the end.
func (m *keepModel) add(what string, e entry, push func() outbox.Verdict) {
	m.t.Helper()
	frames, bytes := sizes(m.queued, m.flight)
	ok := m.fits(frames+1, bytes+len(e.text))
	v := push()
	if ok && !m.closed {
		m.queued = append(m.queued, e)
	}
	m.verdict(what, v, ok)
}

// offer queues a frame that may take the place of others.
func (m *keepModel) offer(e entry, among int, oldest bool) {
	m.t.Helper()
	f := new(outbox.Frame)
	f.Share([]byte(e.text))
	f.Among(among)
	o := m.q.Offer(f, e.key, oldest)
	f.Settle(nil)
	if m.closed {
		m.verdict("offer to", o.Verdict, false)
		return
	}
	at := -1
	if e.key != "" {
		for i, old := range slices.Backward(m.queued) {
			if old.key == e.key {
				at = i
				break
			}
		}
	}
	list := slices.Clone(m.queued)
	ok, shed := false, 0
	for {
		frames, bytes := sizes(list, m.flight)
		if at >= 0 {
			if ok = len(e.text) <= len(list[at].text) || m.fits(frames, bytes+len(e.text)-len(list[at].text)); ok {
				list[at] = e
			}
		} else if ok = m.fits(frames+1, bytes+len(e.text)); ok {
			list = append(list, e)
		}
		if ok || !oldest {
			break
		}
		i := 0
		for i < len(list) && (list[i].insisted || i == at) {
			i++
		}
		if i == len(list) {
			break
		}
		if list = slices.Delete(list, i, i+1); i < at {
			at--
		}
		shed++
	}
	if ok {
		m.queued = list
	} else {
		shed = 0
	}
	if o.Shed != shed || o.Replaced != (ok && at >= 0) {
		m.t.Fatalf("offer %+v: %+v, want %d shed", e, o, shed)
	}
	m.verdict("offer", o.Verdict, ok)
}

// take is what the writer gets next.
func (m *keepModel) take(maxSize int) {
	m.flight = nil
	size := 0
	for len(m.queued) > 0 && !m.isParked {
		e := m.queued[0]
		if size += len(e.text); len(m.flight) > 0 && size > maxSize {
			break
		}
		if e.stamp {
			e.text = e.text[:len(e.text)-8] + string(binary.BigEndian.AppendUint64(nil, m.sent))
		}
		m.flight = append(m.flight, e)
		m.queued = m.queued[1:]
		switch {
		case !e.aside:
			m.sent++
			m.kept = append(m.kept, e)
			m.bound()
		case e.kept:
			m.has(m.sent - uint64(len(m.kept)))
			if e.lost > 0 {
				m.sum(e.lost)
			} else {
				e.at = m.sent
				m.noted = append(m.noted, e)
			}
		}
	}
	m.writing = len(m.flight) > 0
}

// sum adds a loss that was taken to the one just before it, if there is one with
// nothing between them.
func (m *keepModel) sum(lost int) {
	if last := len(m.noted) - 1; last >= 0 && m.noted[last].at == m.sent && m.noted[last].lost > 0 {
		lost += m.noted[last].lost
		m.noted = m.noted[:last]
	}
	m.noted = append(m.noted, m.loss(lost))
}

// unsum takes back a frame that is kept aside, the last one that was taken.
func (m *keepModel) unsum(e entry) {
	last := len(m.noted) - 1
	if last < 0 || m.noted[last].at != m.sent {
		return
	}
	rest := m.noted[last].lost - e.lost
	m.noted = m.noted[:last]
	if rest > 0 {
		m.noted = append(m.noted, m.loss(rest))
	}
}

// loss is a note that would be taken now.
func (m *keepModel) loss(lost int) entry {
	return entry{text: string(lostText(lost)), kept: true, lost: lost, insisted: true, aside: true, at: m.sent}
}

func lostText(lost int) []byte { return fmt.Appendf(nil, "%d lost", lost) }

// has forgets what is kept aside from before the seq-th frame.
func (m *keepModel) has(seq uint64) {
	m.noted = slices.DeleteFunc(m.noted, func(e entry) bool { return e.at < seq })
}

func (m *keepModel) bound() {
	for {
		weight := 0
		for _, e := range m.kept {
			weight += e.weight
		}
		if len(m.kept) <= m.keptFrames && weight <= m.keptBytes {
			return
		}
		m.kept = m.kept[1:]
	}
}

// came compares what a writer got, and what it was told.
func (m *keepModel) came(closed bool) {
	m.t.Helper()
	var got, want []string
	for _, f := range m.b.Frames() {
		got = append(got, string(f))
	}
	for _, e := range m.flight {
		want = append(want, e.text)
	}
	if !slices.Equal(got, want) {
		m.t.Fatalf("taken %q, want %q", got, want)
	}
	m.told(closed)
}

// told compares what a writer that leaves was told.
func (m *keepModel) told(closed bool) {
	m.t.Helper()
	want := m.closed && !m.coming && !m.writing && len(m.queued) == 0
	if closed != want {
		m.t.Fatalf("closed=%t, want %t", closed, want)
	}
	if want {
		m.ended, m.kept, m.noted, m.left = true, nil, nil, true
	}
}

// ops is how many different steps there are.
const ops = 24

// step does what a byte says.
func (m *keepModel) step(op, arg byte) {
	m.t.Helper()
	size := int(arg%5) * 12
	text := m.text(size)
	e := entry{text: text, weight: len(text) + 8}
	switch op % ops {
	case 0, 1:
		m.add("push", e, func() outbox.Verdict { return m.q.Push([]byte(text)) })
	case 2:
		e.insisted = true
		m.add("insist", e, func() outbox.Verdict { return m.q.Insist([]byte(text)) })
	case 3:
		e.insisted = true
		m.add("copy", e, func() outbox.Verdict {
			frame := []byte(text)
			defer clear(frame)
			return m.q.Copy(frame)
		})
	case 4:
		e.insisted, e.aside = true, true
		m.add("aside", e, func() outbox.Verdict { return m.q.Aside([]byte(text)) })
	case 5:
		text += "12345678"
		e = entry{text: text, insisted: true, aside: true, stamp: true}
		m.add("stamp", e, func() outbox.Verdict {
			frame := []byte(text)
			defer clear(frame)
			return m.q.Stamp(frame)
		})
	case 6, 7, 8:
		among := int(arg)
		e.weight = max(1, len(text)/max(1, among)) + 8
		m.add("share", e, func() outbox.Verdict {
			f := new(outbox.Frame)
			f.Share([]byte(text))
			f.Among(among)
			defer f.Settle(nil)
			return m.q.Share(f)
		})
	case 9, 10:
		e.weight = max(1, len(text)/max(1, int(arg))) + 8
		if op%2 == 0 {
			e.key = string('a' + rune(arg%3))
		}
		m.offer(e, int(arg), arg&64 != 0)
	case 11:
		e.weight = max(1, len(text)) + 8
		m.offer(e, 0, true)
	case 12, 13, 14:
		m.write(op, 20+int(arg))
	case 15:
		m.stuck(int(arg))
	case 16:
		m.parking(arg)
	case 17:
		seq := m.sent + 2 - min(m.sent+2, uint64(arg%16))
		m.q.Forget(seq)
		for first := m.sent - uint64(len(m.kept)); first < min(seq, m.sent); first++ {
			m.kept = m.kept[1:]
		}
		m.has(seq)
	case 18:
		if arg < 16 && !m.closed {
			text := m.text(9)
			v := m.q.Close([]byte(text))
			m.closed = true
			m.queued = append(m.queued, entry{text: text, insisted: true, aside: true})
			m.verdict("close", v, true)
		}
	case 19:
		if arg < 8 {
			v := m.q.Abort()
			m.closed, m.aborted, m.isParked, m.queued, m.kept, m.noted = true, true, false, nil, nil, nil
			m.verdict("abort", v, true)
		}
	case 20:
		m.rewind(arg)
	case 21:
		m.note(1+int(arg%100), arg&128 != 0)
	case 22:
		v := m.q.Tell([]byte(text))
		if !m.closed {
			m.queued = append(m.queued, entry{text: text, kept: true, insisted: true, aside: true})
		}
		m.verdict("tell", v, true)
	case 23:
		m.burst(4+int(arg%8), int(arg))
	}
}

// burst shares frames one after the other, which are likely to be taken together.
func (m *keepModel) burst(n, among int) {
	m.t.Helper()
	for range n {
		text := m.text(1 + among%20)
		e := entry{text: text, weight: max(1, len(text)/max(1, among)) + 8}
		m.add("share", e, func() outbox.Verdict {
			f := new(outbox.Frame)
			f.Share([]byte(text))
			f.Among(among)
			defer f.Settle(nil)
			return m.q.Share(f)
		})
	}
}

// note queues a frame that says how many were shed, or renews the one in its place.
func (m *keepModel) note(lost int, older bool) {
	m.t.Helper()
	v := m.q.Note(lost, older, lostText)
	if m.closed {
		m.verdict("note in", v, false)
		return
	}
	at := -1
	for i, e := range slices.Backward(m.queued) {
		if e.lost > 0 {
			at = i
			break
		}
		if !older {
			break
		}
	}
	if at >= 0 {
		lost += m.queued[at].lost
	} else {
		m.queued = append(m.queued, entry{})
		at = len(m.queued) - 1
	}
	m.queued[at] = entry{text: string(lostText(lost)), kept: true, lost: lost, insisted: true, aside: true}
	m.verdict("note", v, true)
}

// rewind queues again what was taken, and what is kept aside as well, when nobody
// has the queue. Now and then it asks for what there is not.
func (m *keepModel) rewind(arg byte) {
	m.t.Helper()
	if !m.isParked || m.writing || m.coming {
		return
	}
	seq := m.sent + 2 - min(m.sent+2, uint64(arg%16))
	first := m.sent - uint64(len(m.kept))
	ok := seq >= first && seq <= m.sent
	if got := m.q.Rewind(seq); got != ok {
		m.t.Fatalf("rewind to %d: %t, there are %d to %d", seq, got, first, m.sent)
	}
	if !ok {
		return
	}
	m.has(seq)
	var again []entry
	for at, notes := seq, m.noted; ; at++ {
		for ; len(notes) > 0 && notes[0].at == at; notes = notes[1:] {
			again = append(again, notes[0])
		}
		if at == m.sent {
			break
		}
		e := m.kept[at-first]
		again = append(again, entry{text: e.text, insisted: true, weight: e.weight})
	}
	m.sent, m.kept, m.noted = seq, nil, nil
	if !m.closed {
		m.queued = slices.DeleteFunc(m.queued, func(e entry) bool { return e.aside && !e.kept }) // of the socket that is gone
	}
	m.queued = append(again, m.queued...)
}

// write has a writer come, go on or leave.
func (m *keepModel) write(op byte, maxSize int) {
	m.t.Helper()
	switch {
	case m.coming && !m.writing && maxSize%4 == 0:
		m.steal(maxSize)
	case m.coming && !(m.writing && op%2 == 0):
		if m.coming = false; m.writing {
			if other := new(outbox.Batch); m.q.Take(other, maxSize) || other.Len() > 0 {
				m.t.Fatal("two writers")
			}
			return
		}
		closed := m.q.Take(&m.b, maxSize)
		m.take(maxSize)
		m.came(closed)
	case m.writing && op%ops == 12:
		m.writing, m.flight = false, nil
		more, closed := m.q.Written(&m.b)
		if m.told(closed); more != (!m.ended && (len(m.queued) > 0 || m.closed) && m.look() == outbox.Schedule) {
			m.t.Fatal("more", more)
		}
	case m.writing:
		closed := m.q.Next(&m.b, maxSize)
		m.take(maxSize)
		m.came(closed)
	}
}

// steal has a push write in the place of the caller that is still to come.
func (m *keepModel) steal(maxSize int) {
	m.t.Helper()
	s := m.q.Steal(&m.b, maxSize)
	switch {
	case m.isParked && s == outbox.Waits:
	case !m.isParked && len(m.queued) == 0 && s == outbox.Busy:
	case !m.isParked && len(m.queued) > 0 && s == outbox.Stolen:
		m.take(maxSize)
		m.came(false)
	default:
		m.t.Fatal("steal", s, m.isParked, len(m.queued))
	}
}

// stuck has a socket take a part of what is in flight.
func (m *keepModel) stuck(n int) {
	m.t.Helper()
	if !m.writing {
		return
	}
	_, size := sizes(m.flight)
	n %= size
	all := string(m.b.Join(nil))
	i, end := 0, len(m.flight[0].text)
	for ; n >= end; i++ {
		end += len(m.flight[i+1].text)
	}
	if rest := string(m.q.Stuck(&m.b, n)); rest != all[n:end] {
		m.t.Fatalf("stuck at %d: the rest is %q, want %q", n, rest, all[n:end])
	}
	back := m.flight[i+1:]
	m.flight = m.flight[i : i+1]
	for _, e := range slices.Backward(back) {
		switch {
		case !e.aside:
			m.sent--
			m.kept = m.kept[:max(0, len(m.kept)-1)]
		case e.kept:
			m.unsum(e)
		}
	}
	if !m.aborted {
		m.queued = append(slices.Clone(back), m.queued...)
	}
}

// parking parks the queue, or ends that.
func (m *keepModel) parking(arg byte) {
	m.t.Helper()
	over := m.aborted || m.ended
	switch {
	case m.writing && arg%3 == 0:
		closed := m.q.Park(&m.b)
		m.writing, m.flight, m.isParked = false, nil, !over
		m.told(closed)
	case arg%3 == 1:
		asked := m.q.ParkNext()
		if m.asked != nil && !m.left && asked != m.asked {
			m.t.Fatal("another channel")
		}
		m.asked, m.left, m.isParked = asked, false, !over
	default:
		v := m.q.Unpark()
		m.isParked, m.left = false, true
		if len(m.queued) > 0 || m.closed {
			m.verdict("unpark", v, true)
		} else if v != outbox.Queued {
			m.t.Fatal("unpark", v)
		}
	}
}

// check compares what can be seen.
func (m *keepModel) check() {
	m.t.Helper()
	if (m.isParked || m.ended) && !m.writing && !m.coming {
		m.left = true
	}
	if m.asked != nil {
		select {
		case <-m.asked:
			if !m.left {
				m.t.Fatal("somebody has the queue")
			}
		default:
			if m.left {
				m.t.Fatal("nobody has the queue")
			}
		}
	}
	frames, bytes := sizes(m.queued, m.flight)
	if f, b := m.q.Len(); f != frames || b != bytes {
		m.t.Fatalf("%d frames of %d bytes, want %d of %d", f, b, frames, bytes)
	}
	if m.q.Waits() != (frames > 0) || m.q.Over() != (m.closed && frames == 0) {
		m.t.Fatal(m.q.Waits(), m.q.Over(), frames)
	}
	if n := m.q.Sent(); n != m.sent {
		m.t.Fatalf("%d sent, want %d", n, m.sent)
	}
	first := m.sent - uint64(len(m.kept))
	for seq := first - min(first, 2); seq < m.sent+3; seq++ {
		got, ok := m.q.After(seq)
		if ok != (seq >= first && seq <= m.sent) {
			m.t.Fatalf("after %d: %t, there are %d to %d", seq, ok, first, m.sent)
		}
		for i, f := range got {
			if want := m.kept[seq-first+uint64(i)].text; string(f) != want {
				m.t.Fatalf("after %d: frame %d is %q, want %q", seq, i, f, want)
			}
		}
		if ok && uint64(len(got)) != m.sent-seq {
			m.t.Fatalf("after %d: %d frames, want %d", seq, len(got), m.sent-seq)
		}
	}
	weight := 0
	for _, e := range m.kept {
		weight += e.weight
	}
	if used := m.total.Used(); used < int64(weight) || used > int64(m.keptBytes+256) {
		m.t.Fatalf("%d bytes count towards the total, %d are kept", used, weight)
	}
}

// FuzzKeep does to a queue what the input says, and compares it with a simple
// model after each step.
func FuzzKeep(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 400 {
		in := make([]byte, 4+r.IntN(600))
		for j := range in {
			in[j] = byte(r.Uint32())
		}
		if i%3 > 0 { // without an end
			for j := 4; j < len(in)-1; j += 2 {
				if op := in[j] % ops; op == 18 || op == 19 {
					in[j] -= 2
				}
			}
		}
		if i%4 == 3 { // with bursts that are taken together
			in[0], in[1] = 15, 255
			for j := 4; j < len(in)-1; j += 8 {
				in[j] = 23
			}
		}
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) < 4 || len(in) > 2000 {
			return
		}
		m := &keepModel{t: t, frames: 1 + int(in[0]%16), bytes: 20 + int(in[1])*2, keptFrames: int(in[2] % 40), keptBytes: int(in[3]) * 16}
		total := 1 << 20
		if in[3]%4 == 0 { // the total bounds it, not its own
			total = m.keptBytes / 256 * 256
		}
		m.total = outbox.NewBudget(total)
		m.q.Limit(&outbox.Limits{Frames: m.frames, Bytes: m.bytes})
		m.q.Keep(&outbox.Keeper{Frames: m.keptFrames, Bytes: m.keptBytes, Total: m.total})
		m.keptBytes = min(m.keptBytes, total)
		for i := 4; i < len(in)-1; i += 2 {
			m.step(in[i], in[i+1])
			m.check()
		}
		m.step(19, 0)
		m.check()
		if m.total.Used() != 0 {
			t.Fatalf("%d bytes still count", m.total.Used())
		}
	})
}
