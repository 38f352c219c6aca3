// Package steady calls code that is not ours: handlers, hooks, guards, the
// methods of errors, an Observer, a Logger, a net.Conn. Such code may panic, may
// end its goroutine (runtime.Goexit), and may do the same again when it is asked
// what went wrong. None of that may end the process, or leave undone what the
// caller still had to do.
//
// There are two ways to call it. In place, with Ended deferred: for code that is
// called often, and on a goroutine that is the connection's own. If that ends,
// deferred functions clean up. Apart, on a goroutine that is waited for: for code
// that is called seldom, or on a goroutine that must go on, such as a timer's or
// one of the user's.
package steady

import (
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
)

// Failure describes a call that did not return.
type Failure struct {
	Where  string // "handler of say"
	Text   string // of the value that it panicked with, if it did
	Goexit bool   // its goroutine ends, whether it panicked or not
	Abort  bool   // it panicked with http.ErrAbortHandler, which is to be told to nobody
	Stack  string
}

// Error returns String.
func (f *Failure) Error() string { return f.String() }

// String returns where the call failed, and with what.
func (f *Failure) String() string {
	switch {
	case !f.Goexit:
		return "panic in " + f.Where + ": " + f.Text
	case f.Text != "":
		return "panic in " + f.Where + ", whose goroutine was ending (runtime.Goexit): " + f.Text
	}
	return f.Where + " ended its goroutine (runtime.Goexit)"
}

// Ended must be deferred around a call in place. If *returned is not set, it
// recovers, and calls then with the Failure, of which Where is where+name.
// After a Goexit the goroutine ends when then has returned, and all other
// deferred functions have run.
func Ended(returned *bool, where, name string, then func(*Failure)) {
	if *returned {
		return
	}
	then(newFailure(where+name, recover()))
}

// Apart calls f on a goroutine of its own, waits for it, and returns nil if f
// has returned. It costs about a microsecond.
func Apart(where string, f func()) *Failure {
	done := make(chan *Failure)
	go func() {
		var failed *Failure
		defer func() { done <- failed }()
		returned := false
		defer Ended(&returned, where, "", func(f *Failure) { failed = f })
		f()
		returned = true
	}()
	return <-done
}

// newFailure returns the Failure of a call. value is what recover returned.
func newFailure(where string, value any) *Failure {
	f := &Failure{Where: where, Goexit: value == nil || ending(), Abort: value == http.ErrAbortHandler, Stack: string(debug.Stack())}
	if value != nil {
		f.Text = describe(value)
	}
	return f
}

// ending reports whether the goroutine ends although a panic was recovered.
// Then a deferred function panicked, and runtime.Goexit is still on the stack.
func ending() bool {
	pcs := make([]uintptr, 128)
	n := runtime.Callers(1, pcs)
	for n == len(pcs) && n < maxFrames {
		pcs = make([]uintptr, 4*len(pcs))
		n = runtime.Callers(1, pcs)
	}
	frames := runtime.CallersFrames(pcs[:n])
	for more := n > 0; more; {
		var f runtime.Frame
		if f, more = frames.Next(); f.Function == "runtime.Goexit" {
			return true
		}
	}
	return false
}

// maxFrames is how deep ending looks into a stack.
const maxFrames = 1 << 15

// describe returns the text of a value that some code panicked with. The
// value's own methods may panic, too: of the value of that panic nothing is
// asked any more.
func describe(value any) string {
	if text, plain := value.(string); plain {
		return text
	}
	text := make(chan string)
	go func() {
		s := fmt.Sprintf("%T, which cannot be printed", value)
		defer func() {
			_ = recover()
			text <- s
		}()
		s = fmt.Sprint(value)
	}()
	return <-text
}

// Same reports whether two values are the same. Values that cannot be compared
// are different.
func Same(a, b any) (equal bool) {
	returned := false
	defer Ended(&returned, "comparison", "", func(*Failure) { equal = false })
	equal = a == b
	returned = true
	return equal
}
