package ws_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// goods is a payload with a place of every kind.
type goods struct {
	stamped

	*owned

	Items  []item                         `json:"items"`
	Pair   [2]int                         `json:"pair"`
	Stock  map[string]int                 `json:"stock"`
	ByID   map[int][]item                 `json:"by/id"`
	Dotted struct{ Deep map[string]item } `json:"a.b~c"`
	At     time.Time                      `json:"at"`
	Raw    []byte                         `json:"raw"`
	Big    int64                          `json:"big,string"`
	Shade  colour                         `json:"shade"`
	Range  limits                         `json:"range"`
	Addr   netip.Addr                     `json:"addr"`
	Inner  nested                         `json:"inner"`
	Touchy map[string]touchy              `json:"touchy"`
	Small  uint8
	Any    any    `json:"any"`
	Next   *goods `json:"next"`
}

type item struct {
	Price int       `json:"price"`
	Sent  time.Time `json:"sent"`
}

type stamped struct {
	Stamp int `json:"stamp"`
}

type owned struct {
	Owner item `json:"owner"`
}

// colour is a type with an UnmarshalText.
type colour string

var errColour = errors.New("no such colour")

func (c *colour) UnmarshalText(text []byte) error {
	if *c = colour(text); *c != "red" {
		return errColour
	}
	return nil
}

// limits is a type with an UnmarshalJSON, which wants all it needs.
type limits struct{ From, To *int }

func (l *limits) UnmarshalJSON(text []byte) error {
	type plain limits
	switch err := json.Unmarshal(text, (*plain)(l)); {
	case err != nil:
		return err
	case l.From == nil || l.To == nil:
		return io.ErrUnexpectedEOF
	case *l.From > *l.To:
		return fmt.Errorf("from %d to %d is no range", *l.From, *l.To)
	}
	return nil
}

// touchy is a type whose UnmarshalJSON believes that all it needs is there.
type touchy struct{ A, B any }

func (t *touchy) UnmarshalJSON(text []byte) error {
	type plain touchy
	if err := json.Unmarshal(text, (*plain)(t)); err != nil {
		return err
	}
	if t.B.(string) != "yes" {
		return errors.New("B is not yes")
	}
	return nil
}

// nested is JSON in a string.
type nested struct{ Value int }

func (n *nested) UnmarshalJSON(text []byte) error {
	inner, err := strconv.Unquote(string(text))
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(inner), &n.Value)
}

// TestDetailPaths: whatever does not decode has its place, as it is named in
// the message. The value that was refused does not travel back.
func TestDetailPaths(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{
		"goods": inline(func(c *ws.Call) error { return c.Decode(new(goods)) }),
		"items": inline(func(c *ws.Call) error { return c.Decode(new([]item)) }),
		"param": inline(func(c *ws.Call) error {
			var in struct {
				At *time.Time `json:"at"`
			}
			return c.DecodeParam(&in, &in.At)
		}),
	}})
	p := s.dial(t, "/ws")
	for i, c := range []struct{ event, data, path, kind string }{
		{"goods", `{"items":[{"price":1},{},{"price":"SECRET"}]}`, "/items/2/price", "string"},
		{"goods", `{"items":[{"price":1},7]}`, "/items/1", "number"},
		{"goods", `{"items":{"price":1}}`, "/items", "object"},
		{"goods", `{"items":[{"price":1,"sent":"2026-01-02T03:04:05Z"},{"sent":"SECRET"}]}`, "/items/1/sent", "string"},
		{"goods", `{"pair":[1,"SECRET"]}`, "/pair/1", "string"},
		{"goods", `{"stock":{"a":1,"x/y~z.w":"SECRET"}}`, "/stock/x~1y~0z.w", "string"},
		{"goods", `{"stock":{"\u00fc":"SECRET"}}`, "/stock/ü", "string"},
		{"goods", `{"by/id":{"1":[],"2":[{},{"price":true}]}}`, "/by~1id/2/1/price", "bool"},
		{"goods", `{"by/id":{"1":[],"one":[{"price":1}]}}`, "/by~1id/one", "number"},
		{"goods", `{"a.b~c":{"Deep":{"k.1":{"price":[]}}}}`, "/a.b~0c/Deep/k.1/price", "array"},
		{"goods", `{"stamp":"SECRET"}`, "/stamp", "string"},
		{"goods", `{"STAMP":"SECRET"}`, "/STAMP", "string"},
		{"goods", `{"at":"SECRET"}`, "/at", "string"},
		{"goods", `{"at":5}`, "/at", "number"},
		{"goods", `{"raw":"YWJj","next":{"raw":"SECRET!"}}`, "/next/raw", "string"},
		{"goods", `{"big":"1","next":{"big":1}}`, "/next/big", "number"},
		{"goods", `{"big":"SECRET"}`, "/big", "string"},
		{"goods", `{"shade":"red","next":{"shade":"SECRET"}}`, "/next/shade", "string"},
		{"goods", `{"range":{"From":1,"To":2},"next":{"range":{"From":1,"To":"SECRET"}}}`, "/next/range/To", "string"},
		{"goods", `{"touchy":{"k":{"A":1,"B":"no SECRET"}}}`, "/touchy/k/B", "string"},
		{"goods", `{"range":{"From":9,"To":1}}`, "/range", "object"},
		{"goods", `{"range":{"From":9}}`, "/range", "object"},
		{"goods", `{"addr":"1.2.3.4","next":{"addr":"SECRET"}}`, "/next/addr", "string"},
		{"goods", `{"inner":"1","next":{"inner":"{SECRET"}}`, "/next/inner", "string"},
		{"goods", `{"small":1,"next":{"Small":300}}`, "/next/Small", "number"},
		{"goods", `{"any":[{"a":1e999}]}`, "/any/0/a", "number"},
		{"goods", `{"at":"2026-01-02T03:04:05Z","shade":"red","at":"SECRET"}`, "/at", "string"},
		{"goods", `7`, "", "number"},
		{"goods", `[{"stamp":1}]`, "", "array"},
		{"items", `[{"price":1},{"price":2},{"price":{}}]`, "/2/price", "object"},
		{"items", `{"price":1}`, "", "object"},
		{"param", `{"at":"SECRET"}`, "/at", "string"},
		{"param", `"SECRET"`, "", "string"},
	} {
		p.send(`{"event":%q,"id":%d,"data":%s}`, c.event, i, c.data)
		p.want(fmt.Sprintf(`{"event":"error","id":%d,"data":{"code":"invalid_payload","message":"data does not decode","event":%q,`+
			`"details":[{"path":%q,"rule":"type","message":"%s does not fit"}]}}`, i, c.event, c.path, c.kind))
	}
}

