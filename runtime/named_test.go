package ws_test

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// spellings are ways to write the data of a handler of one string, room, each
// with the data that a guard must see; "" is a frame without data.
var spellings = []struct{ data, seen, room string }{
	{`{"room":"private"}`, `{"room":"private"}`, "private"},
	{`"private"`, `{"room":"private"}`, "private"},
	{`"pri\u0076ate"`, `{"room":"pri\u0076ate"}`, "private"},
	{`{"ROOM":"private"}`, `{"room":"private"}`, "private"},
	{`{"r\u006fom":"private"}`, `{"r\u006fom":"private"}`, "private"},
	{`{"R\u006fom":"private"}`, `{"room":"private"}`, "private"},
	{`{"room":"public","room":"private"}`, `{"room":"private"}`, "private"},
	{`{"room":"public","Room":"private"}`, `{"room":"private"}`, "private"},
	{`{"Room":"public","room":"private"}`, `{"room":"private"}`, "private"},
	{`{ "x" : [1,{"room":2}] , "rOOm" : "private" , "y":{} }`, `{"x":[1,{"room":2}],"y":{},"room":"private"}`, "private"},
	{`{"room":"public"}`, `{"room":"public"}`, "public"},
	{`{"room":"public","ROOM":null}`, `{"room":null}`, ""},
	{`{"room":null}`, `{"room":null}`, ""},
	{`{"other":1}`, `{"other":1}`, ""},
	{`{}`, `{}`, ""},
	{`null`, `null`, ""},
	{``, ``, ""},
	{`7`, `{"room":7}`, ""},
	{`["private"]`, `{"room":["private"]}`, ""},
}

// TestGuardSeesWhatTheHandlerGets: whatever form data comes in, guards,
// interceptors and the handler read one text. In that the parameter has its
// name and comes once. It means to the handler what the client's text did.
func TestGuardSeesWhatTheHandlerGets(t *testing.T) {
	read := func(c *ws.Call) (room *string, text string, err error) {
		var raw json.RawMessage
		if err := c.DecodeNullable(&raw); err != nil {
			return nil, "", err
		}
		var in struct {
			Room *string `json:"room"`
		}
		err = c.DecodeNullableParam(&in, &in.Room)
		return in.Room, string(raw), err
	}
	for _, how := range []string{"inline", "serial", "parallel", "stream"} {
		for _, who := range []string{"own", "gateway", "global", "interceptor"} {
			t.Run(how+"/"+who, func(t *testing.T) {
				type sight struct{ guard, handler, room string }
				sights, now := make(chan sight, 1), sight{}
				look := messageGuard(func(_ context.Context, m ws.Message) error {
					now.guard = string(m.Data)
					return nil
				})
				h := handler{params: []string{"room"}, call: func(c *ws.Call) error {
					room, text, err := read(c)
					if now.handler = text; room != nil {
						now.room = *room
					}
					sights <- now
					if err != nil || how != "stream" {
						return err
					}
					return ws.Stream(c, iter.Seq[int](func(func(int) bool) {}))
				}}
				switch how {
				case "serial":
					h.mode = ws.Serial
				case "parallel":
					h.mode = ws.Parallel
				case "stream":
					h.mode, h.stream = ws.Serial, true
				}
				g, o := gateway{}, ws.Options{}
				switch who {
				case "own":
					h.guards = []ws.MessageGuard{look}
				case "gateway":
					g.guards = []ws.MessageGuard{look}
				case "interceptor":
					o.Interceptors = []ws.Interceptor{func(next ws.Next) ws.Next {
						return func(ctx context.Context, m ws.Message) error {
							_ = look(ctx, m)
							return next(ctx, m)
						}
					}}
				}
				g.on = map[string]handler{"join": h}
				s := serve(t, o, g)
				if who == "global" {
					s.router.Guard(nil, []ws.MessageGuard{look})
				}
				p := s.dial(t, "/ws")
				for _, c := range spellings {
					now = sight{}
					p.send(`{"event":"join","id":1%s}`, dataMember(c.data))
					got := await(t, "a call", sights)
					got.handler = strings.TrimPrefix(got.handler, "null")
					if want := (sight{c.seen, strings.TrimPrefix(c.seen, "null"), c.room}); got != want {
						t.Errorf("%s: got %q, want %q", c.data, got, want)
					}
					p.next()
				}
			})
		}
	}
}

// dataMember is the member data of a frame; none for "".
func dataMember(data string) string {
	if data == "" {
		return ""
	}
	return `,"data":` + data
}

// TestUnguardedDataStays: where no guard looks at it, data is the client's
// text.
func TestUnguardedDataStays(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{"echo": {params: []string{"room"}, call: echo}}})
	p := s.dial(t, "/ws")
	for _, c := range spellings {
		if c.data == "" {
			continue
		}
		p.send(`{"event":"echo","data":%s}`, c.data)
		if got := p.next(); !sameJSON(got, `{"event":"echo","data":`+c.data+`}`) {
			t.Errorf("%s: %s", c.data, got)
		}
	}
}

