package outbox_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// queued returns all frames that wait, in order, and leaves the queue empty.
func queued(q *box) string {
	var all []string
	for {
		got, _ := frames(q)
		if got == nil {
			return strings.Join(all, " ")
		}
		all = append(all, got...)
	}
}

// shared is a frame that is being pushed.
func shared(text string) *outbox.Frame {
	f := new(outbox.Frame)
	f.Share([]byte(text))
	return f
}

// TestOffer: each case pushes frames to a queue of four frames and twelve
// bytes. A frame is written as what it is pushed with, its text: "." a push,
// "!" one that is insisted on, "<" one that sheds the oldest, and before "=" its key.
func TestOffer(t *testing.T) {
	for _, c := range []struct {
		name, frames, want string
		shed               int
		refused            string
	}{
		{"room", ".a <b k=c", "a b c", 0, ""},
		{"the oldest goes", ".a .b .c .d <e", "b c d e", 1, ""},
		{"as often as needed", ".a .b .c .d <e <f <g <h <i", "f g h i", 5, ""},
		{"several for a long one", ".aa .bb .cc .dd <eeeeeeeee", "dd eeeeeeeee", 3, ""},
		{"all for one that is too long", ".a .b <cccccccccccccc", "cccccccccccccc", 2, ""},
		{"insisted ones stay", "!a .b !c .d <e <f", "a c e f", 2, ""},
		{"insisted ones leave no room", "!a !b !c !d <e", "a b c d", 0, "e"},
		{"nothing goes in vain", "!aaaaaa .b .c <ddddddd", "aaaaaa b c", 0, "ddddddd"},
		{"a refused push", ".a .b .c .d .e", "a b c d", 0, "e"},
		{"a key keeps its place", ".a k=b .c k=d", "a d c", 0, ""},
		{"keys are their own", "k=a j=b k=c j=d", "c d", 0, ""},
		{"also when full", "k=a .b .c .d k=e", "e b c d", 0, ""},
		{"a longer value fits", "k=a .b k=cccccccccc", "cccccccccc b", 0, ""},
		{"a value alone fits always", "k=a k=bbbbbbbbbbbbbbbbb", "bbbbbbbbbbbbbbbbb", 0, ""},
		{"a longer value does not fit", "k=a .b k=cccccccccccc", "a b", 0, "cccccccccccc"},
		{"unless others go", "k=a .b .d <k=ccccccccccc", "ccccccccccc d", 1, ""},
		{"its older one is no other", "k=a !b <k=cccccccccccc", "a b", 0, "cccccccccccc"},
		{"a key goes as any other", "k=a .b .c .d <e k=f", "b c d e", 1, "f"},
		{"the place moves up", ".a .b k=c .d <e k=f", "b f d e", 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var q box
			q.Limit(&outbox.Limits{Frames: 4, Bytes: 12, Total: outbox.NewBudget(1 << 20)})
			shed, refused := 0, ""
			for f := range strings.FieldsSeq(c.frames) {
				var v outbox.Verdict
				text := []byte(f[1:])
				key, value, keyed := strings.Cut(strings.TrimPrefix(f, "<"), "=")
				switch {
				case keyed:
					text = []byte(value)
					o := q.Offer(shared(string(text)), key, f[0] == '<')
					v, shed = o.Verdict, shed+o.Shed
				case f[0] == '<':
					o := q.Offer(shared(string(text)), "", true)
					v, shed = o.Verdict, shed+o.Shed
				case f[0] == '!':
					v = q.Insist(text)
				default:
					v = q.Push(text)
				}
				if !v.Accepted() {
					refused += string(text)
				}
			}
			if got := queued(&q); got != c.want || shed != c.shed || refused != c.refused {
				t.Errorf("queued %q, shed %d, refused %q, want %q %d %q", got, shed, refused, c.want, c.shed, c.refused)
			}
		})
	}
}

