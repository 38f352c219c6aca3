package ws_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// record collects what happens, in order.
type record struct {
	mu   sync.Mutex
	what []string
}

func (r *record) add(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.what = append(r.what, fmt.Sprintf(format, args...))
}

func (r *record) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := fmt.Sprint(r.what)
	r.what = nil
	return all
}

// around returns an interceptor that records when it is entered and left.
func (r *record) around(name string) ws.Interceptor {
	return func(next ws.Next) ws.Next {
		return func(ctx context.Context, m ws.Message) error {
			r.add("%s(%s", name, m.Event)
			err := next(context.WithValue(ctx, recordKey{}, name), m)
			r.add("%v)%s", err, name)
			return err
		}
	}
}

type recordKey struct{}

// TestInterceptors: interceptors stand around the handler and behind the
// guards, in the order Router, Server, gateway. The cases show what one may do
// to a message.
func TestInterceptors(t *testing.T) {
	var r record
	var kept ws.Next
	odd := func(next ws.Next) ws.Next {
		return func(ctx context.Context, m ws.Message) error {
			if kept != nil {
				r.add("%v", kept(ctx, m))
				kept = nil
			}
			switch string(m.Data) {
			case `"skip"`:
				return nil
			case `"deny"`:
				return ws.NewError(ws.CodeForbidden, "not so")
			case `"swap"`:
				m.Data = json.RawMessage(`"swapped"`)
			case `"forge"`:
				return next(ctx, ws.Message{})
			case `"panic"`:
				panic("oh no")
			case `"keep"`:
				kept = func(ctx context.Context, _ ws.Message) error { return next(ctx, m) }
			case `"late"`:
				ctx, cancel := context.WithTimeout(ctx, time.Hour)
				defer cancel()
				return next(ctx, m)
			}
			if err := next(ctx, m); !errors.Is(err, errTransient) {
				return err
			}
			return next(ctx, m)
		}
	}
	tries := 0
	s := serve(t, ws.Options{Interceptors: []ws.Interceptor{r.around("server")}}, gateway{
		guards: []ws.MessageGuard{messageGuard(func(context.Context, ws.Message) error { r.add("guard"); return nil })},
		configure: func(o *ws.Options) {
			o.Interceptors = append(o.Interceptors, r.around("gateway"), odd)
		},
		on: map[string]handler{
			"echo": inline(func(c *ws.Call) error {
				if _, ok := c.Context().Deadline(); ok {
					r.add("deadline")
				}
				client, _ := ws.ClientFrom(c.Context())
				r.add("echo in %v of %t", c.Context().Value(recordKey{}), client == c.Client())
				return echo(c)
			}),
			"flaky": inline(func(c *ws.Call) error {
				if tries++; tries == 1 {
					return errTransient
				}
				return c.Reply(&tries)
			}),
		},
	})
	s.router.Intercept(r.around("first"), r.around("second"))
	p := s.dial(t, "/ws")
	p.send(`{"event":"echo","id":1,"data":"x"}`)
	p.want(`{"event":"echo","id":1,"data":"x"}`)
	p.send(`{"event":"flaky","id":2}`)
	p.want(`{"event":"flaky","id":2,"data":2}`)
	eventually(t, "the last is left", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.what) > 0 && r.what[len(r.what)-1] == "<nil>)first" && len(r.what) == 19
	})
	const in, out = "first(%[1]s second(%[1]s server(%[1]s gateway(%[1]s ", "%[1]v)gateway %[1]v)server %[1]v)second %[1]v)first"
	want := "[guard " + fmt.Sprintf(in, "echo") + "echo in gateway of true " + fmt.Sprintf(out, nil) +
		" guard " + fmt.Sprintf(in, "flaky") + fmt.Sprintf(out, nil) + "]"
	if got := r.take(); got != want {
		t.Errorf("\n%s\n%s", got, want)
	}
	for _, c := range []struct{ data, want string }{
		{"skip", `{"event":"echo","id":1,"data":null}`},
		{"deny", `{"event":"error","id":1,"data":{"code":"forbidden","message":"not so","event":"echo"}}`},
		{"swap", `{"event":"echo","id":1,"data":"swapped"}`},
		{"keep", `{"event":"echo","id":1,"data":"keep"}`},
		{"late", `{"event":"echo","id":1,"data":"late"}`},
	} {
		p.send(`{"event":"echo","id":1,"data":%q}`, c.data)
		p.want(c.want)
	}
	if got := r.take(); !strings.Contains(got, "hand on the Message that it got, before it returns") {
		t.Error("the next one worked for a message that was gone", got)
	}
	p.send(`{"event":"echo","id":1,"data":"forge"}`)
	if got := p.next(); got[:60] != `{"event":"error","id":1,"data":{"code":"internal","message":` {
		t.Error(got)
	}
	p.send(`{"event":"echo","id":1,"data":"panic"}`)
	_ = p.next()
	p.wantClose(ws.CloseInternal)
}

// TestInterceptedPath: behind interceptors, too, the path of a refusal leads
// into the data that the client sent.
func TestInterceptedPath(t *testing.T) {
	pass := func(next ws.Next) ws.Next {
		return func(ctx context.Context, m ws.Message) error { return next(ctx, m) }
	}
	s := serve(t, ws.Options{Interceptors: []ws.Interceptor{pass}}, gateway{on: map[string]handler{
		"named": {params: []string{"n"}, call: func(c *ws.Call) error {
			var in struct{ N *int }
			return c.DecodeParam(&in, &in.N)
		}},
	}})
	p := s.dial(t, "/ws")
	for data, path := range map[string]string{`"x"`: "", `{"n":"x"}`: "/n"} {
		p.send(`{"event":"named","id":1,"data":%s}`, data)
		p.want(`{"event":"error","id":1,"data":{"code":"invalid_payload","message":"data does not decode","event":"named","details":[{"path":"` +
			path + `","rule":"type","message":"string does not fit"}]}}`)
	}
}

var errTransient = errors.New("try again")
