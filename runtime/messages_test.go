package ws_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wsjson"
)

// odd is a payload with types about which JSON is unclear.
type odd struct {
	Name string         `json:"name"`
	Tiny int8           `json:"tiny"`
	Big  float64        `json:"big"`
	In   *odd           `json:"in,omitempty"`
	Any  map[string]any `json:"any,omitempty"`
}

// readOdd reads odd as wsgen would, were all of it flat: it leaves the rest to
// encoding/json, as all generated functions do.
func readOdd(r *wsjson.Reader) (v odd) {
	for r.Next() {
		switch string(r.Name()) {
		case "name":
			wsjson.ReadString(r, &v.Name)
		case "tiny":
			wsjson.ReadInt(r, &v.Tiny)
		case "big":
			wsjson.ReadFloat64(r, &v.Big)
		default:
			r.Odd()
		}
	}
	return v
}

// TestOddJSON: docs/guide/messages.md says what becomes of JSON that leaves
// room, and that holds for payloads read by generated code and by
// encoding/json.
func TestOddJSON(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{
		"std": inline(func(c *ws.Call) error {
			var v odd
			if err := c.Decode(&v); err != nil {
				return err
			}
			return c.Reply(&v)
		}),
		"gen": inline(func(c *ws.Call) error {
			v, err := ws.DecodeJSON(c, readOdd)
			if err != nil {
				return err
			}
			return c.Reply(&v)
		}),
		"raw":   inline(echo),
		"quiet": {call: nothing, noData: true},
	}})
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	refused := func(path, message string) string {
		return `{"event":"error","id":1,"data":{"code":"invalid_payload","message":"data does not decode","event":"EVENT","details":[{"path":"` +
			path + `","rule":"type","message":"` + message + `"}]}}`
	}
	const notJSON = `{"event":"error","id":1,"data":{"code":"bad_frame","message":"a frame is a JSON object in a text message"}}`
	for _, c := range []struct{ name, data, want string }{
		{"the last of two members counts", `{"name":"a","name":"b"}`, `{"name":"b","tiny":0,"big":0}`},
		{"also of different types", `{"tiny":"x","tiny":1}`, refused("/tiny", "string does not fit")},
		{"the case of a name does not matter", `{"NAME":"a","tInY":1}`, `{"name":"a","tiny":1,"big":0}`},
		{"also for the last of two", `{"name":"a","Name":"b"}`, `{"name":"b","tiny":0,"big":0}`},
		{"escapes that are no characters are replaced", `{"name":"\ud800"}`, `{"name":"` + "\ufffd" + `","tiny":0,"big":0}`},
		{"a number that does not fit, without it", `{"tiny":300}`, refused("/tiny", "number does not fit")},
		{"a fraction for an integer", `{"tiny":1.0}`, refused("/tiny", "number does not fit")},
		{"a number beyond float64", `{"big":1e400}`, refused("/big", "number does not fit")},
		{"a number finer than float64 is rounded", `{"big":12345678901234567890}`, `{"name":"","tiny":0,"big":12345678901234567000}`},
		{"also where nothing else is known of it", `{"any":{"n":12345678901234567890}}`, `{"name":"","tiny":0,"big":0,"any":{"n":12345678901234567000}}`},
		{"null is absent", `{"name":null,"tiny":null}`, `{"name":"","tiny":0,"big":0}`},
		{"unknown names are ignored", `{"x":1}`, `{"name":"","tiny":0,"big":0}`},
		{"a control character", "{\"name\":\"\n\"}", notJSON},
		{"NaN", `{"big":NaN}`, notJSON},
		{"a leading zero", `{"tiny":01}`, notJSON},
		{"a trailing comma", `{"tiny":1,}`, notJSON},
		{"deep nesting", `{"any":{"a":` + deep(9000) + `}}`, `{"name":"","tiny":0,"big":0,"any":{"a":` + deep(9000) + `}}`},
		{"too deep nesting", `{"any":{"a":` + deep(20000) + `}}`, notJSON},
	} {
		for _, event := range []string{"std", "gen"} {
			p := s.dial(t, "/ws")
			p.send(`{"event":%q,"id":1,"data":%s}`, event, c.data)
			want := strings.Replace(c.want, "EVENT", event, 1)
			if !strings.HasPrefix(want, `{"event":`) {
				want = `{"event":"` + event + `","id":1,"data":` + want + `}`
			}
			if got := p.next(); got != want {
				t.Errorf("%s, %s:\n%.300s\n%.300s", c.name, event, got, want)
			}
		}
	}
	p := s.dial(t, "/ws")
	p.send(`{"event":"raw","id":%s,"data":%s}`, strings.Repeat("9", 64), `[12345678901234567890,1e400]`)
	p.want(`{"event":"raw","id":` + strings.Repeat("9", 64) + `,"data":[12345678901234567890,1e400]}`)
	p.send(`{"EVENT":"raw","event":"raw","Data":1,"ID":2}`) // names of the frame itself are exact
	p.want(`{"event":"raw","data":null}`)
	p.send(`{"event":"quiet","id":1,"data":%s}`, deep(20000))
	p.want(notJSON)
	p.raw(frame(text, []byte("{\"event\":\"raw\",\"data\":\"\xff\"}")))
	p.wantClose(ws.CloseInvalid)
}