// TestOfferInFlight: frames that the writer has taken are neither shed nor
// replaced.
func TestOfferInFlight(t *testing.T) {
	var q box
	q.Limit(&outbox.Limits{Frames: 2, Bytes: 100})
	q.Offer(shared("a"), "k", false)
	if got, _ := frames(&q); len(got) != 1 || got[0] != "a" {
		t.Fatal(got)
	}
	if o := q.Offer(shared("b"), "k", false); o.Replaced || o.Verdict != outbox.Queued {
		t.Fatal("a frame in flight was replaced", o)
	}
	if o := q.Offer(shared("c"), "", true); o.Shed != 1 || o.Verdict != outbox.Queued {
		t.Fatal("what waits was not shed", o)
	}
	frames(&q)
	q.Push([]byte("d"))
	if got, _ := frames(&q); len(got) != 1 || got[0] != "d" {
		t.Fatal(got)
	}
	q.Close([]byte("bye"))
	if o := q.Offer(shared("e"), "k", true); o.Verdict != outbox.Closed {
		t.Fatal(o)
	}
}

// TestOfferStalled: a peer that stalls with a full queue still gets the newest.
func TestOfferStalled(t *testing.T) {
	for _, l := range []outbox.Limits{{Frames: 8, Bytes: 1000}, {Frames: 1000, Bytes: 80}} {
		var q box
		q.Limit(&l)
		for range 8 {
			q.Push(make([]byte, 10))
		}
		q.writer.Patient = true
		if got, _ := frames(&q); len(got) != 4 {
			t.Errorf("%d of 8 frames in flight", len(got))
		}
		if o := q.Offer(shared("0123456789"), "", true); o.Shed != 1 || !o.Verdict.Accepted() {
			t.Errorf("no place for the newest: %+v", o)
		}
	}
}

// TestOfferWaits: while a reply waits, no push takes the room that is made.
func TestOfferWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q box
		q.Limit(&outbox.Limits{Frames: 2, Bytes: 100})
		q.writer.Patient = true // it takes half
		q.Offer(shared("a"), "k", false)
		q.Push([]byte("b"))
		verdict := make(chan outbox.Verdict)
		go func() { verdict <- q.Wait([]byte("reply")) }()
		synctest.Wait()
		if o := q.Offer(shared("c"), "", true); !o.Verdict.Refused() || o.Shed != 0 {
			t.Error("it went before a reply", o)
		}
		if o := q.Offer(shared("longer"), "k", true); !o.Verdict.Refused() {
			t.Error("it grew while a reply waits", o)
		}
		if o := q.Offer(shared("C"), "k", false); !o.Replaced {
			t.Error(o)
		}
		if got, _ := frames(&q); len(got) != 1 || got[0] != "C" {
			t.Error(got)
		}
		if got := queued(&q); got != "b reply" && got != "b" {
			t.Error(got)
		}
		if v := <-verdict; !v.Accepted() {
			t.Error(v)
		}
	})
}

