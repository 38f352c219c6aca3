package envelope

import (
	"encoding/json"
	"maps"
	"testing"
	"unicode/utf8"
)

// TestPlainStrings: what is taken for an object of strings is one, and what nearly
// every client writes is taken for it.
func TestPlainStrings(t *testing.T) {
	for text, want := range map[string]bool{
		`{}`:                             true,
		`{ }`:                            true,
		`{"a":"b"}`:                      true,
		` {"a":"b"}`:                     false, // a value begins where it begins
		"{ \"a\" : \"b\" ,\n\"c\":\"\"}": true,
		`{"é":"ü"}`:                      true,
		`{"":""}`:                        true,
		`{"a":"b","a":"c"}`:              true,
		`{"a":"\n"}`:                     false,
		`{"\u0061":"b"}`:                 false,
		`{"a":1}`:                        false,
		`{"a":null}`:                     false,
		`{"a":"b",}`:                     false,
		`{,"a":"b"}`:                     false,
		`{"a" "b"}`:                      false,
		`{"a":"b" "c":"d"}`:              false,
		`{"a":"b"}}`:                     false,
		`{"a":"b"} `:                     false,
		`{"a":"b"`:                       false,
		`{"a":"b`:                        false,
		`{"a":`:                          false,
		`{"a"`:                           false,
		`{`:                              false,
		"{\"a\":\"\x01\"}":               false,
		`[]`:                             false,
		`"a"`:                            false,
		`null`:                           false,
	} {
		got := PlainStrings([]byte(text), nil)
		if got != want {
			t.Errorf("%s: %t", text, got)
		}
		if got && !json.Valid([]byte(text)) {
			t.Errorf("%s is no JSON", text)
		}
	}
}

// FuzzPlainStrings: what is taken for an object of strings is that for encoding/json,
// too, with the same members.
func FuzzPlainStrings(f *testing.F) {
	for _, seed := range []string{`{"traceparent":"00-01"}`, `{"a":"b","c":"d"}`, `{ "a" : "é" }`, `{}`, `{"a":1}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := map[string]string{}
		if !PlainStrings(text, func(name, text []byte) { got[string(name)] = string(text) }) {
			return
		}
		var want map[string]string
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if utf8.Valid(text) && !maps.Equal(got, want) {
			t.Fatalf("%q: %q, and %q by encoding/json", text, got, want)
		}
	})
}
