package node

import (
	"bytes"
	"crypto/sha256"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// thread measures what one goroutine does, on a thread of its own: without the time
// for which the thread could have run, and the system ran others. Where the system
// does not tell that, it is a part of what is measured.
type thread struct {
	w     *worker
	stat  *os.File // /proc/thread-self/schedstat; nil elsewhere
	sink  *os.File
	block [4 << 10]byte

	garbage []byte        // what the yardstick has made
	rounds  int           // how much it does
	before  time.Duration // how long it took, since the last call
}

// newThread binds the goroutine that calls it to a thread.
func newThread(w *worker) *thread {
	runtime.LockOSThread()
	t := &thread{w: w, rounds: 40}
	t.stat, _ = os.Open("/proc/thread-self/schedstat")
	t.sink, _ = os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	return t
}

func (t *thread) close() {
	if t.stat != nil {
		_ = t.stat.Close()
	}
	if t.sink != nil {
		_ = t.sink.Close()
	}
	runtime.UnlockOSThread()
}

// measure calls f, and notes how long that took.
func (t *thread) measure(what string, f func()) {
	took := t.time(f)
	t.w.calls.note(what, took)
	switch {
	case t.before == 0: // there was no yardstick
	case took > t.before:
		t.rounds++
	case t.rounds > 1:
		t.rounds--
	}
	t.before = 0
}

// yardstick does about as much as a push, and nothing of it with the runtime: it calls
// the system, makes what is garbage afterwards, and takes a lock that another goroutine
// takes, too. How long that takes is how long the machine makes anything take. It does as
// much of that as it takes to be longer than the call behind it as often as shorter: what
// takes longer meets more of what the machine does meanwhile.
func (t *thread) yardstick() {
	t.before = t.time(func() {
		t.w.control.take(t.block[:])
		t.garbage = make([]byte, 2<<10)
		for range t.rounds {
			_ = sha256.Sum256(t.block[:1<<10])
			if t.sink != nil {
				_, _ = t.sink.Write(t.block[:64])
			}
		}
	})
	t.w.idle.note("yardstick", t.before)
}

// control is a lock that is like that of a room. A goroutine that holds a lock may lose
// its thread's processor to another process, and then whoever wants the lock waits: by
// no fault of the runtime, and not as one that was ready to run.
type control struct {
	mu    sync.Mutex
	block [4 << 10]byte
}

// How often the lock is held, besides by those who measure, and how much is done then.
// That is less than a room's lock is held for what other nodes push there.
const (
	controlEvery = 4 * time.Millisecond
	controlWork  = 10 // tens of microseconds
)

// hold holds the lock again and again, as a node does that delivers pushes.
func (c *control) hold(ends <-chan struct{}) {
	ticker := time.NewTicker(controlEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ends:
			return
		case <-ticker.C:
		}
		c.mu.Lock()
		for range controlWork {
			_ = sha256.Sum256(c.block[:])
		}
		c.mu.Unlock()
	}
}

// take takes the lock once, for a moment.
func (c *control) take(block []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	copy(c.block[:], block)
}

func (t *thread) time(f func()) time.Duration {
	waited := t.waited()
	began := time.Now()
	f()
	took := time.Since(began)
	return max(took-(t.waited()-waited), 0)
}

// waited returns for how long the thread has waited for a processor so far.
func (t *thread) waited() time.Duration {
	if t.stat == nil {
		return 0
	}
	var buf [128]byte
	n, _ := t.stat.ReadAt(buf[:], 0)
	fields := bytes.Fields(buf[:n])
	if len(fields) < 2 {
		return 0
	}
	ns, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	return time.Duration(ns)
}
