package node

import (
	"bytes"
	"crypto/sha256"
	"os"
	"runtime"
	"strconv"
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
}

// newThread binds the goroutine that calls it to a thread.
func newThread(w *worker) *thread {
	runtime.LockOSThread()
	t := &thread{w: w}
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
	t.w.calls.note(what, t.time(f))
}

// yardstick does about as much as a push, calls of the system included, and nothing
// of it with the runtime: how long that takes is how long the machine makes anything
// take.
func (t *thread) yardstick() {
	t.w.idle.note("yardstick", t.time(func() {
		for range 40 {
			_ = sha256.Sum256(t.block[:])
			if t.sink != nil {
				_, _ = t.sink.Write(t.block[:64])
			}
		}
	}))
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
