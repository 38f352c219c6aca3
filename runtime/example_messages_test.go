package ws_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/lxzan/gws"
	ws "github.com/wsgen/wsgen/runtime"
)

// talk serves one handler as generated code would, sends it frames, and prints
// the answers, until there were as many.
func talk(o ws.Options, h ws.Handler, call func(*ws.Call) error, answers int, frames ...string) {
	o.Logger = slog.New(slog.DiscardHandler)
	server := ws.NewServer(o)
	endpoint := ws.NewEndpoint(server, ws.Spec{
		Gateway: "example.Gateway", Path: "/ws", Handlers: []ws.Handler{h},
		Lookup: func(event []byte) int { return strings.Index(h.Event, string(event)) },
		Call:   func(_ int, c *ws.Call) error { return call(c) },
	})
	site := httptest.NewServer(ws.NewRouter(endpoint))
	defer site.Close()
	defer func() { _ = server.Shutdown(context.Background()) }()
	printed := &printer{answers: make(chan string)}
	client, _, err := gws.NewClient(printed, &gws.ClientOption{Addr: "ws" + strings.TrimPrefix(site.URL, "http") + "/ws"})
	if err != nil {
		fmt.Println(err)
		return
	}
	ended := make(chan struct{})
	go func() { client.ReadLoop(); close(ended) }()
	for _, f := range frames {
		if f == afterAnswer {
			answers--
			fmt.Println(<-printed.answers)
			continue
		}
		_ = client.WriteString(f)
	}
	for range answers {
		fmt.Println(<-printed.answers)
	}
	client.WriteClose(1000, nil)
	<-ended
}

// afterAnswer, among frames, has the next one wait for an answer.
const afterAnswer = ""

type printer struct {
	gws.BuiltinEventHandler

	answers chan string
}

func (p *printer) OnMessage(_ *gws.Conn, m *gws.Message) {
	p.answers <- m.Data.String()
	_ = m.Close()
}

// A handler that returns a sequence is a stream: a frame for each value, and a
// last one. wsgen writes the call of Stream.
func ExampleStream() {
	countdown := func(from int) iter.Seq[int] {
		return func(yield func(int) bool) {
			for i := from; i > 0; i-- {
				if !yield(i) {
					return // cancelled, or gone
				}
			}
		}
	}
	talk(ws.Options{}, ws.Handler{Event: "countdown", Mode: ws.Serial, Stream: true}, func(c *ws.Call) error {
		return ws.Stream(c, countdown(2))
	}, 3, `{"event":"countdown","id":1}`)
	// Output:
	// {"event":"countdown","id":1,"data":2,"more":true}
	// {"event":"countdown","id":1,"data":1,"more":true}
	// {"event":"countdown","id":1,"data":null}
}

// The client that sent a message may cancel it: its context ends, and so does a
// channel that nobody receives from any more.
func ExampleStreamChan() {
	ticks := func(ctx context.Context) <-chan int {
		out := make(chan int)
		go func() {
			defer close(out)
			for i := 0; i < 1; {
				select {
				case out <- i:
					i++
				case <-ctx.Done():
					return
				}
			}
			<-ctx.Done() // nothing to tell for a long time
		}()
		return out
	}
	talk(ws.Options{}, ws.Handler{Event: "ticks", Mode: ws.Serial, Stream: true}, func(c *ws.Call) error {
		return ws.StreamChan(c, ticks(c.Context()))
	}, 2, `{"event":"ticks","id":"a"}`, afterAnswer, `{"event":"$cancel","id":"a"}`)
	// Output:
	// {"event":"ticks","id":"a","data":0,"more":true}
	// {"event":"error","id":"a","data":{"code":"canceled","message":"canceled by the client","event":"ticks"}}
}

// A handler with a timeout has a deadline in its context. The client has its
// answer then, also if the handler goes on.
func ExampleHandler_timeout() {
	slow := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	talk(ws.Options{}, ws.Handler{Event: "slow", Mode: ws.Serial, Timeout: time.Millisecond}, func(c *ws.Call) error {
		return slow(c.Context())
	}, 1, `{"event":"slow","id":1}`)
	// Output:
	// {"event":"error","id":1,"data":{"code":"timeout","message":"it took too long","event":"slow"}}
}

// An interceptor turns the errors of a database into refusals.
func ExampleInterceptor() {
	errNoRows := errors.New("sql: no rows in result set")
	notFound := func(next ws.Next) ws.Next {
		return func(ctx context.Context, m ws.Message) error {
			err := next(ctx, m)
			if errors.Is(err, errNoRows) {
				return ws.NewError(ws.CodeNotFound, "no such thing").WithCause(err)
			}
			return err
		}
	}
	o := ws.Options{Interceptors: []ws.Interceptor{notFound}}
	talk(o, ws.Handler{Event: "get"}, func(*ws.Call) error { return errNoRows }, 1, `{"event":"get","id":1}`)
	// Output:
	// {"event":"error","id":1,"data":{"code":"not_found","message":"no such thing","event":"get"}}
}

// Metadata that a client sends beside its data is in the handler's context: a
// tracer's, for one.
func ExampleMeta() {
	get := func(ctx context.Context) string { return ws.Meta(ctx)["traceparent"] }
	talk(ws.Options{}, ws.Handler{Event: "get", Mode: ws.Serial}, func(c *ws.Call) error {
		parent := get(c.Context())
		return c.Reply(&parent)
	}, 1, `{"event":"get","meta":{"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}`)
	// Output:
	// {"event":"get","data":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
}

// SendMessage is a payload; wsgen sees its Validate method.
type SendMessage struct{ Text string }

// Validate says what is wrong, field by field.
func (m SendMessage) Validate() error {
	if len(m.Text) > 5 {
		return ws.FieldErrors{{Path: "/text", Rule: "max", Param: "5", Message: "too long"}}
	}
	return nil
}

// A payload that validates itself is refused with the places and rules that its
// error names, and never with the value that was refused.
func ExampleFieldErrors() {
	talk(ws.Options{}, ws.Handler{Event: "say"}, func(c *ws.Call) error {
		var in SendMessage
		if err := c.Decode(&in); err != nil {
			return err
		}
		return ws.Invalid(in.Validate())
	}, 1, `{"event":"say","id":1,"data":{"text":"good morning"}}`)
	// Output:
	// {"event":"error","id":1,"data":{"code":"validation_failed","message":"data is not valid","event":"say","details":[{"path":"/text","rule":"max","param":"5","message":"too long"}]}}
}

// validators is a Validator: one function for all payloads.
type validators func(v any) error

func (f validators) Validate(v any) error { return f(v) }

// A Validator looks at payloads that are structs and do not validate themselves.
func ExampleValidator() {
	type transfer struct{ Amount int }
	positive := validators(func(v any) error {
		if t, ok := v.(transfer); ok && t.Amount <= 0 {
			return ws.FieldErrors{{Path: "/amount", Rule: "min", Param: "1"}}
		}
		return nil
	})
	talk(ws.Options{Validator: positive}, ws.Handler{Event: "pay"}, func(c *ws.Call) error {
		var in transfer
		if err := c.Decode(&in); err != nil {
			return err
		}
		return ws.Check(c, in)
	}, 2, `{"event":"pay","id":1,"data":{"amount":-7}}`, `{"event":"pay","id":2,"data":{"amount":7}}`)
	// Output:
	// {"event":"error","id":1,"data":{"code":"validation_failed","message":"data is not valid","event":"pay","details":[{"path":"/amount","rule":"min","param":"1"}]}}
	// {"event":"pay","id":2,"data":null}
}