// TestDetailPathIsCheap: a long message with a mistake at its end is answered
// about as fast as one that was decoded three times.
func TestDetailPathIsCheap(t *testing.T) {
	text := `{"items":[` + strings.Repeat(`{"price":1,"sent":"2026-01-02T03:04:05Z"},`, 1400) + `{"sent":"yesterday"}]}`
	path := ""
	once := testing.AllocsPerRun(20, func() { _ = json.Unmarshal([]byte(text), new(goods)) })
	found := testing.AllocsPerRun(20, func() {
		refusal, _ := errors.AsType[*ws.Error](ws.DecodeText([]byte(text), new(goods)))
		path = refusal.Details[0].Path
	})
	if path != "/items/1400/sent" || found > 3*once+1000 {
		t.Errorf("%s: %v allocations, %v to decode it", path, found, once)
	}
}

// FuzzPointer: whatever is wrong with data, its place is in the data.
func FuzzPointer(f *testing.F) {
	for _, data := range []string{
		`{"items":[{"price":1},{"price":"x"}],"next":{"at":"x"}}`, `{"by/id":{"1":[{}],"x":[]}}`, `{"range":{"From":2,"To":1}}`,
		`{"a.b~c":{"Deep":{"k.1":{"price":[]}}}}`, `{"stock":{"":"x","\ud800":1}}`, `{"inner":"[","raw":"x"}`, `[[],{}]`, `{"any":[1e999]}`,
		`{"Owner":{"price":1},"owner":{"price":true}}`, `{"big":"x","big":1}`, ` {"at" : 1 } `, `{"pair":[1,2,"x"],"Small":-1}`,
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		refusal, wrong := errors.AsType[*ws.Error](ws.DecodeText(data, new(goods)))
		if !wrong || refusal.Code != ws.CodeInvalidPayload {
			return
		}
		if len(refusal.Details) != 1 || !resolves(data, refusal.Details[0].Path) {
			t.Errorf("%s: %+v", data, refusal.Details)
		}
	})
}

// resolves reports whether a JSON pointer leads to something in the data. It
// looks in another way than the runtime: it takes all that encoding/json finds
// there.
func resolves(data []byte, path string) bool {
	steps := strings.Split(path, "/")
	if steps[0] != "" {
		return false // a pointer is empty, or begins with a slash
	}
	here := []json.RawMessage{data} // several, where a name comes twice
	for _, step := range steps[1:] {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		var next []json.RawMessage
		for _, value := range here {
			next = append(next, children(value, step)...)
		}
		here = next
	}
	return len(here) > 0
}

// children returns the members of a name, or the element of an index.
func children(value json.RawMessage, step string) (found []json.RawMessage) {
	d := json.NewDecoder(strings.NewReader(string(value)))
	open, _ := d.Token()
	for i := 0; (open == json.Delim('{') || open == json.Delim('[')) && d.More(); i++ {
		name := strconv.Itoa(i)
		if open == json.Delim('{') {
			token, _ := d.Token()
			name, _ = token.(string)
		}
		var child json.RawMessage
		if d.Decode(&child) != nil {
			return found
		}
		if name == step {
			found = append(found, child)
		}
	}
	return found
}
