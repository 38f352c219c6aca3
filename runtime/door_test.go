package ws_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	ws "github.com/wsgen/wsgen/runtime"
)

// lived begins the line of a process for each case after which it lives, and nothing is left.
const lived = "lived: "

// TestDoor: whatever code of the user's does instead of returning, wherever it
// is called, the process lives. The client has its one answer, or its Close.
// The others have theirs, and their pushes. Shutdown returns, and no goroutine
// is left. A failure would end the process, so each place has its own, which goes
// through the cases one by one: one that ends it fails, and so do those behind it.
func TestDoor(t *testing.T) {
	const mark = "WS_DOOR"
	if name := os.Getenv(mark); name != "" {
		inDoor(t, name)
		return
	}
	cases := 0
	for _, place := range places() {
		cases += len(place.whats)
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+len(place.whats))*patience)
			defer cancel()
			child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestDoor$", "-test.timeout=0")
			// goleak has seen to it that no goroutine goes on, for which the race
			// detector would wait for a second at the end of each child.
			child.Env = append(os.Environ(), mark+"="+place.name, "GORACE=atexit_sleep_ms=0")
			out, err := child.CombinedOutput()
			for _, what := range place.whats {
				t.Run(what, func(t *testing.T) {
					if !strings.Contains("\n"+string(out), "\n"+lived+what+"\n") {
						t.Error("the process says nothing of this case, or what it says is below")
					}
				})
			}
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	if cases < 150 {
		t.Errorf("%d cases", cases)
	}
}

// inDoor is a process that goes through the cases of a place.
func inDoor(t *testing.T, name string) {
	for _, p := range places() {
		if p.name != name {
			continue
		}
		for _, what := range p.whats {
			t.Run(what, func(t *testing.T) {
				t.Cleanup(func() { // behind all others, which close what the case has opened
					goleak.VerifyNone(t)
					if !t.Failed() {
						fmt.Println(lived + what)
					}
				})
				p.attacked(t, what)
			})
		}
		return
	}
	t.Fatalf("no place is called %q", name)
}

