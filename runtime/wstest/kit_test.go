package wstest_test

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/fixture"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quiet is a Server that logs nothing.
func quiet(o ws.Options) *ws.Server {
	o.Logger = slog.New(slog.DiscardHandler)
	return ws.NewServer(o)
}

// generated serves the gateway of package fixture.
func generated() (*ws.Server, *ws.Router) {
	server := quiet(ws.Options{})
	g := &fixture.Gateway{Push: fixture.NewEventsPush(server)}
	return server, ws.NewRouter(fixture.NewGatewayEndpoint(server, g, &fixture.Door{}, &fixture.Nobody{}).Endpoint)
}

var bob = ws.Principal{ID: "bob"}

// spoken is a gateway by hand, whose handlers are functions.
type spoken map[string]func(*ws.Call) error

func (g spoken) serve(s *ws.Server, change ...func(*ws.Spec)) *ws.Endpoint {
	spec := ws.Spec{Gateway: "test.Gateway", Path: "/ws"}
	var calls []func(*ws.Call) error
	for event, call := range g {
		_, stream := strings.CutPrefix(event, "stream_")
		spec.Handlers = append(spec.Handlers, ws.Handler{Event: event, Mode: ws.Serial, Stream: stream})
		calls = append(calls, call)
	}
	spec.Lookup = func(event []byte) int {
		for i, h := range spec.Handlers {
			if h.Event == string(event) {
				return i
			}
		}
		return -1
	}
	spec.Call = func(i int, c *ws.Call) error { return calls[i](c) }
	for _, f := range change {
		f(&spec)
	}
	return ws.NewEndpoint(s, spec)
}

// probe is a test that is tested: it keeps what it fails with.
type probe struct {
	testing.TB

	failed   []string
	cleanups []func()
}

func (p *probe) Helper()           {}
func (p *probe) Cleanup(f func())  { p.cleanups = append(p.cleanups, f) }
func (p *probe) Fatal(args ...any) { p.Fatalf("%s", fmt.Sprint(args...)) }
func (p *probe) Fatalf(format string, args ...any) {
	p.Errorf(format, args...)
	runtime.Goexit()
}

func (p *probe) Errorf(format string, args ...any) {
	p.failed = append(p.failed, fmt.Sprintf(format, args...))
}

// end carries out the cleanups, and prints what the test failed with.
func (p *probe) end() {
	for i := len(p.cleanups) - 1; i >= 0; i-- {
		p.cleanups[i]()
	}
	for _, why := range p.failed {
		fmt.Println(why)
	}
}

// failure carries out a test, with its cleanups, and returns what it failed with.
func failure(t *testing.T, test func(t testing.TB)) string {
	t.Helper()
	p := &probe{TB: t}
	step := func(f func()) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			f()
		}()
		<-done
	}
	step(func() { test(p) })
	for i := len(p.cleanups) - 1; i >= 0; i-- {
		step(p.cleanups[i])
	}
	return strings.Join(p.failed, "\n---\n")
}

// wantIn fails unless all parts stand in a text, in this order.
func wantIn(t *testing.T, text string, parts ...string) {
	t.Helper()
	rest := text
	for _, part := range parts {
		_, after, found := strings.Cut(rest, part)
		if !found {
			t.Errorf("%q is not there, or not in its place:\n%s", part, text)
			return
		}
		rest = after
	}
}

// echo replies with its data.
func echo(c *ws.Call) error {
	var v any
	if err := c.DecodeNullable(&v); err != nil {
		return err
	}
	return c.Reply(v)
}

// ticks streams numbers, one a second.
func ticks(c *ws.Call) error {
	ctx := c.Context()
	return ws.Stream(c, iter.Seq[int](func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				return
			}
		}
	}))
}

// gone counts disconnect hooks that have returned.
func gone(n *atomic.Int32, after time.Duration) func(*ws.Spec) {
	return func(s *ws.Spec) {
		s.Connect = func(context.Context, *ws.Client, *http.Request) (any, error) { return nil, nil }
		s.Disconnect = func(context.Context, *ws.Client, any, ws.Closed) {
			time.Sleep(after)
			n.Add(1)
		}
	}
}