// TestBudget: many queues are bounded together. A frame alone passes. Frames
// that were written or dropped are given back, and at the end nothing is
// reserved.
func TestBudget(t *testing.T) {
	const bound = 64 << 10
	total := outbox.NewBudget(bound)
	limits := outbox.Limits{Frames: 1000, Bytes: 1 << 20, Total: total}
	queues := make([]box, 20)
	frame := make([]byte, 1000)
	wait := func() (bytes int) {
		for i := range queues {
			if n, b := queues[i].Len(); n > 1 {
				bytes += b - len(frame) // the first one does not count
			}
		}
		return bytes
	}
	refused := 0
	for range 50 {
		for i := range queues {
			q := &queues[i]
			q.Limit(&limits)
			q.total = total
			if v := q.Push(frame); !v.Accepted() {
				refused++
				if n, _ := q.Len(); n == 0 {
					t.Fatal("an empty queue refused a frame")
				}
			}
		}
	}
	if n := wait(); refused == 0 || n > bound || n < bound/2 || total.Used() > bound {
		t.Errorf("%d refused, %d bytes wait, %d reserved, the bound is %d", refused, n, total.Used(), bound)
	}
	newest := shared(string(frame))
	if o := queues[0].Offer(newest, "", true); o.Shed == 0 || !o.Verdict.Accepted() || total.Used() > bound {
		t.Errorf("shedding does not make room in the total: %+v", o)
	}
	newest.Settle(total)
	for i := range queues {
		switch q := &queues[i]; i % 4 {
		case 0:
			queued(q)
		case 1:
			q.Close([]byte("bye"))
			queued(q)
		case 2: // nothing is in flight
			q.Abort()
			queued(q)
		default:
			frames(q)
			q.Abort()
			queued(q)
		}
	}
	if total.Used() != 0 {
		t.Errorf("%d bytes are still reserved", total.Used())
	}
}

// TestOfferModel holds a queue to a plain list of frames, through random calls.
func TestOfferModel(t *testing.T) {
	type entry struct {
		text, key string
		insisted  bool
	}
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		var q box
		limits := outbox.Limits{Frames: 1 + r.IntN(8), Bytes: 10 + r.IntN(60), Total: outbox.NewBudget(1 << 20)}
		q.Limit(&limits)
		var list []entry
		flight := []string(nil)
		fits := func(extra ...string) bool {
			n, bytes := 0, 0
			for _, e := range list {
				n, bytes = n+1, bytes+len(e.text)
			}
			for _, f := range append(flight, extra...) {
				n, bytes = n+1, bytes+len(f)
			}
			return n <= 1 || n <= limits.Frames && bytes <= limits.Bytes
		}
		for step := range 300 {
			text := fmt.Sprint(step, strings.Repeat("x", r.IntN(12)))
			switch r.IntN(6) {
			case 0:
				got, _ := q.take(1 + r.IntN(40))
				if len(got) > len(list) || len(got) == 0 && len(list) > 0 {
					t.Fatalf("seed %d step %d: took %d of %d", seed, step, len(got), len(list))
				}
				flight = nil
				for i, f := range got {
					if list[i].text != f {
						t.Fatalf("seed %d step %d: frame %d is %s, want %s", seed, step, i, f, list[i].text)
					}
					flight = append(flight, f)
				}
				list = slices.Clone(list[len(got):])
			case 1:
				want := fits(text)
				if v := q.Insist([]byte(text)); v.Accepted() != want {
					t.Fatalf("seed %d step %d: Keep %v, want %v", seed, step, v, want)
				} else if want {
					list = append(list, entry{text: text, insisted: true})
				}
			default:
				key, oldest := [...]string{"", "", "a", "b"}[r.IntN(4)], r.IntN(2) == 0
				before, shed := slices.Clone(list), 0
				at := func() int {
					return slices.IndexFunc(list, func(e entry) bool { return key != "" && e.key == key })
				}
				put := func() {
					if i := at(); i >= 0 {
						list[i].text = text
					} else {
						list = append(list, entry{text: text, key: key})
					}
				}
				was := slices.Clone(list)
				accepted := false
				for {
					if put(); fits() {
						accepted = true
						break
					}
					list = slices.Clone(was)
					i := slices.IndexFunc(list, func(e entry) bool { return !e.insisted && (key == "" || e.key != key) })
					if !oldest || i < 0 {
						break
					}
					list = slices.Delete(list, i, i+1)
					was, shed = slices.Clone(list), shed+1
				}
				if !accepted {
					list, shed = before, 0
				}
				if o := q.Offer(shared(text), key, oldest); o.Verdict.Accepted() != accepted || o.Shed != shed {
					t.Fatalf("seed %d step %d: %+v, want %v %d", seed, step, o, accepted, shed)
				}
			}
		}
	}
}
