package ws_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestProtocol holds the runtime to docs/reference/protocol.md, "Frames", about
// the members of a frame, and to what follows from that, frame by frame.
func TestProtocol(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{
		"echo":   inline(echo),
		"quiet":  {call: nothing, noData: true},
		"serial": serial(echo),
		"in": inline(func(c *ws.Call) error {
			var v struct {
				A int `json:"a"`
			}
			return c.Decode(&v)
		}),
		"room":   inline(decodeRoom),
		"refuse": inline(func(*ws.Call) error { return ws.NewError("my_own", "no").WithCause(errors.New("secret")) }),
		"details": inline(func(*ws.Call) error {
			return &ws.Error{
				Code: ws.CodeRateLimited, Message: "slow down", RetryAfter: 1500*time.Millisecond - time.Microsecond,
				Details: []ws.Detail{{Path: "/text", Rule: "min", Param: "1", Message: "too short"}},
			}
		}),
		"unsendable": inline(func(c *ws.Call) error { v := make(chan int); return c.Reply(&v) }),
		"fails":      inline(func(*ws.Call) error { return errors.New("secret") }),
	}})
	for _, c := range []struct{ name, in, out string }{
		{"reply has event and data, nothing else", `{"event":"echo","data":{"t":1}}`, `{"event":"echo","data":{"t":1}}`},
		{"data absent is null", `{"event":"echo"}`, `{"event":"echo","data":null}`},
		{"unknown members are ignored", `{"x":[{"event":"no"}],"event":"echo","meta":{"a":"b"},"data":1}`, `{"event":"echo","data":1}`},
		{"white space and order do not matter", " {\n\"data\" : [ 1 , 2 ] ,\t\"event\":\"echo\" } ", `{"event":"echo","data":[1,2]}`},
		{"id is echoed verbatim", `{"event":"echo","id":7,"data":{}}`, `{"event":"echo","id":7,"data":{}}`},
		{"negative id", `{"event":"echo","id":-7}`, `{"event":"echo","id":-7,"data":null}`},
		{"id as string", `{"event":"echo","id":"a\u0062","data":1}`, `{"event":"echo","id":"a\u0062","data":1}`},
		{"an ack for a handler without result", `{"event":"quiet","id":1,"data":"ignored"}`, `{"event":"quiet","id":1,"data":null}`},
		{"from a worker, too", `{"event":"serial","id":1,"data":"x"}`, `{"event":"serial","id":1,"data":"x"}`},
		{"escaped member names", `{"\u0065vent":"echo","data":2}`, `{"event":"echo","data":2}`},
		{"escaped event", `{"event":"e\u0063ho","data":2}`, `{"event":"echo","data":2}`},
		{"the last of two members counts", `{"event":"quiet","event":"echo","data":1,"data":2}`, `{"event":"echo","data":2}`},
		{"html is not escaped", `{"event":"echo","data":"<&>"}`, `{"event":"echo","data":"<&>"}`},

		{"not JSON", `{"event":`, bad("a frame is a JSON object in a text message")},
		{"broken data", `{"event":"echo","data":tru}`, bad("a frame is a JSON object in a text message")},
		{"broken data that nobody reads", `{"event":"quiet","data":[}]}`, bad("a frame is a JSON object in a text message")},
		{"broken data of an unknown event", `{"event":"nope","data":"\q"}`, bad("a frame is a JSON object in a text message")},
		{"broken data, with id", `{"event":"quiet","id":3,"data":tru}`, `{"event":"error","id":3,"data":{"code":"bad_frame","message":"a frame is a JSON object in a text message"}}`},
		{"broken where nobody looks", `{"event":"quiet","data":1,"x":tru}`, bad("a frame is a JSON object in a text message")},
		{"trailing text", `{"event":"echo"} x`, bad("a frame is a JSON object in a text message")},
		{"empty text", ``, bad("a frame is a JSON object in a text message")},
		{"an array", `[1]`, bad("a frame is a JSON object in a text message")},
		{"no event", `{"data":1}`, bad(`the member \"event\" is missing or not a string`)},
		{"no event, with id", `{"id":4,"data":1}`, `{"event":"error","id":4,"data":{"code":"bad_frame","message":"the member \"event\" is missing or not a string"}}`},
		{"event of another type", `{"event":5}`, bad(`the member \"event\" is missing or not a string`)},
		{"id is a fraction", `{"event":"echo","id":1.5}`, badID},
		{"id is null", `{"event":"echo","id":null}`, badID},
		{"id is an object", `{"event":"echo","id":{}}`, badID},
		{"id is too long", `{"event":"echo","id":"` + strings.Repeat("x", 65) + `"}`, badID},
		{"id is of 64 bytes", `{"event":"echo","id":"` + strings.Repeat("x", 64) + `"}`, `{"event":"echo","id":"` + strings.Repeat("x", 64) + `","data":null}`},
		{"id is ours", `{"event":"echo","id":"$1"}`, badID},
		{"unknown event", `{"event":"nope"}`, `{"event":"error","data":{"code":"unknown_event","message":"unknown event","event":"nope"}}`},
		{"unknown event, with id", `{"event":"nope","id":9}`, `{"event":"error","id":9,"data":{"code":"unknown_event","message":"unknown event","event":"nope"}}`},
		{"wrong case is another event", `{"event":"Echo"}`, `{"event":"error","data":{"code":"unknown_event","message":"unknown event","event":"Echo"}}`},

		{"mistyped payload", `{"event":"in","data":{"a":"x"}}`, `{"event":"error","data":{"code":"invalid_payload","message":"data does not decode","event":"in","details":[{"path":"/a","rule":"type","message":"string does not fit"}]}}`},
		{"null payload", `{"event":"in","data":null}`, `{"event":"error","data":{"code":"invalid_payload","message":"data is missing or null","event":"in","details":[{"path":"","rule":"required"}]}}`},
		{"absent payload", `{"event":"in","id":1}`, `{"event":"error","id":1,"data":{"code":"invalid_payload","message":"data is missing or null","event":"in","details":[{"path":"","rule":"required"}]}}`},
		{"lone parameter by name", `{"event":"room","id":1,"data":{"room":"a"}}`, `{"event":"room","id":1,"data":"a"}`},
		{"lone parameter, bare", `{"event":"room","id":1,"data":"b"}`, `{"event":"room","id":1,"data":"b"}`},
		{"lone parameter missing", `{"event":"room","id":1,"data":{}}`, `{"event":"error","id":1,"data":{"code":"invalid_payload","message":"missing room","event":"room","details":[{"path":"/room","rule":"required"}]}}`},
		{"lone parameter mistyped", `{"event":"room","id":1,"data":{"room":1}}`, `{"event":"error","id":1,"data":{"code":"invalid_payload","message":"data does not decode","event":"room","details":[{"path":"/room","rule":"type","message":"number does not fit"}]}}`},

		{"a refusal, without its cause", `{"event":"refuse","id":1}`, `{"event":"error","id":1,"data":{"code":"my_own","message":"no","event":"refuse"}}`},
		{"all members of a refusal", `{"event":"details"}`, `{"event":"error","data":{"code":"rate_limited","message":"slow down","event":"details","details":[{"path":"/text","rule":"min","param":"1","message":"too short"}],"retryAfterMs":1500}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := s.dial(t, "/ws")
			p.send("%s", c.in)
			p.want(c.out)
			p.send(`{"event":"echo","data":"alive"}`) // whatever it was, the connection stays
			p.want(`{"event":"echo","data":"alive"}`)
		})
	}

	t.Run("no result and no id is silence", func(t *testing.T) {
		p := s.dial(t, "/ws")
		p.send(`{"event":"quiet"}`)
		p.send(`{"event":"echo","data":1}`)
		p.want(`{"event":"echo","data":1}`)
	})
	t.Run("a binary frame is refused", func(t *testing.T) {
		p := s.dial(t, "/ws")
		p.raw(frame(binari, []byte(`{"event":"echo"}`)))
		p.want(bad("a frame is a JSON object in a text message"))
		p.send(`{"event":"echo","data":1}`)
		p.want(`{"event":"echo","data":1}`)
	})
	t.Run("a fragmented message is one", func(t *testing.T) {
		p := s.dial(t, "/ws")
		p.raw(frame(0x01, []byte(`{"event":"ec`)))
		p.raw(frame(ping, []byte("abc")))
		p.raw(frame(0x80, []byte(`ho","data":1}`)))
		if first, payload, err := p.read(); first != pong || string(payload) != "abc" {
			t.Fatalf("want the ping's payload back, got %#x %q %v", first, payload, err)
		}
		p.want(`{"event":"echo","data":1}`)
	})
	for _, event := range []string{"fails", "unsendable"} {
		t.Run("opaque: "+event, func(t *testing.T) {
			p := s.dial(t, "/ws")
			p.send(`{"event":%q,"id":1}`, event)
			m := regexp.MustCompile(`^{"event":"error","id":1,"data":{"code":"internal","message":"internal error","event":"` + event + `","ref":"(\w{12})"}}$`).FindStringSubmatch(p.next())
			if m == nil {
				t.Fatal("not the constant internal error with a reference")
			}
			if !strings.Contains(s.logs.String(), "ref="+m[1]) {
				t.Error("the log does not carry the reference")
			}
		})
	}
	if !strings.Contains(s.logs.String(), "secret") {
		t.Error("the log does not have the error in full")
	}
}

const badID = `{"event":"error","data":{"code":"bad_frame","message":"the member \"id\" must be an integer or a string of 1 to 64 bytes that does not start with \"$\""}}`

func bad(message string) string {
	return `{"event":"error","data":{"code":"bad_frame","message":"` + message + `"}}`
}

// decodeRoom decodes as wsgen has it for a handler of one string, room.
func decodeRoom(c *ws.Call) error {
	var in struct {
		Room *string `json:"room"`
	}
	if err := c.DecodeParam(&in, &in.Room); err != nil {
		return err
	}
	if in.Room == nil {
		return ws.Missing("room")
	}
	return c.Reply(in.Room)
}
