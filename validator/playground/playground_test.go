package playground_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/go-playground/validator/v10"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/validator/playground"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type base struct {
	ID string `json:"id" validate:"required,max=4"`
}

// Shade is no struct: embedded, it is a member of its own name.
type Shade string

// Away is embedded by pointer, and has what is embedded in it.
type Away struct {
	Where struct {
		City string `json:"city" validate:"required"`
	} `json:"where"`
}

type line struct {
	Item string `json:"item" validate:"required"`
	N    int    `json:"n"    validate:"min=1"`
}

type order struct {
	base
	*Away
	Shade `validate:"omitempty,oneof=red green"`

	Lines  []line              `json:"lines"            validate:"dive"`
	Mail   string              `json:"e.mail[1]~/%"     validate:"omitempty,email"`
	Stock  map[string]int      `json:"stock"            validate:"dive,keys,lowercase,endkeys,gte=0"`
	Colour string              `json:"colour,omitempty" validate:"omitempty,oneof=red green"`
	Plain  *line               `validate:"omitempty"`
	Hidden string              `json:"-"                validate:"excluded_with=Plain"`
	Labels map[string]string   `json:"labels"`
	Grid   [][]line            `json:"grid" validate:"dive,dive"`
	Shelf  map[int][]*line     `json:"shelf" validate:"dive,dive"`
	Named  map[string]line     `json:"named" validate:"dive"`
	Months map[time.Month]line `json:"months" validate:"dive"`
	Days   map[time.Time]line  `json:"days" validate:"dive"`
	//lint:ignore SA5008 this is how a member is called -
	Dash   int             `json:"-," validate:"omitempty,min=3"`
	In     struct{ base }  `json:"in" validate:"structonly"`
	Nested *struct{ base } `json:"nested"`
}

// TestPaths checks that places are JSON pointers into the data, whatever a field
// is called.
func TestPaths(t *testing.T) {
	for data, want := range map[string][]ws.Detail{
		`{"id":"a","lines":[{"item":"x","n":1}]}`: nil,
		`{}`:             {{Path: "/id", Rule: "required"}},
		`{"id":"abcde"}`: {{Path: "/id", Rule: "max", Param: "4"}},
		`{"id":"a","lines":[{"item":"x","n":1},{"n":0}]}`:            {{Path: "/lines/1/item", Rule: "required"}, {Path: "/lines/1/n", Rule: "min", Param: "1"}},
		`{"id":"a","e.mail[1]~/%":"nobody"}`:                         {{Path: "/e.mail[1]~0~1%", Rule: "email"}},
		`{"id":"a","stock":{"a.b]c":-1}}`:                            {{Path: "/stock/a.b]c", Rule: "gte", Param: "0"}},
		`{"id":"a","colour":"blue"}`:                                 {{Path: "/colour", Rule: "oneof", Param: "red green"}},
		`{"id":"a","Shade":"blue"}`:                                  {{Path: "/Shade", Rule: "oneof", Param: "red green"}},
		`{"id":"a","where":{}}`:                                      {{Path: "/where/city", Rule: "required"}},
		`{"id":"a","-":1}`:                                           {{Path: "/-", Rule: "min", Param: "3"}},
		`{"id":"a","grid":[[],[{"item":"x","n":1},{"n":1}]]}`:        {{Path: "/grid/1/1/item", Rule: "required"}},
		`{"id":"a","shelf":{"-7":[null,{"n":1}]}}`:                   {{Path: "/shelf/-7/1/item", Rule: "required"}},
		`{"id":"a","named":{"x].y":{"n":1}}}`:                        {{Path: "/named/x].y/item", Rule: "required"}},
		`{"id":"a","named":{"x][y":{"n":1}}}`:                        {{Path: "/named/x][y/item", Rule: "required"}},
		`{"id":"a","named":{"":{"n":1}}}`:                            {{Path: "/named//item", Rule: "required"}},
		`{"id":"a","named":{"~/":{"n":1}}}`:                          {{Path: "/named/~0~1/item", Rule: "required"}},
		`{"id":"a","named":{"x":{"item":"x","n":1},"x].y":{"n":1}}}`: {{Path: "/named/x].y/item", Rule: "required"}},
		`{"id":"a","days":{"2026-01-02T03:04:05Z":{"n":1}}}`:         {{Path: "/days/2026-01-02T03:04:05Z/item", Rule: "required"}},
		`{"id":"a","months":{"2":{"n":1}}}`:                          {{Path: "/months/2/item", Rule: "required"}},
		`{"id":"a","nested":{"id":"abcde"}}`:                         {{Path: "/nested/id", Rule: "max", Param: "4"}},
		`{"id":"a","Plain":{"item":"x"}}`:                            {{Path: "/Plain/n", Rule: "min", Param: "1"}},
	} {
		var v order
		if err := json.Unmarshal([]byte(data), &v); err != nil {
			t.Fatal(err)
		}
		for _, of := range []any{v, &v} {
			err := playground.New(nil).Validate(of)
			got, _ := errors.AsType[ws.FieldErrors](err)
			if !slices.Equal(got, want) || (err != nil) != (want != nil) {
				t.Errorf("%s: %+v, want %+v", data, err, want)
			}
		}
	}
}

