package steady_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/steady"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// mine is an error of the package's user, whose methods are harmless.
type mine struct{ inner error }

func (m *mine) Error() string { return "mine" }
func (m *mine) Unwrap() error {
	if m == nil {
		return nil
	}
	return m.inner
}

// theirs has methods that do as they are told.
type theirs struct {
	inner       error
	is, as      error
	method, how string
}

func (t *theirs) do(method string) {
	if t.method != method {
		return
	}
	if t.how == "exits" {
		runtime.Goexit()
	}
	panic("boom")
}

func (t *theirs) Error() string { t.do("Error"); return "theirs" }
func (t *theirs) Unwrap() error { t.do("Unwrap"); return t.inner }
func (t *theirs) Is(e error) bool {
	t.do("Is")
	return e == t.is
}

func (t *theirs) As(target any) bool {
	t.do("As")
	to, ok := target.(**mine)
	if ok && t.as != nil {
		*to = t.as.(*mine)
		return true
	}
	return false
}

var errA, errB = errors.New("a"), errors.New("b")

// TestLikeErrors: of errors that behave, package steady says the same as
// package errors.
func TestLikeErrors(t *testing.T) {
	known := &mine{errA}
	for i, err := range []error{
		nil, errA, errB, known, &mine{}, &mine{known}, &mine{&theirs{inner: known}}, context.Canceled, io.EOF,
		errors.Join(errA, errB), errors.Join(errB, known), fmt.Errorf("x: %w", known), fmt.Errorf("x: %w, %w", errB, errors.Join(errA, known)),
		&theirs{is: errB}, &theirs{as: known}, errors.Join(&theirs{as: known}, &mine{}), &theirs{inner: errors.Join(errA, &theirs{is: errB})},
		&steady.Failure{Where: "x"}, &os.PathError{Err: os.ErrDeadlineExceeded},
	} {
		var want *mine
		has := errors.As(err, &want)
		found := steady.Look[*mine](err, errA, errB)
		if found.First != want {
			t.Errorf("%d: the first is %v, want %v", i, found.First, want)
		}
		for j, target := range []error{errA, errB, os.ErrDeadlineExceeded} {
			if j < 2 && found.Is(j) != errors.Is(err, target) {
				t.Errorf("%d: Look says that it is %v: %t", i, target, found.Is(j))
			}
			if steady.Is(err, target) != errors.Is(err, target) {
				t.Errorf("%d: Is says that it is %v: %t", i, target, steady.Is(err, target))
			}
		}
		if got, ok := steady.As[*mine](err); got != want || ok != has {
			t.Errorf("%d: As says %v, %t, want %v", i, got, ok, want)
		}
		if want := fmt.Sprint(err); steady.Text(err) != want {
			t.Errorf("%d: the text is %q, want %q", i, steady.Text(err), want)
		}
	}
}

// TestErrorsThatFail: the results of an error from before it fails count, and
// the failure is among its nodes.
func TestErrorsThatFail(t *testing.T) {
	known := &mine{}
	for _, method := range []string{"Unwrap", "Is", "As"} {
		for _, how := range []string{"panics", "exits"} {
			bad := &theirs{method: method, how: how, inner: errA, is: errA}
			for err, first := range map[error]*mine{bad: nil, errors.Join(known, bad): known, errors.Join(bad, known): nil, &mine{bad}: nil} {
				if _, is := err.(*mine); is {
					first = err.(*mine)
				}
				found := steady.Look[*mine](err, errA)
				failed, _ := found.Nodes[len(found.Nodes)-1].(*steady.Failure)
				if method == "As" && first != nil { // not asked any more
					failed = &steady.Failure{Goexit: how == "exits", Stack: "x"}
				}
				if found.First != first || failed == nil || failed.Goexit != (how == "exits") || failed.Stack == "" {
					t.Errorf("%s %s: %v, %v", method, how, found.First, failed)
				}
				if found, ok := steady.As[*net.OpError](err); ok || found != nil {
					t.Errorf("%s %s: As says %v", method, how, found)
				}
				if steady.Is(err, errB) {
					t.Errorf("%s %s: it is what it is not", method, how)
				}
			}
		}
	}
	if found := steady.Look[*mine]((*mine)(nil)); found.First != nil {
		t.Error("a nil pointer was found")
	}
	if found := steady.Look[*mine](errors.Join((*mine)(nil), known)); found.First != known {
		t.Error("a nil pointer hides what is there")
	}
	endless := new(theirs)
	endless.inner = endless
	if found := steady.Look[*mine](endless, errA); found.Is(0) || len(found.Nodes) == 0 {
		t.Error("an error without an end", len(found.Nodes))
	}
	for how, want := range map[string]string{
		"panics": "*steady_test.theirs, whose text is not known: panic in Error method: boom",
		"exits":  "*steady_test.theirs, whose text is not known: Error method ended its goroutine (runtime.Goexit)",
	} {
		bad := &theirs{method: "Error", how: how}
		if got := steady.Text(bad); got != want {
			t.Error(got)
		}
		wrapped := steady.Wrap("x", bad)
		if got := wrapped.Error(); got != "x: "+want || !errors.Is(wrapped, bad) {
			t.Error(got)
		}
	}
}

type value struct{ how string }

func (v value) String() string {
	switch v.how {
	case "exits":
		runtime.Goexit()
	case "panics twice":
		panic(value{"panics twice"})
	}
	return "value"
}