// attacked is one case.
func (p place) attacked(t *testing.T, what string) {
	f := &faulty{what: what, answered: make(chan struct{})}
	o, g := p.make(f)
	if g.on == nil {
		g.on = map[string]handler{}
	}
	g.on["echo"] = inline(echo)
	s := serve(t, o, g)
	if p.serve != nil {
		s = p.serve(t, f, s)
	}
	other := s.dial(t, "/ws")
	p.attack(t, f, s)
	f.armed.Store(false)
	_ = other.conn.SetDeadline(time.Now().Add(patience))
	other.echoes()
	if _, err := s.Broadcast("pushed", 1); err != nil {
		t.Error(err)
	}
	other.want(`{"event":"pushed","data":1}`)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	closed := make(chan error, 1)
	go func() { closed <- s.Shutdown(ctx) }()
	other.wantClose(ws.CloseAway)
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// faulty is user code that does something instead of returning, once it is
// armed.
type faulty struct {
	what     string
	armed    atomic.Bool
	answered chan struct{} // closed when the client has its answer, for code that fails later
}

// These are the things that it may do.
var (
	// fatal ends the call, and has no error.
	fatal = []string{"panic", "exit", "panic with a value that panics", "panic with a value that exits", "panic with a value that panics twice", "exit and panic on the way"}
	// fewer are the errors that the handlers' modes have more of.
	fewer = append(fatal[:3:3], "return a nil *ws.Error", "return an error whose Error panics", "return an error whose Unwrap panics", "return an error whose Is exits", "exit and panic on the way")
	// all have every method of an error, and ways to wrap it.
	all = append(fatal[:len(fatal):len(fatal)], everyError()...)
)

func everyError() (names []string) {
	names = []string{
		"return a nil *ws.Error", "return a nil pointer", "return a joined nil *ws.Error", "return a wrapped nil *ws.Error",
		"return an error that wraps itself", "return an error that says it is a nil *ws.Error",
	}
	for _, method := range []string{"Error", "Unwrap", "Unwraps", "Is", "As"} {
		for _, how := range []string{"panics", "exits"} {
			names = append(names, "return an error whose "+method+" "+how, "return a wrapped error whose "+method+" "+how)
		}
	}
	return names
}

func misbehave(how string) {
	switch how {
	case "panics":
		panic("boom")
	case "exits":
		runtime.Goexit()
	case "panics twice":
		panic(oddText("panics"))
	}
}

// fail does what, and returns nil while it is not armed.
func (f *faulty) fail() error {
	if !f.armed.Load() {
		return nil
	}
	verb, rest, _ := strings.Cut(f.what, " ")
	_, how, _ := strings.Cut(rest, "with a value that ")
	switch verb {
	case "exit":
		if rest != "" {
			defer panic("boom")
		}
		runtime.Goexit()
	case "panic":
		if how == "" {
			panic("boom")
		}
		panic(oddText(how))
	}
	switch rest {
	case "a nil *ws.Error":
		return (*ws.Error)(nil)
	case "a nil pointer":
		return (*nilError)(nil)
	case "a joined nil *ws.Error":
		return errors.Join(errors.New("x"), (*ws.Error)(nil))
	case "a wrapped nil *ws.Error":
		return &oddError{inner: (*ws.Error)(nil)}
	case "an error that wraps itself":
		e := new(oddError)
		e.inner = e
		return e
	case "an error that says it is a nil *ws.Error":
		return claims{}
	}
	article, rest, _ := strings.Cut(rest, "error whose ")
	method, how, _ := strings.Cut(rest, " ")
	var err error = &oddError{method: method, how: how, inner: errors.New("inner")}
	if method == "Unwraps" {
		err = oddList{how}
	}
	if strings.Contains(article, "wrapped") {
		err = errors.Join(errors.New("x"), &oddError{inner: err})
	}
	return err
}

// kind returns what the door makes of it: an error, a panic, or the end of the
// goroutine.
func (f *faulty) kind() string {
	verb, _, _ := strings.Cut(f.what, " ")
	return verb
}

type oddText string

func (o oddText) String() string { misbehave(string(o)); return "" }

type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

// oddError is an error one of whose methods does not return.
type oddError struct {
	method, how string
	inner       error
}

func (e *oddError) do(method string) {
	if e.method == method {
		misbehave(e.how)
	}
}

func (e *oddError) Error() string { e.do("Error"); return "odd" }
func (e *oddError) Unwrap() error { e.do("Unwrap"); return e.inner }
func (e *oddError) Is(error) bool { e.do("Is"); return false }
func (e *oddError) As(any) bool   { e.do("As"); return false }

type oddList struct{ how string }

func (oddList) Error() string     { return "list" }
func (e oddList) Unwrap() []error { misbehave(e.how); return nil }

type claims struct{}

func (claims) Error() string { return "claims" }
func (claims) As(target any) bool {
	_, is := target.(**ws.Error)
	return is
}

// The methods below look at what a client sees.

// frame returns the next frame that is no ping.
func (p *peer) frame() (first byte, payload []byte) {
	p.t.Helper()
	for {
		first, payload, err := p.read()
		if err != nil {
			p.t.Fatalf("want a frame, got %v", err)
		}
		if first != ping {
			return first, payload
		}
	}
}

// closed fails unless the next frame is a Close with this code.
func (p *peer) closed(code ws.CloseCode) {
	p.t.Helper()
	first, payload := p.frame()
	if first != closes || len(payload) < 2 || ws.CloseCode(binary.BigEndian.Uint16(payload)) != code {
		p.t.Fatalf("want Close %d, got frame %#x %.200q", code, first, payload)
	}
	_, _ = p.conn.Write(frame(closes, payload[:2]))
	p.wantEOF()
}

// isRefused fails unless the next frame is the refusal of event's message 1.
func (p *peer) isRefused(event, code string) {
	p.t.Helper()
	got, want := p.next(), fmt.Sprintf(`{"event":"error","id":1,"data":{"code":%q,`, code)
	if !strings.HasPrefix(got, want) || !strings.Contains(got, `"event":"`+event+`"`) || strings.Contains(got, "boom") ||
		(code == "internal") != strings.Contains(got, `"ref":"`) {
		p.t.Fatalf("got  %s\nwant %s", got, want)
	}
}

// ends fails unless a message that is refused with f's failure ends as it
// should.
func (p *peer) ends(f *faulty, code string) {
	p.t.Helper()
	switch f.kind() {
	case "panic":
		p.isRefused("door", "internal")
		p.closed(ws.CloseInternal)
	case "exit":
		p.closed(ws.CloseInternal)
	default:
		p.isRefused("door", code)
		p.echoes()
		p.leave()
	}
}
