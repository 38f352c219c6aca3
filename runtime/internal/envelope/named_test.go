package envelope_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// FuzzByName: of any data, a reader by name finds afterwards what encoding/json
// reads into a struct of the parameters before. A map has nothing else by these
// names, and the other members are still there.
func FuzzByName(f *testing.F) {
	for _, text := range []string{
		`{"room":1,"size":"a"}`, `{"ROOM":1,"room":2,"Size":null}`, `{"room":1,"rOOM":2}`, `{"größe":1,"GRÖSSE":2,"GRÖßE":3}`,
		`{"ſize":1}`, `{"\u0072oom":1,"roo\u004d":2}`, `{}`, `{ }`, ` `, `null`, `"x"`, `[{"ROOM":1}]`,
		`{"a":{"room":1},"ROOM":{"room":2}}`, `{"":1,"room":"}","ROOM":"\"{"}`, `{"x":1,"x":2,"Room":-1.5e3}`,
	} {
		f.Add([]byte(text))
	}
	params := []string{"room", "size", "größe", "Room"}
	type read struct {
		Lower json.RawMessage `json:"room"`
		Size  json.RawMessage `json:"size"`
		Other json.RawMessage `json:"größe"`
		Upper json.RawMessage `json:"Room"`
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) || text[0] <= ' ' {
			return
		}
		before := slices.Clone(text)
		got := envelope.ByName(text, params)
		if !slices.Equal(text, before) {
			t.Fatal("the data itself was changed")
		}
		if !json.Valid(got) {
			t.Fatalf("%s became %s", text, got)
		}
		if again := envelope.ByName(got, params); !slices.Equal(again, got) {
			t.Fatalf("%s became %s, and then %s", text, got, again)
		}
		var was, is read
		if json.Unmarshal(text, &was) != nil {
			if !slices.Equal(got, text) {
				t.Fatalf("%s became %s", text, got)
			}
			return
		}
		if err := json.Unmarshal(got, &is); err != nil || !reflect.DeepEqual(was, is) {
			t.Fatalf("%s became %s: %s, was %s", text, got, is, was)
		}
		var all, old map[string]json.RawMessage
		_, _ = json.Unmarshal(got, &all), json.Unmarshal(text, &old)
		for i, want := range []json.RawMessage{is.Lower, is.Size, is.Other, is.Upper} {
			if !slices.Equal(all[params[i]], want) {
				t.Fatalf("%s became %s: a map has %s, a struct %s", text, got, all[params[i]], want)
			}
			delete(all, params[i])
		}
		for name, value := range old {
			if fits := json.Unmarshal([]byte(`{`+quoted(name)+`:1}`), &was); fits != nil {
				t.Fatal(fits)
			}
			if other, ok := all[name]; ok && !slices.Equal(other, value) || !ok && !isParameter(name) {
				t.Fatalf("%s became %s: %s was lost", text, got, name)
			}
		}
	})
}

func quoted(s string) string { b, _ := json.Marshal(s); return string(b) }

// isParameter reports whether encoding/json takes a member for one of the parameters.
func isParameter(name string) bool {
	var v struct {
		A *int `json:"room"`
		B *int `json:"size"`
		C *int `json:"größe"`
		D *int `json:"Room"`
	}
	_ = json.Unmarshal([]byte(`{`+quoted(name)+`:1}`), &v)
	return v.A != nil || v.B != nil || v.C != nil || v.D != nil
}

// TestByName: a lone parameter's bare value gets its name, and data that has
// the form already costs nothing.
func TestByName(t *testing.T) {
	for _, c := range []struct{ in, out string }{
		{`"x"`, `{"größe":"x"}`}, {`null`, `null`}, {``, ``}, {`[]`, `{"größe":[]}`}, {`{}`, `{}`}, {`{"GRÖßE":1}`, `{"größe":1}`},
	} {
		if got := string(envelope.ByName([]byte(c.in), []string{"größe"})); got != c.out {
			t.Errorf("%s became %s, want %s", c.in, got, c.out)
		}
	}
	if got := string(envelope.ByName([]byte(`"x"`), []string{"a", "b"})); got != `"x"` {
		t.Errorf("of two parameters: %s", got)
	}
	many := make([]string, 70)
	for i := range many {
		many[i] = string(rune('a'+i/26)) + string(rune('a'+i%26))
	}
	last := many[69]
	if got := string(envelope.ByName([]byte(`{"`+last+`":1,"`+last+`":2}`), many)); got != `{"`+last+`":2}` {
		t.Errorf("of seventy parameters: %s", got)
	}
	plain, params := []byte(`{"room":"a","size":1,"else":[1,2]}`), []string{"room", "size"}
	if n := testing.AllocsPerRun(100, func() { envelope.ByName(plain, params) }); n != 0 {
		t.Errorf("%v allocations for data that has the form", n)
	}
}