// TestNothingToValidate checks that a value without rules, as one that is no
// struct, is valid.
func TestNothingToValidate(t *testing.T) {
	for _, v := range []any{nil, 1, (*order)(nil), []order{{}}} {
		if err := playground.New(nil).Validate(v); err != nil {
			t.Errorf("%T: %v", v, err)
		}
	}
}

// TestOwnRules checks that a validator of the user's keeps its rules.
func TestOwnRules(t *testing.T) {
	v := validator.New()
	v.RegisterAlias("colour", "oneof=red green")
	type paint struct {
		Colour string `json:"c" validate:"colour"`
	}
	err := playground.New(v).Validate(paint{"blue"})
	if got, _ := errors.AsType[ws.FieldErrors](err); !slices.Equal(got, []ws.Detail{{Path: "/c", Rule: "colour", Param: "red green"}}) {
		t.Error(got)
	}
}

// TestOnTheWire checks that the place, the rule and its parameter travel. The
// refused value does not, and is not in the log either.
func TestOnTheWire(t *testing.T) {
	var logged bytes.Buffer
	server := ws.NewServer(ws.Options{
		Validator: playground.New(nil),
		Logger:    slog.New(slog.NewTextHandler(&logged, nil)),
	})
	site := httptest.NewServer(ws.NewRouter(ws.NewEndpoint(server, ws.Spec{ // generated code does this
		Gateway: "shop.Gateway", Path: "/ws",
		Handlers: []ws.Handler{{Event: "order"}},
		Lookup:   func([]byte) int { return 0 },
		Call: func(_ int, c *ws.Call) error {
			var in order
			if err := c.Decode(&in); err != nil {
				return err
			}
			return ws.Check(c, in)
		},
	})))
	defer site.Close()
	ctx := t.Context()
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(site.URL, "http")+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(data, want string) {
		t.Helper()
		if err := conn.Write(ctx, websocket.MessageText, []byte(`{"event":"order","id":1,"data":`+data+`}`)); err != nil {
			t.Fatal(err)
		}
		if _, got, err := conn.Read(ctx); err != nil || string(got) != want {
			t.Fatalf("%s %v\nwant %s", got, err, want)
		}
	}
	ask(`{"id":"secret"}`, `{"event":"error","id":1,"data":{"code":"validation_failed","message":"data is not valid","event":"order",`+
		`"details":[{"path":"/id","rule":"max","param":"4"}]}}`)
	ask(`{"id":"a"}`, `{"event":"order","id":1,"data":null}`)
	if err := conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
	if err := server.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if log := logged.String(); !strings.Contains(log, "/id max 4") || strings.Contains(log, "secret") {
		t.Error(log)
	}
}

// Page is a type whose name, as an instance, has dots and brackets.
type Page[T any] struct {
	Items []T `json:"items" validate:"dive"`
}

// TestRoots checks that the path begins in data, whatever its type is called.
func TestRoots(t *testing.T) {
	for want, v := range map[string]any{
		"/items/0/item": Page[line]{[]line{{N: 1}}},
		"/items/1/item": &Page[line]{[]line{{Item: "x", N: 1}, {N: 1}}},
		"/in/item": struct {
			In line `json:"in"`
		}{line{N: 1}},
		"/text": struct {
			Text string `json:"text" validate:"required"`
		}{},
	} {
		var faults ws.FieldErrors
		if !errors.As(playground.New(nil).Validate(v), &faults) || len(faults) != 1 || faults[0].Path != want {
			t.Errorf("%T: %+v, want %s", v, faults, want)
		}
	}
}

// counted is a key that counts how often its text is asked for.
type counted int

var asked atomic.Int64

func (c counted) String() string {
	asked.Add(1)
	return strconv.Itoa(int(c))
}

// TestManyFaults checks that the cost of a map grows with its keys, and not with
// its keys times the faulty ones. A client chooses both numbers.
func TestManyFaults(t *testing.T) {
	const n = 1000
	type room struct {
		Stock map[counted]int `json:"stock" validate:"dive,gte=0"`
	}
	in := room{map[counted]int{}}
	for i := range n {
		in.Stock[counted(i)] = -1
	}
	asked.Store(0)
	var faults ws.FieldErrors
	if !errors.As(playground.New(nil).Validate(in), &faults) || len(faults) != n {
		t.Fatalf("%d faults", len(faults))
	}
	paths := map[string]bool{}
	for _, f := range faults {
		paths[f.Path] = true
	}
	if len(paths) != n || !paths["/stock/0"] || !paths["/stock/999"] {
		t.Errorf("%d paths", len(paths))
	}
	if times := asked.Load(); times > 10*n {
		t.Errorf("%d keys were asked %d times", n, times)
	}
}

// ExampleNew shows rules in tags, and the answer to a client that breaks one.
func ExampleNew() {
	type SendMessage struct {
		Text string `json:"text" validate:"min=1,max=200"`
	}
	v := playground.New(nil)
	err := ws.Invalid(v.Validate(SendMessage{}))
	refusal, _ := errors.AsType[*ws.Error](err)
	out, _ := json.Marshal(refusal.Details)
	fmt.Println(refusal.Code, string(out))
	// Output: validation_failed [{"path":"/text","rule":"min","param":"1"}]
}
