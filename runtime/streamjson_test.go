package ws_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"math"
	"slices"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wsjson"
	"github.com/wsgen/wsgen/runtime/wstest"
)

type reading struct {
	At    int     `json:"at"`
	Value float64 `json:"value"`
}

func writeReading(w *wsjson.Writer, v reading) {
	w.Begin()
	w.Name("at")
	wsjson.WriteInt(w, v.At)
	w.Name("value")
	wsjson.WriteFloat64(w, v.Value)
	w.End()
}

// TestStreamJSON: a stream of values that generated code writes is what it is with
// encoding/json, also where a value has no JSON.
func TestStreamJSON(t *testing.T) {
	values := map[string][]reading{"plain": {{1, 0.5}, {2, -3e-9}, {}}, "none": nil, "odd": {{1, 1}, {2, math.NaN()}, {3, 1}}}
	failing := func(of []reading) iter.Seq2[reading, error] {
		return func(yield func(reading, error) bool) {
			for _, v := range of {
				if !yield(v, nil) {
					return
				}
			}
			yield(reading{}, ws.NewError("gone", "no more"))
		}
	}
	filled := func(of []reading) <-chan reading {
		ch := make(chan reading, len(of))
		for _, v := range of {
			ch <- v
		}
		close(ch)
		return ch
	}
	on := map[string]handler{
		"nil":      stream(func(c *ws.Call) error { return ws.StreamJSON(c, nil, writeReading) }),
		"nil2":     stream(func(c *ws.Call) error { return ws.Stream2JSON(c, nil, writeReading) }),
		"nil chan": stream(func(c *ws.Call) error { return ws.StreamChanJSON(c, nil, writeReading) }),
	}
	for name, of := range values {
		on["seq "+name+" std"] = stream(func(c *ws.Call) error { return ws.Stream(c, slices.Values(of)) })
		on["seq "+name] = stream(func(c *ws.Call) error { return ws.StreamJSON(c, slices.Values(of), writeReading) })
		on["seq2 "+name+" std"] = stream(func(c *ws.Call) error { return ws.Stream2(c, failing(of)) })
		on["seq2 "+name] = stream(func(c *ws.Call) error { return ws.Stream2JSON(c, failing(of), writeReading) })
		on["chan "+name+" std"] = stream(func(c *ws.Call) error { return ws.StreamChan(c, filled(of)) })
		on["chan "+name] = stream(func(c *ws.Call) error { return ws.StreamChanJSON(c, filled(of), writeReading) })
	}
	p := wstest.Dial(t, gateway{on: on}.endpoint(ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler)})))
	for i, event := range []string{"nil", "nil2", "nil chan"} {
		p.SendText(fmt.Sprintf(`{"event":%q,"id":%d}`, event, i))
		p.ExpectText(fmt.Sprintf(`{"event":%q,"id":%d,"data":null}`, event, i))
	}
	hears := func(event string) (items []string, code string) {
		p.SendText(fmt.Sprintf(`{"event":%q,"id":1}`, event))
		for {
			var f struct {
				More bool
				Data json.RawMessage
			}
			var refusal struct{ Code string }
			if err := json.Unmarshal([]byte(p.Text()), &f); err != nil {
				t.Fatal(err)
			}
			if !f.More {
				_ = json.Unmarshal(f.Data, &refusal)
				return items, refusal.Code
			}
			items = append(items, string(f.Data))
		}
	}
	for name, of := range values {
		for _, how := range []string{"seq ", "seq2 ", "chan "} {
			std, why := hears(how + name + " std")
			own, because := hears(how + name)
			if !slices.Equal(std, own) || why != because || (name == "odd") == (len(own) == len(of)) {
				t.Errorf("%s%s: %q and %q with encoding/json, %q and %q without", how, name, std, why, own, because)
			}
		}
	}
	p.SendText(`{"event":"seq plain","id":9}`)
	p.ExpectText(`{"event":"seq plain","id":9,"data":{"at":1,"value":0.5},"more":true}`, `{"event":"seq plain","id":9,"data":{"at":2,"value":-3e-9},"more":true}`,
		`{"event":"seq plain","id":9,"data":{"at":0,"value":0},"more":true}`, `{"event":"seq plain","id":9,"data":null}`)
}