// sameJSON reports whether two texts are the same but for white space and
// escapes. Of members that come twice all count.
func sameJSON(a, b string) bool {
	tokens := func(text string) (all []any) {
		d := json.NewDecoder(strings.NewReader(text))
		for {
			token, err := d.Token()
			if err != nil {
				return all
			}
			all = append(all, token)
		}
	}
	return slices.Equal(tokens(a), tokens(b))
}

// TestGuardRefusesEverySpelling: a guard that refuses a room refuses it however
// it is written, whether it decodes into a struct or into a map. Data that it
// cannot read it answers with as the decoder would have.
func TestGuardRefusesEverySpelling(t *testing.T) {
	private := ws.NewError(ws.CodeForbidden, "private")
	intoStruct := messageGuard(func(_ context.Context, m ws.Message) error {
		var in struct {
			Room string `json:"room"`
		}
		if err := m.Decode(&in); err != nil {
			return err
		}
		if in.Room == "private" {
			return private
		}
		return nil
	})
	intoMap := messageGuard(func(_ context.Context, m ws.Message) error {
		var in map[string]any
		if err := m.Decode(&in); err != nil {
			return err
		}
		if in["room"] == "private" {
			return private
		}
		return nil
	})
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{
		"struct": {params: []string{"room"}, guards: []ws.MessageGuard{intoStruct}, call: decodeRoom},
		"blind":  {params: []string{"room"}, guards: []ws.MessageGuard{messageGuard(func(context.Context, ws.Message) error { return nil })}, call: decodeRoom},
		"map":    {params: []string{"room"}, guards: []ws.MessageGuard{intoMap}, call: decodeRoom},
	}})
	p := s.dial(t, "/ws")
	for _, c := range spellings {
		for _, event := range []string{"struct", "map"} {
			p.send(`{"event":%q,"id":1%s}`, event, dataMember(c.data))
			got := p.next()
			if forbidden := strings.Contains(got, `"forbidden"`); forbidden != (c.room == "private") {
				t.Errorf("%s with a %s: %s", c.data, event, got)
			}
		}
	}
	mistyped := func(event, path string) string {
		return `{"event":"error","id":1,"data":{"code":"invalid_payload","message":"data does not decode","event":"` + event +
			`","details":[{"path":"` + path + `","rule":"type","message":"number does not fit"}]}}`
	}
	for _, event := range []string{"struct", "blind"} {
		p.send(`{"event":%q,"id":1,"data":7}`, event)
		p.want(mistyped(event, "")) // a path leads into what was sent
		p.send(`{"event":%q,"id":1,"data":{"ROOM":7}}`, event)
		p.want(mistyped(event, "/room"))
	}
	p.send(`{"event":"struct","id":1,"data":x}`)
	p.want(`{"event":"error","id":1,"data":{"code":"bad_frame","message":"a frame is a JSON object in a text message"}}`)
}

// TestFaultsOfBareData: the faults that a method Validate finds in a lone
// parameter have their place in the data as it was sent, guarded or not.
func TestFaultsOfBareData(t *testing.T) {
	validates := func(c *ws.Call) error {
		var in struct {
			Room string `json:"room"`
		}
		if err := c.DecodeNullableParam(&in, &in.Room); err != nil {
			return err
		}
		return c.Invalid("room", ws.FieldErrors{{Rule: "odd"}})
	}
	passes := messageGuard(func(context.Context, ws.Message) error { return nil })
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{
		"open":    {params: []string{"room"}, call: validates},
		"guarded": {params: []string{"room"}, guards: []ws.MessageGuard{passes}, call: validates},
	}})
	p := s.dial(t, "/ws")
	for data, path := range map[string]string{`"x"`: "", `{"room":"x"}`: "/room"} {
		for _, event := range []string{"open", "guarded"} {
			p.send(`{"event":%q,"id":1,"data":%s}`, event, data)
			p.want(`{"event":"error","id":1,"data":{"code":"validation_failed","message":"data is not valid","event":"` + event +
				`","details":[{"path":"` + path + `","rule":"odd"}]}}`)
		}
	}
}

// TestInterceptorsDataIsDecoded: the handler decodes the text that an
// interceptor put in place of the data, in either form.
func TestInterceptorsDataIsDecoded(t *testing.T) {
	for _, data := range []string{`"theirs"`, `{"room":"theirs"}`, `{"ROOM":"theirs"}`} {
		s := serve(t, ws.Options{Interceptors: []ws.Interceptor{func(next ws.Next) ws.Next {
			return func(ctx context.Context, m ws.Message) error {
				m.Data = json.RawMessage(data)
				return next(ctx, m)
			}
		}}}, gateway{on: map[string]handler{"join": {params: []string{"room"}, call: decodeRoom}}})
		p := s.dial(t, "/ws")
		p.send(`{"event":"join","id":1,"data":"mine"}`)
		p.want(`{"event":"join","id":1,"data":"theirs"}`)
	}
}