// exploding panics wherever a payload or result has code of its own.
type exploding struct{}

func (*exploding) UnmarshalJSON([]byte) error  { panic("boom in UnmarshalJSON") }
func (exploding) MarshalJSON() ([]byte, error) { panic("boom in MarshalJSON") }
func (exploding) Validate(any) error           { panic("boom in Validate") }

// TestMessagePanics: a panic in any code that a message passes is answered,
// logged with its stack, and costs this connection only, in every mode.
func TestMessagePanics(t *testing.T) {
	places := map[string]handler{
		"handler":   {call: func(*ws.Call) error { panic("boom in handler") }},
		"unmarshal": {call: func(c *ws.Call) error { return c.Decode(new(exploding)) }},
		"marshal":   {call: func(c *ws.Call) error { return c.Reply(exploding{}) }},
		"validate":  {call: func(c *ws.Call) error { return ws.Check(c, 1) }},
		"guard": {call: nothing, guards: []ws.MessageGuard{messageGuard(func(context.Context, ws.Message) error {
			panic("boom in guard")
		})}},
		"stream item": {stream: true, call: func(c *ws.Call) error {
			return ws.Stream(c, func(yield func(exploding) bool) { yield(exploding{}) })
		}},
		"stream": {stream: true, call: func(c *ws.Call) error {
			return ws.Stream2(c, func(func(int, error) bool) { panic("boom in stream") })
		}},
		"yield after the end": {stream: true, call: func(c *ws.Call) error {
			return ws.Stream(c, func(yield func(chan int) bool) { yield(nil); yield(nil) })
		}},
	}
	for mode, of := range map[string]ws.Mode{"inline": ws.Inline, "serial": ws.Serial, "parallel": ws.Parallel} {
		t.Run(mode, func(t *testing.T) {
			on := map[string]handler{"echo": {mode: of, call: echo}}
			for name, h := range places {
				h.mode = of
				on[name] = h
			}
			told := ws.Observer{
				Handled: func(*ws.Client, string, time.Duration, *ws.Error) { panic("boom in Handled") },
				Refused: func(ws.Refusal) { panic("boom in Refused") },
			}
			s := serve(t, ws.Options{Validator: exploding{}, Observer: told}, gateway{on: on})
			other := s.dial(t, "/ws")
			for name := range places {
				p := s.dial(t, "/ws")
				p.send(`{"event":%q,"id":1,"data":{}}`, name)
				got := p.next()
				if !strings.HasPrefix(got, `{"event":"error","id":1,"data":{"code":"internal","message":"internal error","event":"`+name+`","ref":`) {
					t.Errorf("%s: %s", name, got)
				}
				p.wantClose(ws.CloseInternal)
			}
			other.send(`{"event":"echo","id":1}`)
			other.want(`{"event":"echo","id":1,"data":null}`)
			_ = other.conn.Close()
			eventually(t, "all gone", func() bool { return s.Stats().Connections == 0 })
			log := s.logs.String()
			for _, where := range []string{"handler", "UnmarshalJSON", "MarshalJSON", "Validate", "guard", "stream", "Handled", "Refused"} {
				if !strings.Contains(log, "boom in "+where) {
					t.Errorf("the log does not tell of %s", where)
				}
			}
		})
	}
}

var _ json.Marshaler = exploding{}
