package inbox_test

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/wsgen/wsgen/runtime/internal/inbox"
)

// message runs a function.
type message struct {
	inbox.Description
	run func()
}

func (m *message) Run()                        { m.run() }
func (m *message) Describe() inbox.Description { return m.Description }

// owner counts the calls of Rest.
type owner struct{ rested atomic.Int32 }

func (o *owner) Rest() { o.rested.Add(1) }

// many is a bound that no test reaches.
const many = 1 << 20

// journal keeps what happened, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) want(t *testing.T, lines ...string) {
	t.Helper()
	synctest.Wait()
	j.mu.Lock()
	defer j.mu.Unlock()
	if !slices.Equal(j.lines, lines) {
		t.Errorf("happened %q, want %q", j.lines, lines)
	}
	j.lines = nil
}

// bubble runs a test with an empty Queue of two handlers.
func bubble(t *testing.T, test func(t *testing.T, q *inbox.Queue[*message], o *owner, j *journal)) {
	synctest.Test(t, func(t *testing.T) {
		o := new(owner)
		test(t, inbox.New[*message](o, 2), o, new(journal))
	})
}

// waits returns a message that runs until let is closed.
func (j *journal) waits(name string, let chan struct{}, d inbox.Description) *message {
	return &message{d, func() {
		j.add("%s begins", name)
		<-let
		j.add("%s ends", name)
	}}
}

// TestOrder: messages run one after the other. The worker goes when there are
// none left.
func TestOrder(t *testing.T) {
	bubble(t, func(t *testing.T, q *inbox.Queue[*message], o *owner, j *journal) {
		if busy, _ := q.Look(nil); busy || !q.Idle() {
			t.Error("it is busy with nothing")
		}
		for range 2 { // the second time with another worker
			a, b := make(chan struct{}), make(chan struct{})
			q.Put(j.waits("a", a, inbox.Description{}), many, many)
			q.Put(j.waits("b", b, inbox.Description{}), many, many)
			j.want(t, "a begins")
			if busy, _ := q.Look(nil); !busy || q.Idle() {
				t.Error("it is idle with two")
			}
			close(a)
			j.want(t, "a ends", "b begins")
			close(b)
			j.want(t, "b ends")
			if busy, _ := q.Look(nil); busy || !q.Idle() {
				t.Error("it is busy with nothing")
			}
		}
		if n := o.rested.Load(); n != 2 {
			t.Errorf("its owner was told %d times that something has ended, want 2", n)
		}
	})
}

// TestBounds: Put waits while there is a message and messages or bytes would be
// too many. It takes one that is too large alone.
func TestBounds(t *testing.T) {
	bubble(t, func(t *testing.T, q *inbox.Queue[*message], _ *owner, j *journal) {
		for name, most := range map[string][2]int{"messages": {2, many}, "bytes": {many, 10}} {
			let := make(chan struct{})
			put := func(what string, size int) {
				go func() {
					q.Put(j.waits(what, let, inbox.Description{Size: size}), most[0], most[1])
					j.add("%s is in", what)
				}()
				synctest.Wait()
			}
			put("a", 1000) // runs
			put("b", 5)
			put("c", 5)
			put("d", 5)
			j.mu.Lock()
			if slices.Contains(j.lines, "d is in") || !slices.Contains(j.lines, "c is in") {
				t.Errorf("%s: %q", name, j.lines)
			}
			j.lines = nil
			j.mu.Unlock()
			let <- struct{}{} // a ends, and b begins
			synctest.Wait()
			j.mu.Lock()
			if !slices.Contains(j.lines, "d is in") {
				t.Errorf("%s: there is room, and it still waits: %q", name, j.lines)
			}
			j.mu.Unlock()
			close(let)
			synctest.Wait()
			j.lines = nil
		}
	})
}

// TestParallel: so many messages of one handler overlap. The next one waits,
// and so do the messages behind it.
func TestParallel(t *testing.T) {
	bubble(t, func(t *testing.T, q *inbox.Queue[*message], o *owner, j *journal) {
		let := make(chan struct{})
		beside := inbox.Description{Parallel: true, Handler: 1, Max: 2}
		q.Put(j.waits("a", let, beside), many, many)
		j.want(t, "a begins")
		if busy, _ := q.Look(nil); busy || q.Idle() {
			t.Error("a parallel call is nothing to queue behind, and is not idle")
		}
		q.Put(j.waits("b", let, beside), many, many)
		j.want(t, "b begins")
		q.Put(j.waits("c", let, beside), many, many)
		q.Put(j.waits("d", let, inbox.Description{}), many, many)
		j.want(t)
		let <- struct{}{}
		synctest.Wait()
		close(let)
		synctest.Wait()
		j.mu.Lock()
		slices.Sort(j.lines)
		j.mu.Unlock()
		j.want(t, "a ends", "b ends", "c begins", "c ends", "d begins", "d ends")
		if n := o.rested.Load(); n != 4 { // three calls and the worker
			t.Errorf("its owner was told %d times that something has ended, want 4", n)
		}
	})
}