// TestApart: whatever a call does, Apart returns it, and the caller lives.
func TestApart(t *testing.T) {
	for _, c := range []struct {
		do   func()
		want string
	}{
		{func() {}, ""},
		{func() { panic("boom") }, "panic in x: boom"},
		{func() { panic(errA) }, "panic in x: a"},
		{func() { panic(value{}) }, "panic in x: value"},
		{func() { panic(value{"exits"}) }, "panic in x: steady_test.value, which cannot be printed"},
		{func() { panic(value{"panics twice"}) }, "panic in x: steady_test.value, which cannot be printed"},
		{func() { runtime.Goexit() }, "x ended its goroutine (runtime.Goexit)"},
	} {
		f := steady.Apart("x", c.do)
		if got := fmt.Sprint(f); f == nil && c.want != "" || f != nil && got != c.want {
			t.Errorf("%v, want %q", f, c.want)
		}
		if f != nil && !strings.Contains(f.Stack, "steady_test.go") {
			t.Errorf("the stack does not say where:\n%s", f.Stack)
		}
	}
}

// TestEnded: in place, deferred functions run after a Goexit, and results count
// after a panic.
func TestEnded(t *testing.T) {
	call := func(do func()) (failed *steady.Failure) {
		returned := false
		defer steady.Ended(&returned, "handler of ", "say", func(f *steady.Failure) { failed = f })
		do()
		returned = true
		return nil
	}
	if f := call(func() {}); f != nil {
		t.Error(f)
	}
	if f := call(func() { panic(1) }); f == nil || f.String() != "panic in handler of say: 1" {
		t.Error(f)
	}
	told := make(chan *steady.Failure, 1)
	go func() {
		returned := false
		defer steady.Ended(&returned, "x", "", func(f *steady.Failure) { told <- f })
		runtime.Goexit()
	}()
	if f := <-told; !f.Goexit {
		t.Error(f)
	}
	if allocs := testing.AllocsPerRun(100, func() { call(func() {}) }); allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
	if steady.Same([]int{}, []int{}) || !steady.Same(1, 1) || steady.Same(1, 2) {
		t.Error("not the same")
	}
}

// logger fails where it is told to.
type logger struct {
	slog.Handler

	bad func(method string)
}

func (l logger) Enabled(ctx context.Context, level slog.Level) bool {
	l.bad("Enabled")
	return l.Handler.Enabled(ctx, level)
}

func (l logger) Handle(ctx context.Context, r slog.Record) error {
	l.bad("Handle")
	return l.Handler.Handle(ctx, r)
}

func (l logger) WithAttrs(a []slog.Attr) slog.Handler {
	l.bad("With")
	return logger{l.Handler.WithAttrs(a), l.bad}
}
func (l logger) WithGroup(string) slog.Handler { l.bad("With"); return nil }

func TestLog(t *testing.T) {
	var out strings.Builder
	bad := ""
	h := steady.Log(logger{slog.NewTextHandler(&out, nil), func(method string) {
		if method == bad {
			runtime.Goexit()
		}
	}})
	for _, bad = range []string{"", "Enabled", "Handle", "With"} {
		log := slog.New(h).With("a", 1).WithGroup("g")
		log.Info("line", "b", 2)
		log.Debug("too much")
	}
	if got := out.String(); strings.Count(got, "line") != 2 || strings.Count(got, "a=1") != 1 || strings.Contains(got, "too much") {
		t.Error(got)
	}
	if steady.Log(slog.DiscardHandler) != slog.DiscardHandler {
		t.Error("what discards needs no goroutine")
	}
}

// socket is a net.Conn whose methods return nonsense.
type socket struct {
	net.Conn // nil

	n int
}

func (s socket) Read([]byte) (int, error)  { return s.n, nil }
func (s socket) Write([]byte) (int, error) { return s.n, nil }
func (s socket) Close() error              { return errA }
func (s socket) CloseWrite() error         { runtime.Goexit(); return nil }

func TestConn(t *testing.T) {
	var told []string
	tell := func(f *steady.Failure) { told = append(told, f.Where) }
	for _, n := range []int{-1, 3, 1 << 20} {
		c := steady.Conn(socket{nil, n}, tell)
		if got, err := c.Read(make([]byte, 3)); got < 0 || got > 3 || err != nil {
			t.Error(got, err)
		}
		if got, err := c.Write(make([]byte, 3)); got < 0 || got > 3 || (err == nil) != (got == 3) {
			t.Error(got, err)
		}
	}
	idle := steady.Conn(socket{}, tell)
	for reads := 0; ; reads++ {
		if _, err := idle.Read(make([]byte, 3)); err != nil {
			break
		}
		if reads == 1000 {
			t.Fatal("it reads nothing, without end")
		}
	}
	c := steady.Conn(socket{}, tell)
	half := c.(interface{ CloseWrite() error })
	if c.Close() != errA || half.CloseWrite() == nil || c.LocalAddr() != nil || c.RemoteAddr() != nil ||
		c.SetDeadline(time.Time{}) == nil || c.SetReadDeadline(time.Time{}) == nil || c.SetWriteDeadline(time.Time{}) == nil {
		t.Error("a failure is no error")
	}
	if len(told) != 6 {
		t.Error(told)
	}
	if tcp := new(net.TCPConn); steady.Conn(tcp, nil) != net.Conn(tcp) {
		t.Error("a socket of the system's needs no door")
	}
	pipe, far := net.Pipe()
	_ = far.Close()
	c = steady.Conn(pipe, nil)
	if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Error(err)
	}
	if _, err := c.Read(make([]byte, 1)); err != io.EOF {
		t.Error(err)
	}
	_ = c.Close()
}
