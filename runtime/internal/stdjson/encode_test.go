package stdjson

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
)

// encodes returns what Encode has to return.
func encodes(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// TestEncode: an encoder that is used again writes what a new one writes, in
// memory of its own, also after a value that has no JSON.
func TestEncode(t *testing.T) {
	var kept [][]byte
	var want []string
	for _, v := range []any{1, nil, "<é\n>", []int{}, map[string]any{"b": 1, "a": nil}, strings.Repeat("x", maxPooledBytes), struct{ A string }{"a"}} {
		e := NewEncoder()
		if _, err := e.Encode(nil, math.NaN(), ""); err == nil {
			t.Error("NaN has JSON")
		}
		text, err := e.Encode(append(e.AvailableBuffer(), `{"data":`...), v, "}")
		if err != nil || e.Lent() {
			t.Errorf("%v: %v, lent %v", v, err, e.Lent())
		}
		kept, want = append(kept, text), append(want, `{"data":`+encodes(t, v)+`}`)
		e.Release()
	}
	for i := range kept {
		if string(kept[i]) != want[i] {
			t.Errorf("got  %.200s\nwant %.200s", kept[i], want[i])
		}
	}
}

// TestEncodeLent: a text that is short enough is in the encoder's memory, and
// only if that was asked for since Release.
func TestEncodeLent(t *testing.T) {
	for _, c := range []struct {
		most int
		lent bool
	}{{2, false}, {3, true}, {0, false}} {
		e := NewEncoder()
		if c.most > 0 {
			e.Lend(c.most)
		}
		text, err := e.Encode(nil, 12, "") // 2 bytes, and a newline meanwhile
		if err != nil || string(text) != "12" || e.Lent() != c.lent {
			t.Errorf("up to %d: %q %v, lent %v", c.most, text, err, e.Lent())
		}
		e.Release()
		if e.Lent() {
			t.Error("it lends after Release")
		}
	}
}
