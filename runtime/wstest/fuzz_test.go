package wstest_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// word reads letters, and writes them in upper case.
type word string

func (w word) MarshalText() ([]byte, error) { return []byte(strings.ToUpper(string(w))), nil }

func (w *word) UnmarshalText(text []byte) error {
	if text[0] == '-' { // panics if there is none
		return errors.New("no letter")
	}
	*w = word(text)
	return nil
}

// once reads a number, and is one less each time that it is written.
type once int

func (o once) MarshalJSON() ([]byte, error) { return strconv.AppendInt(nil, int64(o)-1, 10), nil }

func (o *once) UnmarshalJSON(text []byte) (err error) {
	n, err := strconv.Atoi(string(text))
	*o = once(n)
	return err
}

// pair reads two numbers, and writes an object.
type pair struct{ A, B int }

func (p *pair) UnmarshalJSON(text []byte) error {
	var all []int
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	p.A, p.B = all[0], all[1]
	return nil
}

// lost reads what it never writes.
type lost struct {
	Kept int `json:"kept"`
	Lost int `json:"-"`
}

// whole is what wsgen generates for a handler that takes a T, with a check.
func whole[T any](check func(T) error) func(*ws.Call, func(any)) error {
	return func(c *ws.Call, decoded func(any)) error {
		var in T
		if err := c.Decode(&in); err != nil {
			return err
		}
		decoded(&in)
		return ws.Invalid(check(in))
	}
}

func fine[T any](T) error { return nil }

// TestFuzz checks what a generated fuzz test fails for, and what it does not fail
// for.
func TestFuzz(t *testing.T) {
	named := func(c *ws.Call, decoded func(any)) error {
		var in struct {
			N *int `json:"n"`
		}
		if err := c.DecodeParam(&in, &in.N); err != nil {
			return err
		}
		if in.N == nil {
			return ws.Missing("n")
		}
		decoded(map[string]any{"n": in.N})
		if err := c.Invalid("n", errors.New("whatever it is")); err == nil {
			t.Error("an error is none")
		}
		return nil
	}
	picky := func(w word) error { return errors.New("not " + string(w)) }
	never := func(*ws.Call, func(any)) error { return nil }
	refuses := 0
	again := func(c *ws.Call, decoded func(any)) error { // it takes a text once
		if refuses++; refuses > 1 {
			return errors.New("again?")
		}
		return whole(fine[int])(c, decoded)
	}
	for _, c := range []struct {
		name string
		text string
		data wstest.Fuzzed
		read func(*ws.Call, func(any)) error
		want []string // parts of the failure, none: it passes; a panic is one
	}{
		{"plain", ` {"kept":1} `, wstest.Fuzzed{Back: wstest.BackSame}, whole(fine[lost]), nil},
		{"no JSON", `{"kept"`, wstest.Fuzzed{Back: wstest.BackSame}, whole(fine[lost]), nil},
		{"more than data", `1,"data":2`, wstest.Fuzzed{Back: wstest.BackSame}, whole(fine[int]), nil},
		{"nothing", ``, wstest.Fuzzed{Back: wstest.BackSame}, whole(fine[int]), nil},
		{"refused", `"b"`, wstest.Fuzzed{Back: wstest.BackCoded}, whole(picky), nil},
		{"named", `{"N":1,"n":2}`, wstest.Fuzzed{Back: wstest.BackSame, Params: []string{"n"}}, named, nil},
		{"bare", `3`, wstest.Fuzzed{Back: wstest.BackSame, Params: []string{"n"}}, named, nil},
		{"settles", `"b"`, wstest.Fuzzed{Back: wstest.BackCoded}, whole(fine[word]), nil},
		{"one way", `[1,2]`, wstest.Fuzzed{Back: wstest.BackAny}, whole(fine[pair]), nil},
		{"one way, and it must not be", `[1,2]`, wstest.Fuzzed{Back: wstest.BackSame}, whole(fine[pair]), []string{"[1,2]", `{"A":1,"B":2}`, "does not decode"}},
		{"refused again", `1`, wstest.Fuzzed{Back: wstest.BackSame}, again, []string{"does not decode"}},
		{"never the same", `5`, wstest.Fuzzed{Back: wstest.BackCoded}, whole(fine[once]), []string{"data  5", " 4\n", " 3"}},
		{"panic of a decoder", `""`, wstest.Fuzzed{}, whole(fine[word]), []string{"index out of range"}},
		{"panic of a decoder on one way", `[1]`, wstest.Fuzzed{}, whole(fine[pair]), []string{"index out of range"}},
		{"panic of Validate", `1`, wstest.Fuzzed{}, whole(func(int) error { panic("no such number") }), []string{"no such number"}},
		{"not the gateway's", `1`, wstest.Fuzzed{}, never, []string{"run wsgen again"}},
	} {
		refuses = 0
		failed := failure(t, func(t testing.TB) {
			defer func() {
				if v := recover(); v != nil {
					t.Errorf("%v", v)
				}
			}()
			wstest.TryFuzz(t, c.text, c.data, c.read)
		})
		if len(c.want) == 0 && failed != "" {
			t.Errorf("%s: %s", c.name, failed)
		}
		if len(c.want) > 0 {
			t.Run(c.name, func(t *testing.T) { wantIn(t, failed, c.want...) })
		}
	}
}

// FuzzFuzz has Fuzz itself called as generated tests do.
func FuzzFuzz(f *testing.F) {
	wstest.Fuzz(f, wstest.Fuzzed{Back: wstest.BackSame, Seeds: []string{`{"kept":1}`, "\xff"}}, whole(fine[lost]))
}
