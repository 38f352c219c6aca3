package stdjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
)

// picky refuses every text, as if it were truncated.
type picky struct{}

func (*picky) UnmarshalJSON([]byte) error { return io.ErrUnexpectedEOF }

// TestUnmarshal: a decoder that is used again returns what a new one returns,
// whatever it had before.
func TestUnmarshal(t *testing.T) {
	type target struct {
		A int            `json:"a"`
		B map[string]any `json:"b"`
		C []string       `json:"c"`
		P *picky         `json:"p"`
	}
	texts := []string{
		`{"a":1,"b":{"x":[1,2.5,null]},"c":["é","\u00e4"]}`, `{}`, `[]`, `[1]`, `1`, `"a"`, `null`, ``, ` {"a":1}`, `{"a":1} `,
		`{"a":1}{"a":2}`, `{"a":1}]`, `{"a":1`, `{"a":1]`, `{"a":"x","c":["y"]}`, `{"a":300000000000000000000}`,
		`{"b":{"x":{"y":"a string that goes on"}}`, `{"c":["a"],"p":1}`, `{"p":[}`, "{\"c\":[\"\xff\"]}", `{"a":tru}`,
		`{"c":["` + strings.Repeat("x", maxDecoded) + `"]}`, `{"c":["` + strings.Repeat("x", maxDecoded-20) + `"]}`,
	}
	for range 3 {
		for _, text := range texts {
			var got, want target
			err, wanted := Unmarshal([]byte(text), &got), json.Unmarshal([]byte(text), &want)
			if fmt.Sprintf("%T %v", err, err) != fmt.Sprintf("%T %v", wanted, wanted) || wanted == nil && !reflect.DeepEqual(got, want) {
				t.Errorf("%.60s: %v, %v; want %v, %v", text, got, err, want, wanted)
			}
			var mistyped, other *json.UnmarshalTypeError
			if errors.As(wanted, &other) && (!errors.As(err, &mistyped) || *mistyped != *other) {
				t.Errorf("%.60s: %+v, want %+v", text, mistyped, other)
			}
		}
	}
}