// TestStop: messages that wait do not begin any more, Put fails, and Finish
// waits for those that run and counts the rest.
func TestStop(t *testing.T) {
	bubble(t, func(t *testing.T, q *inbox.Queue[*message], _ *owner, j *journal) {
		a, b := make(chan struct{}), make(chan struct{})
		q.Put(j.waits("a", a, inbox.Description{}), many, many)
		q.Put(j.waits("dropped", a, inbox.Description{}), 1, many)
		q.Hold()
		go func() {
			if q.Put(j.waits("refused", a, inbox.Description{}), 1, many) {
				t.Error("it was put after Stop")
			}
			j.add("refused")
		}()
		j.want(t, "a begins")
		q.Stop()
		j.want(t, "refused")
		if q.Put(j.waits("late", a, inbox.Description{Parallel: true, Max: 9}), many, many) {
			t.Error("it was put after Stop")
		}
		go func() {
			defer close(b)
			j.add("dropped %d", q.Finish())
		}()
		j.want(t)
		close(a)
		j.want(t, "a ends")
		q.Release()
		j.want(t, "dropped 1")
		<-b
	})
}

// TestGoexit: a message that ends its goroutine has a new worker run the next.
func TestGoexit(t *testing.T) {
	bubble(t, func(t *testing.T, q *inbox.Queue[*message], o *owner, j *journal) {
		for _, d := range []inbox.Description{{}, {Parallel: true, Max: 1}} {
			q.Put(&message{d, runtime.Goexit}, many, many)
			synctest.Wait()
			q.Put(&message{d, func() { j.add("the next") }}, many, many)
			j.want(t, "the next")
		}
		if n := o.rested.Load(); n != 4 || !q.Idle() {
			t.Errorf("rested %d times, idle %v", n, q.Idle())
		}
	})
}

// TestCalls: a call is found by its id until it is forgotten, by itself.
func TestCalls(t *testing.T) {
	bubble(t, func(t *testing.T, q *inbox.Queue[*message], _ *owner, j *journal) {
		one, two := []byte("1"), []byte("2")
		let := make(chan struct{})
		a, b := j.waits("a", let, inbox.Description{ID: one}), j.waits("b", let, inbox.Description{ID: two})
		q.Register(a)
		q.Register(b)
		q.Put(a, many, many)
		q.Put(b, many, many)
		q.Put(j.waits("c", let, inbox.Description{}), many, many)
		j.want(t, "a begins")
		if m, ok := q.Find(two); !ok || m != b {
			t.Error("b is not found")
		}
		if _, used := q.Look(one); !used {
			t.Error("the id of a is not used")
		}
		if w := q.Waiting(); !slices.Equal(w, []*message{b}) {
			t.Errorf("%d calls wait, want b alone", len(w))
		}
		if r := q.Running(); len(r) != 2 || !slices.Contains(r, a) {
			t.Errorf("%d calls have no answer, want 2", len(r))
		}
		q.Forget(a)
		again := j.waits("again", let, inbox.Description{ID: one})
		q.Register(again)
		q.Forget(a) // its id is another's now
		if m, ok := q.Find(one); !ok || m != again {
			t.Error("the second call of an id was forgotten with the first")
		}
		q.Ended(again)
		if _, used := q.Look(one); used {
			t.Error("the id of a call that has ended is used")
		}
		close(let)
		synctest.Wait()
	})
}

// TestStreams: there are so many streams at a time, and one that ends makes
// room, or is answered; but not more that go on behind that.
func TestStreams(t *testing.T) {
	bubble(t, func(t *testing.T, q *inbox.Queue[*message], _ *owner, _ *journal) {
		m := &message{}
		for i, want := range []bool{true, true, false} {
			if q.Reserve(2) != want {
				t.Errorf("stream %d, with two at a time: not %t", i+1, want)
			}
		}
		q.Ended(m)
		if q.Reserve(2) {
			t.Error("what was not reserved made room")
		}
		q.Leave(false)
		if !q.Reserve(2) {
			t.Error("no room after one has ended")
		}
		for i, want := range []bool{true, true, false} {
			q.Ending() // it goes on
			if q.Reserve(2) != want {
				t.Errorf("after %d were answered that go on: not %t", i+1, want)
			}
		}
		q.Leave(true)
		q.Leave(true)
		if !q.Reserve(2) {
			t.Error("no room after those have ended that were answered")
		}
	})
}

// TestNil: a nil Queue answers as one that is empty.
func TestNil(t *testing.T) {
	var q *inbox.Queue[*message]
	busy, used := q.Look([]byte("1"))
	_, found := q.Find([]byte("1"))
	q.Stop()
	if busy || used || found || !q.Idle() || q.Finish() != 0 || q.Waiting() != nil || q.Running() != nil {
		t.Error("something was")
	}
}
